// Bytes of a DICOM file one after the other, inflated on the way where its transfer syntax is the deflated one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>

namespace isocenter::formats {

class ByteSource {
 public:
  explicit ByteSource(const std::filesystem::path& path);
  ~ByteSource();

  bool read(std::span<std::uint8_t> bytes);  // all of them, or false at the end
  bool skip(std::uint64_t count);
  std::uint64_t position() const { return position_; }
  std::uint64_t file_size() const { return file_size_; }
  void inflate_from_here();                // raw deflate (RFC 1951)
  void rewind_to(std::uint64_t position);  // only before inflating

 private:
  struct Inflater;
  std::ifstream stream_;
  std::uint64_t position_ = 0, file_size_ = 0;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace isocenter::formats
