#include "formats/volume/describe.h"

#include <algorithm>
#include <cmath>

namespace isocenter::formats {

VolumeDescription describe_file(const std::filesystem::path& path) {
  VolumeDescription description;
  description.header = read_volume_header(path);
  description.orientation = imaging::orientation_code(description.header.geometry);
  description.orientation_known = !description.header.text.contains("orientation");
  const imaging::Volume volume = read_volume(path, 0, NonFinite::keep);
  double sum = 0;
  std::int64_t finite = 0;
  for (float value : volume.voxels) {
    if (!std::isfinite(value)) {
      ++description.not_finite;
      continue;
    }
    description.minimum = finite == 0 ? value : std::min<double>(description.minimum, value);
    description.maximum = finite == 0 ? value : std::max<double>(description.maximum, value);
    sum += value;
    ++finite;
  }
  if (finite > 0) description.mean = sum / static_cast<double>(finite);
  return description;
}

void convert_volume(const std::filesystem::path& input, const std::filesystem::path& output, std::int64_t channel) {
  const imaging::Volume volume = read_volume(input, channel, NonFinite::keep);
  const bool whole = std::all_of(volume.voxels.begin(), volume.voxels.end(),
                                 [](float value) { return value >= 0 && value <= 65535 && value == std::floor(value); });
  if (!whole) {
    write_volume(output, volume);
    return;
  }
  imaging::LabelMap labels;
  labels.geometry = volume.geometry;
  labels.voxels.assign(volume.voxels.begin(), volume.voxels.end());
  write_label_map(output, labels);
}

}  // namespace isocenter::formats
