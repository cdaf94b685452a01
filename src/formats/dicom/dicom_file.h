// One DICOM file as values: elements by tag, text in UTF-8, frames as bytes. This is the wall behind which DCMTK reads.
//
//   DicomFile file(path);
//   file.data().text(tag::modality);           // "MR"
//   file.data().numbers(tag::pixel_spacing);   // {0.69, 0.69}
//
// Pixel data stays on disk until a frame is asked for, so that opening a file costs its header. An absent, empty or unreadable value is not
// an error here: it is an empty string or nothing. A DicomFile and its datasets belong to one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/dicom/pixel_format.h"
#include "formats/dicom/tag.h"

namespace isocenter::formats {

// A dataset, or an item of a sequence. A view: valid while its DicomFile lives.
class Dataset {
 public:
  bool has(Tag tag) const;                          // there, with a value
  std::string text(Tag tag) const;                  // all values, separated by '\'; UTF-8, padding removed
  std::string text(Tag tag, unsigned index) const;  // one value
  std::optional<double> number(Tag tag, unsigned index = 0) const;
  std::optional<std::int64_t> integer(Tag tag, unsigned index = 0) const;
  std::vector<double> numbers(Tag tag) const;      // all values, or none where one is no number
  std::vector<std::uint8_t> bytes(Tag tag) const;  // of an element of VR OB, OW or UN
  std::vector<Dataset> items(Tag tag) const;       // of a sequence
  Dataset item(Tag tag) const;                     // the first one, or an empty dataset
  bool empty() const { return item_ == nullptr; }

  // Public, plain attributes of at most `longest` bytes, by keyword.
  std::map<std::string, std::string> by_keyword(std::size_t longest) const;

 private:
  friend class DicomFile;
  void* item_ = nullptr;  // what DCMTK calls DcmItem
};

class DicomFile {
 public:
  // Throws core::InputError where the file is not DICOM or is damaged.
  explicit DicomFile(const std::filesystem::path& path);
  ~DicomFile();
  DicomFile(DicomFile&&) noexcept;
  DicomFile& operator=(DicomFile&&) noexcept;

  const std::filesystem::path& path() const { return path_; }
  const Dataset& data() const { return data_; }
  const std::string& transfer_syntax() const { return transfer_syntax_; }  // UID
  // What was wrong with the file, when the elements before the fault could still be read; empty for a whole file.
  const std::string& damage() const { return damage_; }

  // One frame (from 0), decoded: samples of bits_allocated bits, little endian, unused bits as stored.
  std::vector<std::uint8_t> frame_bytes(int frame, const PixelFormat& format) const;
  // All of the pixel data of a native (not encapsulated) file; for 1-bit data, whose frames do not start at bytes.
  std::vector<std::uint8_t> native_pixel_bytes() const;
  bool encapsulated() const;
  bool is_media_directory() const;         // a DICOMDIR
  std::int64_t pixel_data_length() const;  // of native pixel data, in bytes; 0 where there is none or it is encapsulated

  // As the constructor, but a file that breaks off is opened as far as it goes, and says so in damage().
  static DicomFile open_damaged(const std::filesystem::path& path);

 private:
  DicomFile() = default;
  void load(const std::filesystem::path& path);
  std::vector<std::uint8_t> codestream(int frame, const PixelFormat& format) const;
  std::vector<std::uint8_t> jpeg2000_frame(int frame, const PixelFormat& format) const;
  std::vector<std::uint8_t> jpeg_frame(int frame, const PixelFormat& format) const;
  std::vector<std::uint8_t> floating_frame(int frame, const PixelFormat& format) const;

  struct State;
  std::unique_ptr<State> state_;
  std::filesystem::path path_;
  Dataset data_;
  std::string transfer_syntax_, damage_;
};

// Whether the file says it is DICOM: the four letters after the preamble, or a dataset without them that begins as one does.
bool is_dicom_file(const std::filesystem::path& path);

}  // namespace isocenter::formats
