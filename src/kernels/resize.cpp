#include "kernels/resize.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"

namespace isocenter::kernels {

namespace {

Resize::Source source_of(const ResizeShape& s, int axis, std::int64_t index) {
  const double in = static_cast<double>(s.input[axis]), out = static_cast<double>(s.output[axis]), o = static_cast<double>(index);
  double at = 0;
  switch (s.coordinates) {
    case ResizeCoordinates::half_pixel:
      at = (o + 0.5) * in / out - 0.5;
      break;
    case ResizeCoordinates::align_corners:
      at = s.output[axis] > 1 ? o * (in - 1) / (out - 1) : 0;
      break;
    case ResizeCoordinates::asymmetric:
      at = o * in / out;
      break;
  }
  if (s.mode == ResizeMode::nearest) {
    const double rounded = s.coordinates == ResizeCoordinates::asymmetric ? std::floor(at) : std::ceil(at - 0.5);
    const auto i = static_cast<std::int64_t>(std::clamp(rounded, 0.0, in - 1));
    return {i, i, 0};
  }
  at = std::clamp(at, 0.0, in - 1);
  const auto low = static_cast<std::int64_t>(at);
  return {low, std::min(low + 1, s.input[axis] - 1), static_cast<float>(at - static_cast<double>(low))};
}

// Calls body(input voxel, weight) for the corners that count.
template <class Body>
void for_each_corner(const ResizeShape& s, const Resize::Source& d, const Resize::Source& h, const Resize::Source& w, const Body& body) {
  for (int corner = 0; corner < 8; ++corner) {
    const float weight =
        (corner & 4 ? d.weight : 1 - d.weight) * (corner & 2 ? h.weight : 1 - h.weight) * (corner & 1 ? w.weight : 1 - w.weight);
    if (weight == 0) continue;
    body(((corner & 4 ? d.high : d.low) * s.input[1] + (corner & 2 ? h.high : h.low)) * s.input[2] + (corner & 1 ? w.high : w.low), weight);
  }
}

}  // namespace

Resize::Resize(const ResizeShape& shape) : shape_(shape) {
  for (int axis = 0; axis < 3; ++axis) {
    if (shape.input[axis] < 1 || shape.output[axis] < 1)
      throw core::InputError("resize along axis {}: from {} to {}", axis, shape.input[axis], shape.output[axis]);
    for (std::int64_t i = 0; i < shape.output[axis]; ++i) axis_[axis].push_back(source_of(shape, axis, i));
  }
  if (!shape_.x_stride) shape_.x_stride = shape_.channels;
  if (!shape_.y_stride) shape_.y_stride = shape_.channels;
}

void Resize::forward(const float* x, float* y) const {
  const ResizeShape& s = shape_;
  core::parallel_for(s.batch * s.output[0] * s.output[1], [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t h = row % s.output[1], d = row / s.output[1] % s.output[0], n = row / s.output[1] / s.output[0];
      const float* image = x + n * voxels(s.input) * s.x_stride;
      for (std::int64_t w = 0; w < s.output[2]; ++w) {
        float* to = y + (row * s.output[2] + w) * s.y_stride;
        std::fill_n(to, s.channels, 0.f);
        for_each_corner(s, axis_[0][d], axis_[1][h], axis_[2][w], [&](std::int64_t voxel, float weight) {
          const float* from = image + voxel * s.x_stride;
          for (std::int64_t c = 0; c < s.channels; ++c) to[c] += weight * from[c];
        });
      }
    }
  });
}

void Resize::backward(const float* dy, float* dx) const {
  const ResizeShape& s = shape_;
  constexpr std::int64_t kWidth = 16;  // outputs share inputs, so threads take channels and images
  const std::int64_t parts = (s.channels + kWidth - 1) / kWidth;
  core::parallel_for(s.batch * parts, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) {
      const std::int64_t n = part / parts, low = part % parts * kWidth, high = std::min(s.channels, low + kWidth);
      float* image = dx + n * voxels(s.input) * s.x_stride;
      for (std::int64_t i = 0; i < voxels(s.input); ++i) std::fill(image + i * s.x_stride + low, image + i * s.x_stride + high, 0.f);
      for (std::int64_t d = 0; d < s.output[0]; ++d)
        for (std::int64_t h = 0; h < s.output[1]; ++h)
          for (std::int64_t w = 0; w < s.output[2]; ++w) {
            const float* gradient = dy + (((n * s.output[0] + d) * s.output[1] + h) * s.output[2] + w) * s.y_stride;
            for_each_corner(s, axis_[0][d], axis_[1][h], axis_[2][w], [&](std::int64_t voxel, float weight) {
              float* to = image + voxel * s.x_stride;
              for (std::int64_t c = low; c < high; ++c) to[c] += weight * gradient[c];
            });
          }
    }
  });
}

}  // namespace isocenter::kernels
