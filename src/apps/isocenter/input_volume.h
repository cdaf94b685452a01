// A volume from what a user names: a NIfTI, MGH, NRRD or MetaImage file, a DICOM folder or file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/progress.h"
#include "formats/dicom/series.h"
#include "imaging/image.h"

namespace isocenter::apps {

struct InputVolume {
  imaging::Volume volume;
  std::optional<formats::Series> series;  // for DICOM
};

// Throws core::InputError when there is no volume or more than one; `series_uid` chooses among several.
InputVolume read_input_volume(const std::filesystem::path& path, const std::string& series_uid, const core::Progress& progress);

}  // namespace isocenter::apps
