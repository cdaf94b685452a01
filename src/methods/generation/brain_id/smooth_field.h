// A smooth random field on a grid: normal values on a coarse grid, expanded by cubic B-splines (never overshoots, two continuous
// derivatives).
#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "imaging/geometry.h"

namespace isocenter::methods::brain_id {

// `cells` coarse cells an axis (at least 1). `deviation` is that of the coarse values; the field, which averages them, has about a third of
// it. x fastest, one value a voxel of `size`.
std::vector<float> smooth_field(const imaging::Index3& size, const imaging::Index3& cells, double deviation, core::Random& random);

}  // namespace isocenter::methods::brain_id
