// Which slices a report shows: those that cut the most structures near where these are largest.
#pragma once

#include <cstdint>
#include <vector>

#include "imaging/image.h"

namespace isocenter::reports {

// How large each of `values` is in each slice across `axis`: area[value][slice] in voxels.
using SliceAreas = std::vector<std::vector<std::int64_t>>;
SliceAreas slice_areas(const imaging::LabelMap& labels, const std::vector<std::uint16_t>& values, int axis);

// The best slice, and after it those that add most to what the ones before it show: a structure counts with its area in the slice as a
// share of its largest area in any slice, and in a later slice only with what exceeds its share in those chosen. At most `count`, fewer
// when nothing more is to be seen. Of equals the one nearest the middle of the structures, then the lower.
std::vector<std::int64_t> best_slices(const SliceAreas& areas, int count);

}  // namespace isocenter::reports
