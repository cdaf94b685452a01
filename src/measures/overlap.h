// Overlap of label maps on the same grid.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "imaging/image.h"

namespace isocenter::measures {

struct LabelCounts {
  std::int64_t prediction = 0, reference = 0, both = 0;  // voxels
};
// Every label that occurs in either map, 0 left out. Throws core::InputError when the grids differ.
std::map<std::uint16_t, LabelCounts> count_labels(const imaging::LabelMap& prediction, const imaging::LabelMap& reference);

// 2 |A and B| / (|A| + |B|); nothing when both are empty.
std::optional<double> dice(const LabelCounts& counts);

}  // namespace isocenter::measures
