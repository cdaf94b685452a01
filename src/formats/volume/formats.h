// The formats that hold one volume, each in a file of its own. `find_format` asks them in order: "do you fit?".
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "formats/volume/stored_volume.h"

namespace isocenter::formats {

struct VolumeFormat {
  std::string_view name;
  std::vector<std::string_view> extensions;  // as in ".nii.gz"; the first one is the format's own
  // `beginning`: the first bytes of the file, unpacked when it is gzip (fewer than 560 when the file is shorter).
  bool (*fits)(std::span<const std::uint8_t> beginning);
  StoredVolume (*read_header)(const std::filesystem::path& path);
  // Writes values of the stored type given in `header.voxel_type` (float32 or uint16); null when the format is only read.
  void (*write)(const std::filesystem::path& path, const imaging::Geometry& geometry, VoxelType type, std::span<const std::uint8_t> voxels);
};

extern const VolumeFormat nifti_format, mgh_format, nrrd_format, metaimage_format;

const std::vector<const VolumeFormat*>& volume_formats();  // in the order they are asked

// The format of an existing file by its bytes, whatever its name; nothing when none fits. The data half of a pair (.img, .raw) is none: see
// `header_path`.
const VolumeFormat* find_format(const std::filesystem::path& path);
// The format to write by the name's extension; nothing when none has it.
const VolumeFormat* format_to_write(const std::filesystem::path& path);
// "x.hdr" for "x.img", beside it; otherwise the path itself.
std::filesystem::path header_path(const std::filesystem::path& path);
bool has_extension(const std::filesystem::path& path, std::string_view extension);  // letter case does not matter

}  // namespace isocenter::formats
