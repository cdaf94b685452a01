// A file's bytes in order, unpacked on the way when they are gzip or zlib (RFC 1950 to 1952; several gzip members follow each other as
// one).
//
//   ByteStream stream(path);                      // gzip is recognised by its bytes, not by the name
//   stream.read(header);                          // throws core::InputError when the file ends before
//   if (needed > stream.most_bytes()) ...         // what the file can hold at most: ask before taking memory
//
// Errors name the file: missing, a folder, ends early, damaged compression, wrong checksum.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace isocenter::formats {

class ByteStream {
 public:
  enum class Packing { by_magic, none, deflate };

  explicit ByteStream(const std::filesystem::path& path, Packing packing = Packing::by_magic, std::uint64_t file_offset = 0);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  bool packed() const { return inflater_ != nullptr; }
  // An upper bound of all the bytes from the beginning of the stream: deflate never grows data by more than 1032 times.
  std::uint64_t most_bytes() const;

  std::size_t read_some(std::span<std::uint8_t> bytes);  // fewer than asked only at the end
  void read(std::span<std::uint8_t> bytes);
  void skip(std::uint64_t count);
  // Goes to the end of packed data, so that its checksum is verified; gives up quietly after 64 MB of data nobody asked for.
  void finish();

 private:
  struct Inflater;
  std::size_t read_file(std::span<std::uint8_t> bytes);
  std::size_t read_packed(std::span<std::uint8_t> bytes);

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::unique_ptr<Inflater> inflater_;
  std::uint64_t bytes_in_file_ = 0;
};

// Packed at level 1 (fast) to 9 (small): gzip of one member, or zlib.
enum class Wrapper { gzip, zlib };
std::vector<std::uint8_t> pack(std::span<const std::uint8_t> bytes, Wrapper wrapper = Wrapper::gzip, int level = 6);

}  // namespace isocenter::formats
