// The borders of a region in a slice, as closed lines for drawing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace isocenter::reports {

struct PlanePoint {
  double u = 0, v = 0;  // in pixels; pixel (0, 0) has its centre at (0, 0)
};
using ClosedLine = std::vector<PlanePoint>;  // the last point is joined to the first

// Marching squares at one half on a mask of 0 and 1 (u fastest): the lines pass midway between the centres of inside and outside pixels and
// run with the inside on their right where u points right and v down. Pixels that touch only at a corner are kept apart.
std::vector<ClosedLine> outlines(std::span<const std::uint8_t> mask, std::int64_t width, std::int64_t height);

// The mask with `times_u` and `times_v` times the pixels a step, so that pixel (u, v) becomes (times_u * u, times_v * v): between two thick
// slices the border runs from where it is in one to where it is in the other (signed distances along the slice, interpolated); where the
// structure is in one of them only, it closes halfway.
struct FineMask {
  std::vector<std::uint8_t> pixels;
  std::int64_t width = 0, height = 0;
};
FineMask interpolated(std::span<const std::uint8_t> mask, std::int64_t width, std::int64_t height, int times_u, int times_v);

// Corners cut `times` times at a quarter and three quarters of each side (Chaikin 1974): a smooth line that strays from the first by no
// more than a quarter of a pixel.
ClosedLine smoothed(const ClosedLine& line, int times);

}  // namespace isocenter::reports
