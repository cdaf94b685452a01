// Smoothing, axis by axis. Beyond the border the border's values go on.
#pragma once

#include "imaging/image.h"

namespace isocenter::imaging {

// Gaussian of the given standard deviation along each axis of the image; 0 leaves an axis as it is. The kernel ends at four deviations and
// sums to 1.
Volume gaussian_blur_voxels(const Volume& source, const Vector3& sigma_voxels);
Volume gaussian_blur_mm(const Volume& source, double sigma_mm);

}  // namespace isocenter::imaging
