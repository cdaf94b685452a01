// From one grid to another, by the positions in the patient. A target voxel whose centre lies in no source voxel gets `outside`; within the
// outer half of the border voxels the border's value goes on.
//
// `cubic` is the interpolating cubic B-spline (bspline.h): it needs finite values and may overshoot at edges.
#pragma once

#include "imaging/image.h"

namespace isocenter::imaging {

enum class Interpolation { nearest, linear, cubic };

Volume resample(const Volume& source, const Geometry& target, Interpolation interpolation = Interpolation::linear, float outside = 0);
LabelMap resample_labels(const LabelMap& source, const Geometry& target, std::uint16_t outside = 0);  // nearest
Mask resample_mask(const Mask& source, const Geometry& target);                                       // nearest, outside is 0

// As `resample`, averaging over the target voxel's extent where it is larger than the source voxel (no aliasing when shrinking): the linear
// interpolant's mean over the extent when the axes agree up to order and sign; otherwise a box of the extent's size along the source's
// axes, then linear interpolation.
Volume resample_smoothed(const Volume& source, const Geometry& target, float outside = 0);

// Axes permuted and flipped, no interpolation. Throws core::InputError when `code` is none.
Volume reorient(const Volume& source, const std::string& code);
LabelMap reorient(const LabelMap& source, const std::string& code);
Mask reorient(const Mask& source, const std::string& code);
Geometry reorient(const Geometry& source, const std::string& code);

// A grid of the given spacing and orientation "LPS" (axis-aligned) that covers `source` entirely, centred on it.
Geometry grid_covering(const Geometry& source, const Vector3& spacing_mm);

}  // namespace isocenter::imaging
