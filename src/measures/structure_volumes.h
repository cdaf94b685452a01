// How large each structure of a label map is, and how left compares with right.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "imaging/image.h"

namespace isocenter::measures {

struct StructureVolume {
  std::int64_t voxels = 0;
  double volume_ml = 0;  // voxels times the voxel's volume
};
// Every label that occurs, 0 left out.
std::map<std::uint16_t, StructureVolume> structure_volumes(const imaging::LabelMap& labels);

// 200 (left - right) / (left + right): percent of the mean of both, positive when the left one is larger; nothing when both are 0.
std::optional<double> asymmetry_percent(double left, double right);

}  // namespace isocenter::measures
