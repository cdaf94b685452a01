#include "imaging/distance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/parallel.h"
#include "imaging/work_share.h"

namespace isocenter::imaging {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// Squares of the distances along x to the nearest mask voxel of the row.
void squares_along_row(const std::uint8_t* mask, std::int64_t count, double spacing, bool value, float* squares) {
  std::int64_t last = -1;
  const auto square = [&](std::int64_t steps) {
    const double d = static_cast<double>(steps) * spacing;
    return static_cast<float>(d * d);
  };
  for (std::int64_t i = 0; i < count; ++i) {
    if ((mask[i] != 0) == value) last = i;
    squares[i] = last < 0 ? infinity : square(i - last);
  }
  last = -1;
  for (std::int64_t i = count - 1; i >= 0; --i) {
    if ((mask[i] != 0) == value) last = i;
    if (last >= 0) squares[i] = std::min(squares[i], square(last - i));
  }
}

// min over m of f[m] + (spacing (n - m))^2, for every n, in place. `sites` and `borders` are scratch of count and count + 1 elements.
void lower_envelope(float* f, std::int64_t count, double spacing, std::vector<std::pair<double, double>>& sites,
                    std::vector<double>& borders) {
  sites.clear();
  borders.clear();
  for (std::int64_t m = 0; m < count; ++m) {
    if (f[m] == infinity) continue;
    const double x = static_cast<double>(m) * spacing, height = f[m];
    double border = -std::numeric_limits<double>::infinity();
    while (!sites.empty()) {
      const auto& [other_x, other_height] = sites.back();
      border = ((height + x * x) - (other_height + other_x * other_x)) / (2 * (x - other_x));
      if (border > borders.back()) break;
      sites.pop_back();
      borders.pop_back();
      border = -std::numeric_limits<double>::infinity();
    }
    sites.emplace_back(x, height);
    borders.push_back(border);
  }
  if (sites.empty()) return;
  std::size_t site = 0;
  for (std::int64_t n = 0; n < count; ++n) {
    const double x = static_cast<double>(n) * spacing;
    while (site + 1 < sites.size() && borders[site + 1] < x) ++site;
    const double d = x - sites[site].first;
    f[n] = static_cast<float>(d * d + sites[site].second);
  }
}

// Squared distances to the voxels whose mask equals `value`.
Volume squared_distance(const Mask& mask, bool value) {
  Volume result(mask.geometry);
  const auto [nx, ny, nz] = mask.geometry.size;
  float* const squares = result.voxels.data();
  core::parallel_for(
      ny * nz,
      [&, nx = nx](std::int64_t begin, std::int64_t end) {
        for (auto row = begin; row < end; ++row)
          squares_along_row(mask.voxels.data() + row * nx, nx, mask.geometry.spacing_mm[0], value, squares + row * nx);
      },
      items_a_thread(nx));
  constexpr std::int64_t lanes = 16;  // lines fetched together: neighbours share cache lines
  for (int axis = 1; axis < 3; ++axis) {
    const std::int64_t stride = axis == 1 ? nx : nx * ny, count = mask.geometry.size[axis], outer = axis == 1 ? nz : 1;
    if (count == 1) continue;
    const std::int64_t blocks = (stride + lanes - 1) / lanes;
    core::parallel_for(
        outer * blocks,
        [&](std::int64_t begin, std::int64_t end) {
          std::vector<float> lines(lanes * count);
          std::vector<std::pair<double, double>> sites;
          std::vector<double> borders;
          for (auto job = begin; job < end; ++job) {
            const auto first = job % blocks * lanes, width = std::min(lanes, stride - first);
            float* base = squares + job / blocks * stride * count + first;
            for (std::int64_t n = 0; n < count; ++n)
              for (std::int64_t w = 0; w < width; ++w) lines[w * count + n] = base[n * stride + w];
            for (std::int64_t w = 0; w < width; ++w)
              lower_envelope(lines.data() + w * count, count, mask.geometry.spacing_mm[axis], sites, borders);
            for (std::int64_t n = 0; n < count; ++n)
              for (std::int64_t w = 0; w < width; ++w) base[n * stride + w] = lines[w * count + n];
          }
        },
        items_a_thread(count * lanes));
  }
  return result;
}

}  // namespace

Volume distance_to(const Mask& mask) {
  Volume result = squared_distance(mask, true);
  for (auto& value : result.voxels) value = std::sqrt(value);
  return result;
}

Volume signed_distance(const Mask& mask) {
  Volume result = squared_distance(mask, true);
  const Volume inside = squared_distance(mask, false);
  for (std::size_t i = 0; i < result.voxels.size(); ++i)
    result.voxels[i] = mask.voxels[i] != 0 ? -std::sqrt(inside.voxels[i]) : std::sqrt(result.voxels[i]);
  return result;
}

}  // namespace isocenter::imaging
