#include "imaging/filter.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "imaging/axis_map.h"
#include "imaging/work_share.h"

namespace isocenter::imaging {
namespace {

std::vector<double> gaussian(double sigma) {
  const int radius = std::max(1, static_cast<int>(std::ceil(4 * sigma)));
  std::vector<double> weights(2 * radius + 1);
  double total = 0;
  for (int n = -radius; n <= radius; ++n) total += weights[n + radius] = std::exp(-0.5 * n * n / (sigma * sigma));
  for (auto& weight : weights) weight /= total;
  return weights;
}

// Rows are padded once, so that each weight is one straight pass over the row.
void blur_rows(std::vector<float>& values, std::int64_t length, const std::vector<double>& weights) {
  const auto radius = static_cast<std::int64_t>(weights.size() / 2);
  core::parallel_for(
      static_cast<std::int64_t>(values.size()) / length,
      [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> padded(length + 2 * radius);
        for (auto row = begin; row < end; ++row) {
          float* out = values.data() + row * length;
          std::fill_n(padded.begin(), radius, out[0]);
          std::copy_n(out, length, padded.begin() + radius);
          std::fill_n(padded.begin() + radius + length, radius, out[length - 1]);
          for (std::size_t n = 0; n < weights.size(); ++n) {
            const auto weight = static_cast<float>(weights[n]);
            const float* in = padded.data() + n;
            if (n == 0) {
#pragma omp simd
              for (std::int64_t i = 0; i < length; ++i) out[i] = weight * in[i];
            } else {
#pragma omp simd
              for (std::int64_t i = 0; i < length; ++i) out[i] += weight * in[i];
            }
          }
        }
      },
      items_a_thread(length));
}

}  // namespace

Volume gaussian_blur_voxels(const Volume& source, const Vector3& sigma_voxels) {
  Volume result = source;
  for (int axis = 0; axis < 3; ++axis) {
    const double sigma = sigma_voxels[axis];
    const auto length = source.geometry.size[axis];
    if (!(sigma >= 0) || !std::isfinite(sigma)) throw core::InputError("Gaussian blur: the deviation along axis {} is {}", axis, sigma);
    if (sigma < 1e-3 || length < 2) continue;
    const auto weights = gaussian(std::min(sigma, 4.0 * static_cast<double>(length)));
    if (axis == 0) {
      blur_rows(result.voxels, length, weights);
      continue;
    }
    AxisMap map;
    map.inputs = length;
    const auto radius = static_cast<std::int64_t>(weights.size() / 2);
    for (std::int64_t m = 0; m < length; ++m) map.add_output(m - radius, weights);
    result.voxels = apply_along(result.voxels, source.geometry.size, axis, map);
  }
  return result;
}

Volume gaussian_blur_mm(const Volume& source, double sigma_mm) {
  const auto& spacing = source.geometry.spacing_mm;
  return gaussian_blur_voxels(source, {sigma_mm / spacing[0], sigma_mm / spacing[1], sigma_mm / spacing[2]});
}

}  // namespace isocenter::imaging
