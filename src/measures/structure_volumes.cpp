#include "measures/structure_volumes.h"

#include <vector>

namespace isocenter::measures {

std::map<std::uint16_t, StructureVolume> structure_volumes(const imaging::LabelMap& labels) {
  std::vector<std::int64_t> counts(65536, 0);
  for (std::uint16_t label : labels.voxels) ++counts[label];
  const double voxel_ml = labels.geometry.voxel_volume_mm3() / 1000;
  std::map<std::uint16_t, StructureVolume> volumes;
  for (std::size_t label = 1; label < counts.size(); ++label)
    if (counts[label] > 0) volumes[static_cast<std::uint16_t>(label)] = {counts[label], static_cast<double>(counts[label]) * voxel_ml};
  return volumes;
}

std::optional<double> asymmetry_percent(double left, double right) {
  if (left + right == 0) return std::nullopt;
  return 200 * (left - right) / (left + right);
}

}  // namespace isocenter::measures
