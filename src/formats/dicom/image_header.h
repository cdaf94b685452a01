// What one DICOM file says about the slices it holds: one for a plain image, one a frame for multi-frame objects with functional groups
// (PS3.3 C.7.6.16).
#pragma once

#include <string>
#include <vector>

#include "formats/dicom/dicom_file.h"
#include "formats/dicom/stacks.h"

namespace isocenter::formats {

// One slice a frame. `refusal` is set when the object holds no slices a volume could be made of ("a structured report, not an image"); the
// slices then only name the file.
struct ImageHeader {
  std::string series_uid, study_uid;
  std::vector<SliceHeader> slices;
  std::string refusal;
};
ImageHeader image_header(const DicomFile& file);

// Patient, study and series as the file has them; acquisition as that frame (0 in a plain image, from 1 in others) has it.
Series series_of(const DicomFile& file, int frame);

// What kind of object a SOP class is, when it is no image: "a structured report"; empty for images.
std::string kind_without_slices(const std::string& sop_class_uid);

// A frame's own functional group, or the shared one.
class FunctionalGroups {
 public:
  explicit FunctionalGroups(const Dataset& data);
  bool per_frame(int frames) const { return static_cast<int>(own_.size()) == frames; }
  Dataset macro(int frame, Tag sequence) const;  // frame from 0

 private:
  Dataset shared_;
  std::vector<Dataset> own_;
};

}  // namespace isocenter::formats
