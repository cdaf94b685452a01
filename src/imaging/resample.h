// From one grid to another, by the positions in the patient. Outside of the source the value is `outside`.
#pragma once

#include "imaging/image.h"

namespace isocenter::imaging {

enum class Interpolation { nearest, linear, cubic };

Volume resample(const Volume& source, const Geometry& target, Interpolation interpolation = Interpolation::linear, float outside = 0);
LabelMap resample_labels(const LabelMap& source, const Geometry& target, std::uint16_t outside = 0);  // nearest

// As `resample`, averaging over the target voxel's extent where it is larger than the source voxel (no aliasing when shrinking).
Volume resample_smoothed(const Volume& source, const Geometry& target, float outside = 0);

// Axes permuted and flipped, no interpolation.
Volume reorient(const Volume& source, const std::string& code);
LabelMap reorient(const LabelMap& source, const std::string& code);

// A grid of the given spacing and orientation "LPS" (axis-aligned) that covers `source` entirely, centred on it.
Geometry grid_covering(const Geometry& source, const Vector3& spacing_mm);

}  // namespace isocenter::imaging
