// Flat pictures of volumes: images whose third size is 1, with their place in the patient.
#pragma once

#include "imaging/image.h"

namespace isocenter::imaging {

// The voxels with index `position` along `axis`; x and y of the result are the remaining axes in order. Throws core::InputError when there
// is no such position.
Volume slice(const Volume& volume, int axis, std::int64_t position);
LabelMap slice(const LabelMap& labels, int axis, std::int64_t position);
Mask slice(const Mask& mask, int axis, std::int64_t position);

enum class Plane { axial, coronal, sagittal };

// A grid of square pixels through the point, covering `volume`, for resample() and resample_labels(); seen as radiologists do. Axial and
// coronal: the patient's left is on the right; sagittal: the front is on the left. Rows run down: to the back (axial) or to the feet.
//
//   resample(volume, display_grid(volume.geometry, Plane::coronal, centre_mm, 1.0))
Geometry display_grid(const Geometry& volume, Plane plane, const Vector3& point_lps_mm, double pixel_mm);

}  // namespace isocenter::imaging
