// Volumes in files that hold one volume: NIfTI-1/2 (.nii, .nii.gz, .hdr/.img), MGH (.mgh, .mgz), NRRD (.nrrd, .nhdr), MetaImage (.mha,
// .mhd).
//
// The stored slope and intercept are applied. Throws core::InputError naming the file and the fault: broken header, sizes that the file
// cannot hold (checked before any memory is taken), spacing that is zero, negative or not finite, a singular orientation, values that are
// not finite.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "imaging/image.h"

namespace isocenter::formats {

struct VolumeHeader {
  std::string format;      // "NIfTI-1", "MGH", ...
  std::string voxel_type;  // "int16", ...
  imaging::Geometry geometry;
  std::int64_t channels = 1;                // time points or components
  std::map<std::string, std::string> text;  // what else the header says ("description", "units" ...)
};

// What becomes of NaN and infinity among the voxels.
enum class NonFinite { refuse, keep };

bool is_volume_file(const std::filesystem::path& path);  // by extension and magic
VolumeHeader read_volume_header(const std::filesystem::path& path);
imaging::Volume read_volume(const std::filesystem::path& path, std::int64_t channel = 0, NonFinite non_finite = NonFinite::refuse);
imaging::LabelMap read_label_map(const std::filesystem::path& path);  // refuses fractions, negatives, values above 65535

// Written as NIfTI-1 (.nii or .nii.gz by the extension), NRRD or MetaImage; float32 or uint16.
void write_volume(const std::filesystem::path& path, const imaging::Volume& volume);
void write_label_map(const std::filesystem::path& path, const imaging::LabelMap& labels);

}  // namespace isocenter::formats
