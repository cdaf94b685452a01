#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "core/parallel.h"
#include "imaging/affine.h"
#include "imaging/axis_map.h"
#include "imaging/resample.h"
#include "imaging/work_share.h"

namespace isocenter::imaging {
namespace {

// For each source axis the target axis that alone moves along it, when the grids' axes agree up to order and sign.
std::optional<std::array<int, 3>> matching_axes(const Affine& map, const Index3& target_size) {
  std::array<int, 3> target_of{-1, -1, -1};
  bool used[3] = {};
  for (int a = 0; a < 3; ++a) {
    int best = 0;
    for (int b = 1; b < 3; ++b)
      if (std::abs(map.linear[a][b]) > std::abs(map.linear[a][best])) best = b;
    for (int b = 0; b < 3; ++b)  // the others may move the position by a thousandth of a voxel over the whole grid
      if (b != best && std::abs(map.linear[a][b]) * static_cast<double>(target_size[b]) > 1e-3) return {};
    if (used[best]) return {};
    used[best] = true;
    target_of[a] = best;
  }
  return target_of;
}

Volume separable(const Volume& source, const Geometry& target, const Affine& map, const std::array<int, 3>& target_of, float outside) {
  std::vector<float> values = source.voxels;
  Index3 size = source.geometry.size;
  std::array<std::vector<char>, 3> inside;  // by source axis: target samples within the source's extent
  // Shrinking axes first: less work for those that follow.
  std::array<int, 3> order{0, 1, 2};
  const auto growth = [&](int a) { return static_cast<double>(target.size[target_of[a]]) / static_cast<double>(source.geometry.size[a]); };
  std::sort(order.begin(), order.end(), [&](int a, int b) { return growth(a) < growth(b); });
  for (const int a : order) {
    const int b = target_of[a];
    const double step = map.linear[a][b], position = map.offset[a];
    const std::int64_t inputs = source.geometry.size[a], outputs = target.size[b];
    const double width = std::abs(step) > 1 + 1e-6 ? std::abs(step) : 0;
    for (std::int64_t m = 0; m < outputs; ++m) {
      const double x = position + static_cast<double>(m) * step;
      inside[a].push_back(x >= -0.5 - 1e-6 && x <= static_cast<double>(inputs) - 0.5 + 1e-6);
    }
    values = apply_along(values, size, a, box_average_map(inputs, outputs, position, step, width));
    size[a] = outputs;
  }
  Volume result(target, outside);
  Index3 stride;  // of the mapped values, by target axis
  std::array<const char*, 3> valid;
  const Index3 value_stride{1, size[0], size[0] * size[1]};
  for (int a = 0; a < 3; ++a) stride[target_of[a]] = value_stride[a], valid[target_of[a]] = inside[a].data();
  core::parallel_for(
      target.size[2],
      [&](std::int64_t begin, std::int64_t end) {
        for (auto k = begin; k < end; ++k)
          for (std::int64_t j = 0; j < target.size[1]; ++j) {
            if (!valid[2][k] || !valid[1][j]) continue;
            float* out = result.voxels.data() + target.offset(0, j, k);
            const float* in = values.data() + k * stride[2] + j * stride[1];
            for (std::int64_t i = 0; i < target.size[0]; ++i)
              if (valid[0][i]) out[i] = in[i * stride[0]];
          }
      },
      items_a_thread(target.size[0] * target.size[1]));
  return result;
}

}  // namespace

Volume resample_smoothed(const Volume& source, const Geometry& target, float outside) {
  if (const auto fault = problem(target); !fault.empty()) throw core::InputError("cannot resample to this grid: {}", fault);
  if (const auto fault = problem(source.geometry); !fault.empty()) throw core::InputError("cannot resample from this grid: {}", fault);
  const Affine map = index_to_index(target, source.geometry);
  if (const auto target_of = matching_axes(map, target.size)) return separable(source, target, map, *target_of, outside);
  Volume smooth = source;
  for (int a = 0; a < 3; ++a) {
    // The box along this axis that has the variance of the target voxel's extent along it.
    double square = 0;
    for (int b = 0; b < 3; ++b) square += map.linear[a][b] * map.linear[a][b];
    const double width = std::sqrt(square);
    if (width <= 1 + 1e-6) continue;
    const auto samples = source.geometry.size[a];
    smooth.voxels = apply_along(smooth.voxels, source.geometry.size, a, box_average_map(samples, samples, 0, 1, width));
  }
  return resample(smooth, target, Interpolation::linear, outside);
}

}  // namespace isocenter::imaging
