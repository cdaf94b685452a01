#include "imaging/axis_map.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/parallel.h"
#include "imaging/work_share.h"

namespace isocenter::imaging {
namespace {

// The integral of the unit hat max(0, 1 - |x|) from minus infinity to x.
double hat_integral(double x) {
  if (x <= -1) return 0;
  if (x >= 1) return 1;
  return x < 0 ? 0.5 * (1 + x) * (1 + x) : 1 - 0.5 * (1 - x) * (1 - x);
}

}  // namespace

void AxisMap::add_output(std::int64_t index, const std::vector<double>& weights_of_inputs) {
  if (start.empty()) start.push_back(0);
  const auto count = static_cast<std::int64_t>(weights_of_inputs.size());
  const auto low = std::clamp<std::int64_t>(index, 0, inputs - 1), high = std::clamp<std::int64_t>(index + count - 1, 0, inputs - 1);
  const auto base = weights.size();
  weights.resize(base + high - low + 1, 0);
  for (std::int64_t n = 0; n < count; ++n)
    weights[base + std::clamp<std::int64_t>(index + n, low, high) - low] += static_cast<float>(weights_of_inputs[n]);
  first.push_back(static_cast<std::int32_t>(low));
  start.push_back(static_cast<std::int32_t>(weights.size()));
}

AxisMap box_average_map(std::int64_t inputs, std::int64_t outputs, double position, double step, double width) {
  AxisMap map;
  map.inputs = inputs;
  std::vector<double> weights;
  for (std::int64_t m = 0; m < outputs; ++m) {
    const double centre = position + static_cast<double>(m) * step;
    if (width < 1e-6) {
      const double below = std::floor(centre);
      map.add_output(static_cast<std::int64_t>(below), {1 - (centre - below), centre - below});
      continue;
    }
    const auto low = static_cast<std::int64_t>(std::floor(centre - width / 2)),
               high = static_cast<std::int64_t>(std::ceil(centre + width / 2));
    weights.clear();
    for (auto n = low; n <= high; ++n) {
      const double x = static_cast<double>(n);
      weights.push_back((hat_integral(centre + width / 2 - x) - hat_integral(centre - width / 2 - x)) / width);
    }
    map.add_output(low, weights);
  }
  return map;
}

std::vector<float> apply_along(const std::vector<float>& input, const Index3& size, int axis, const AxisMap& map) {
  if (map.inputs != size[axis] || static_cast<std::int64_t>(input.size()) != size[0] * size[1] * size[2])
    throw std::logic_error("apply_along: the map or the array does not fit the size");
  Index3 result_size = size;
  result_size[axis] = map.outputs();
  std::vector<float> result(result_size[0] * result_size[1] * result_size[2]);
  const std::int64_t outputs = map.outputs();
  if (axis == 0) {
    core::parallel_for(
        size[1] * size[2],
        [&](std::int64_t begin, std::int64_t end) {
          for (auto row = begin; row < end; ++row) {
            const float* in = input.data() + row * size[0];
            float* out = result.data() + row * outputs;
            for (std::int64_t m = 0; m < outputs; ++m) {
              const float *from = in + map.first[m], *weight = map.weights.data() + map.start[m];
              const int count = map.start[m + 1] - map.start[m];
              float sum = 0;
              for (int n = 0; n < count; ++n) sum += weight[n] * from[n];
              out[m] = sum;
            }
          }
        },
        items_a_thread(std::max(size[0], outputs)));
    return result;
  }
  // Whole rows (axis 1) or planes (axis 2) are weighted and added, a piece of `width` contiguous samples at a time.
  const std::int64_t stride = axis == 1 ? size[0] : size[0] * size[1];
  const std::int64_t outer = axis == 1 ? size[2] : 1;
  constexpr std::int64_t width = 512;
  const std::int64_t pieces = (stride + width - 1) / width;
  core::parallel_for(
      outer * outputs * pieces,
      [&](std::int64_t begin, std::int64_t end) {
        for (auto job = begin; job < end; ++job) {
          const auto piece = job % pieces, m = job / pieces % outputs, o = job / pieces / outputs;
          const auto count = std::min(width, stride - piece * width);
          float* out = result.data() + (o * outputs + m) * stride + piece * width;
          const float* in = input.data() + (o * size[axis] + map.first[m]) * stride + piece * width;
          for (auto n = map.start[m]; n < map.start[m + 1]; ++n, in += stride) {
            const float weight = map.weights[n];
            if (n == map.start[m]) {
#pragma omp simd
              for (std::int64_t x = 0; x < count; ++x) out[x] = weight * in[x];
            } else {
#pragma omp simd
              for (std::int64_t x = 0; x < count; ++x) out[x] += weight * in[x];
            }
          }
        }
      },
      items_a_thread(std::min(width, stride)));
  return result;
}

}  // namespace isocenter::imaging
