#include "methods/generation/brain_id/acquisition.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "methods/generation/brain_id/smooth_field.h"

namespace isocenter::methods::brain_id {
namespace {

// Calls line(first, stride, length) for every line along `axis` in blocks of neighbouring lines: fn(first, count of adjacent lines, stride,
// length).
template <class Function>
void for_line_blocks(const imaging::Index3& size, int axis, Function fn) {
  const std::int64_t stride = axis == 0 ? 1 : axis == 1 ? size[0] : size[0] * size[1];
  const std::int64_t inner = stride, outer = size[0] * size[1] * size[2] / (stride * size[axis]);
  for (std::int64_t o = 0; o < outer; ++o) fn(o * stride * size[axis], inner, stride, size[axis]);
}

}  // namespace

double resolution_blur_deviation(double thickness_mm, double voxel_mm, double u) {
  if (thickness_mm <= voxel_mm) return 0;
  return (0.85 + 0.3 * u) * std::log(5.0) / std::numbers::pi * thickness_mm / voxel_mm;
}

void blur_axis(std::vector<float>& values, const imaging::Index3& size, int axis, double deviation_voxels) {
  if (deviation_voxels < 0.1 || size[axis] < 2) return;
  const int radius = std::max(1, static_cast<int>(std::ceil(3 * deviation_voxels)));
  std::vector<float> weights(2 * radius + 1);
  float total = 0;
  for (int i = -radius; i <= radius; ++i)
    total += weights[i + radius] = static_cast<float>(std::exp(-0.5 * i * i / (deviation_voxels * deviation_voxels)));
  for (auto& weight : weights) weight /= total;
  std::vector<float> block;
  for_line_blocks(size, axis, [&](std::int64_t first, std::int64_t inner, std::int64_t stride, std::int64_t length) {
    block.assign(length * inner, 0.0f);
    for (std::int64_t i = 0; i < length; ++i)
      for (int k = -radius; k <= radius; ++k) {
        const float* source = values.data() + first + std::clamp<std::int64_t>(i + k, 0, length - 1) * stride;
        const float weight = weights[k + radius];
        float* target = block.data() + i * inner;
        for (std::int64_t x = 0; x < inner; ++x) target[x] += weight * source[x];
      }
    std::copy(block.begin(), block.end(), values.begin() + first);
  });
}

void resample_axis(std::vector<float>& values, const imaging::Index3& size, int axis, double step, double offset) {
  if (step <= 1) return;
  std::vector<float> block;
  for_line_blocks(size, axis, [&](std::int64_t first, std::int64_t inner, std::int64_t stride, std::int64_t length) {
    block.assign(values.begin() + first, values.begin() + first + length * inner);
    const double last_slice = std::floor((static_cast<double>(length - 1) - offset) / step);
    for (std::int64_t i = 0; i < length; ++i) {
      const double slice = std::clamp((static_cast<double>(i) - offset) / step, 0.0, std::max(last_slice, 0.0));
      const double below = std::floor(slice);
      const auto a = std::clamp<std::int64_t>(std::llround(below * step + offset), 0, length - 1);
      const auto b = std::clamp<std::int64_t>(std::llround(std::min(below + 1, std::max(last_slice, 0.0)) * step + offset), 0, length - 1);
      const float t = static_cast<float>(slice - below);
      float* target = values.data() + first + i * stride;
      for (std::int64_t x = 0; x < inner; ++x) target[x] = (1 - t) * block[a * inner + x] + t * block[b * inner + x];
    }
  });
}

void apply_bias_field(std::vector<float>& values, const imaging::Index3& size, std::int64_t cells, double deviation, core::Random& random) {
  if (deviation <= 0) return;
  const auto field = smooth_field(size, {cells, cells, cells}, deviation, random);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= std::exp(field[i]);
}

void add_noise(std::vector<float>& values, double deviation, bool rician, core::Random& random) {
  if (deviation <= 0) return;
  std::vector<float> noise(rician ? 2 * values.size() : values.size());
  random.fill_normal(noise.data(), noise.size());
  const float scale = static_cast<float>(deviation);
  if (!rician) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += scale * noise[i];
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float real = values[i] + scale * noise[i], imaginary = scale * noise[values.size() + i];
    values[i] = std::sqrt(real * real + imaginary * imaginary);
  }
}

}  // namespace isocenter::methods::brain_id
