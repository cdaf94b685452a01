// A DICOM object made element by element and written as a file. This is the wall behind which DCMTK writes.
//
//   DicomBuilder object("1.2.840.10008.5.1.4.1.1.66.4", uid);
//   auto root = object.root();
//   root.text(tag::modality, "SEG");
//   auto segment = root.add_item(tag::segment_sequence);
//   segment.code(tag::segmented_property_type_code_sequence, {"5251007", "SCT", "Hippocampus"});
//   object.write(path);
//
// The data dictionary gives each tag its value representation; values that do not fit it are a std::logic_error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "formats/dicom/objects.h"
#include "formats/dicom/tag.h"

namespace isocenter::formats {

class ItemBuilder {
 public:
  void text(Tag tag, const std::string& value);  // several values separated by '\'; an empty one stands as an empty element
  void number(Tag tag, double value);            // DS (at most 16 characters), FD
  void numbers(Tag tag, std::span<const double> values);
  void integer(Tag tag, std::int64_t value);  // US, UL, IS
  void integers(Tag tag, std::span<const std::int64_t> values);
  void pointer(Tag tag, Tag value);  // AT
  void bytes(Tag tag, std::span<const std::uint8_t> values);
  ItemBuilder add_item(Tag sequence);  // at the end of the sequence, which is made when it is not there
  void empty_sequence(Tag sequence);
  void code(Tag sequence, const DicomCode& code);  // one code item (PS3.3 table 8.8-1)

 private:
  friend class DicomBuilder;
  void* item_ = nullptr;  // what DCMTK calls DcmItem
};

class DicomBuilder {
 public:
  DicomBuilder(const std::string& sop_class_uid, const std::string& sop_instance_uid);
  ~DicomBuilder();
  DicomBuilder(const DicomBuilder&) = delete;
  DicomBuilder& operator=(const DicomBuilder&) = delete;

  ItemBuilder root();
  // Explicit VR little endian, text in UTF-8 where it is not plain ASCII; appears whole or not at all. Throws core::ResourceError where the
  // disk is the fault.
  void write(const std::filesystem::path& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The first `most` characters of UTF-8 text, for value representations with a limit (LO 64, SH 16); '\' becomes '/'.
std::string limited(const std::string& text, std::size_t most);

// A number as a decimal string of at most 16 characters (PS3.5 6.2, DS), as near as that allows.
std::string decimal_string(double value);

}  // namespace isocenter::formats
