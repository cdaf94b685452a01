// Outlines of a label in a flat image, along the edges of its pixels: what a figure draws over a slice.
#pragma once

#include <array>
#include <vector>

#include "imaging/image.h"

namespace isocenter::imaging {

// Closed: the last point leads to the first. Corners only, in continuous pixel indices: pixel (i, j) spans i - 0.5 to i + 0.5. The label
// lies to the right of the way when y runs down, so that an outer outline has a positive `signed_area` and a hole a negative one.
struct Outline {
  std::vector<std::array<double, 2>> points;
};

// All outlines of the pixels that equal `label` in an image of size[2] == 1 (see slice.h). Pixels that touch only at a corner are apart.
std::vector<Outline> outlines(const LabelMap& flat, std::uint16_t label);

double signed_area(const Outline& outline);  // in pixels; the areas of all outlines of a label sum to its number of pixels

}  // namespace isocenter::imaging
