// Measures compare voxel with voxel, so both images must lie on the same grid.
#pragma once

#include <string>

#include "imaging/geometry.h"

namespace isocenter::measures {

// Throws core::InputError saying which axis differs and by how much: "prediction and reference differ: spacing along axis z is 2.5 against
// 3 mm".
void require_same_grid(const imaging::Geometry& prediction, const imaging::Geometry& reference,
                       const std::string& prediction_name = "prediction", const std::string& reference_name = "reference");

}  // namespace isocenter::measures
