// Masks grown, shrunk and mended. Radii are millimetres between voxel centres, so that the ball is a ball on any spacing.
//
// The border of the image is no edge: what lies beyond it neither grows in nor eats away.
#pragma once

#include "imaging/components.h"
#include "imaging/image.h"

namespace isocenter::imaging {

Mask dilate(const Mask& mask, double radius_mm);
Mask erode(const Mask& mask, double radius_mm);
Mask open(const Mask& mask, double radius_mm);   // eroded, then dilated: thin parts vanish
Mask close(const Mask& mask, double radius_mm);  // dilated, then eroded: narrow gaps fill

// Sets background that cannot reach the border of the image through background neighbours.
Mask fill_holes(const Mask& mask, Connectivity background = Connectivity::faces);

}  // namespace isocenter::imaging
