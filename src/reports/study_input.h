// What was given to `isocenter report`: DICOM series, or volume files taken as series of their own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/progress.h"
#include "formats/dicom/series.h"
#include "imaging/image.h"

namespace isocenter::reports {

struct StudyInput {
  bool from_dicom = true;
  std::vector<formats::Series> series;  // of volume files: description is the file's name, modality is empty until a model is chosen
  std::vector<std::filesystem::path> volume_files;           // one a series, when not from DICOM
  std::vector<std::pair<std::string, std::string>> damaged;  // file and reason
  std::string shown;                                         // the input as messages name it
};

// Throws core::InputError when a path does not exist, when nothing in it is an image, and when what there is has several patients or
// studies (naming them): a report is of one.
StudyInput read_study(const std::vector<std::filesystem::path>& inputs, const core::Progress& progress = core::no_progress());

imaging::Volume read_volume_of(const StudyInput& study, std::size_t series, const core::Progress& progress);

// Volume files under a folder (or the file itself), sorted by name.
std::vector<std::filesystem::path> volume_files_under(const std::filesystem::path& path);

// Names that are of results, not of images: "..._seg.nii.gz", "labels.nii.gz", "mask.nii".
bool looks_like_label_map(const std::filesystem::path& file);

// Patient ID and name for a message: "A-17 (Jane Doe)".
std::string shown_patient(const formats::Patient& patient);

}  // namespace isocenter::reports
