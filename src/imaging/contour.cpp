#include "imaging/contour.h"

#include <stdexcept>

namespace isocenter::imaging {

std::vector<Outline> outlines(const LabelMap& flat, std::uint16_t label) {
  if (flat.geometry.size[2] != 1) throw std::logic_error("outlines: the image is not flat");
  const auto width = flat.geometry.size[0], height = flat.geometry.size[1];
  const auto set = [&](std::int64_t i, std::int64_t j) {
    return i >= 0 && j >= 0 && i < width && j < height && flat.voxels[i + j * width] == label;
  };
  // The way from pixel corner (x, y), the upper left one of pixel (x, y), in direction d: 0 right, 1 down, 2 left, 3 up. It is part of an
  // outline when the pixel to its right is set and the one to its left is not.
  constexpr int step[4][2] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
  constexpr int right_pixel[4][2] = {{0, 0}, {-1, 0}, {-1, -1}, {0, -1}};
  const auto is_edge = [&](std::int64_t x, std::int64_t y, int d) {
    const int left = (d + 3) % 4;  // the pixel to the left of d is the one to the right of the way that turns left
    return set(x + right_pixel[d][0], y + right_pixel[d][1]) && !set(x + right_pixel[left][0], y + right_pixel[left][1]);
  };
  std::vector<char> walked((width + 1) * (height + 1), 0);  // rightward edges, of which every outline has one
  std::vector<Outline> result;
  for (std::int64_t y0 = 0; y0 <= height; ++y0)
    for (std::int64_t x0 = 0; x0 <= width; ++x0) {
      if (walked[x0 + y0 * (width + 1)] || !is_edge(x0, y0, 0)) continue;
      Outline outline;
      std::int64_t x = x0, y = y0;
      int direction = 0;
      do {
        if (direction == 0) walked[x + y * (width + 1)] = 1;
        x += step[direction][0];
        y += step[direction][1];
        // Turning right first keeps to the same pixel where two touch at a corner.
        int next = (direction + 1) % 4;
        if (!is_edge(x, y, next)) next = is_edge(x, y, direction) ? direction : (direction + 3) % 4;
        if (next != direction) outline.points.push_back({static_cast<double>(x) - 0.5, static_cast<double>(y) - 0.5});
        direction = next;
      } while (x != x0 || y != y0 || direction != 0);
      result.push_back(std::move(outline));
    }
  return result;
}

double signed_area(const Outline& outline) {
  double twice = 0;
  for (std::size_t n = 0; n < outline.points.size(); ++n) {
    const auto &a = outline.points[n], &b = outline.points[(n + 1) % outline.points.size()];
    twice += a[0] * b[1] - b[0] * a[1];
  }
  return twice / 2;
}

}  // namespace isocenter::imaging
