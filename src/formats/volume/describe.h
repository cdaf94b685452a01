// What is in a volume file, and from one format to another: what `isocenter info` and `isocenter convert` stand on.
#pragma once

#include <filesystem>

#include "formats/volume/volume_file.h"

namespace isocenter::formats {

struct VolumeDescription {
  VolumeHeader header;
  std::string orientation;  // "LPS", "RAS" ...; where indices grow to
  bool orientation_known = true;
  // Of the first channel, values not finite left out; zeros when there are no others.
  double minimum = 0, maximum = 0, mean = 0;
  std::int64_t not_finite = 0;
};

// Throws core::InputError as read_volume does, save that values not finite are counted instead.
VolumeDescription describe_file(const std::filesystem::path& path);

// Writes `input` (all of its geometry, one channel) in the format of the output's name: as uint16 where every value is a whole number from
// 0 to 65535, as float32 otherwise. Values not finite are kept.
void convert_volume(const std::filesystem::path& input, const std::filesystem::path& output, std::int64_t channel = 0);

}  // namespace isocenter::formats
