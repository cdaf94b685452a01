#include "kernels/pooling.h"

#include <algorithm>

#include "core/parallel.h"

namespace isocenter::kernels {

namespace {

struct Window {
  std::int64_t low[3], high[3];  // inside the image
  std::int64_t count() const { return (high[0] - low[0]) * (high[1] - low[1]) * (high[2] - low[2]); }
};

Window window_at(const PoolingShape& s, const Size3& place) {
  Window w;
  for (int axis = 0; axis < 3; ++axis) {
    const std::int64_t begin = place[axis] * s.stride[axis] - s.padding_low[axis];
    w.low[axis] = std::clamp<std::int64_t>(begin, 0, s.input[axis]);
    w.high[axis] = std::clamp<std::int64_t>(begin + s.kernel[axis], w.low[axis], s.input[axis]);
  }
  return w;
}

double divisor(const PoolingShape& s, const Window& w) {
  return static_cast<double>(s.count_padding ? voxels(s.kernel) : std::max<std::int64_t>(1, w.count()));
}

std::int64_t x_stride(const PoolingShape& s) { return s.x_stride ? s.x_stride : s.channels; }
std::int64_t y_stride(const PoolingShape& s) { return s.y_stride ? s.y_stride : s.channels; }

template <class Body>
void for_each_voxel(const PoolingShape& s, const Window& w, const Body& body) {
  for (std::int64_t d = w.low[0]; d < w.high[0]; ++d)
    for (std::int64_t h = w.low[1]; h < w.high[1]; ++h)
      for (std::int64_t x = w.low[2]; x < w.high[2]; ++x) body((d * s.input[1] + h) * s.input[2] + x);
}

// body(image, output voxel of the image, its window) for every output, divided over threads.
template <class Body>
void for_each_output(const PoolingShape& s, const Body& body) {
  const Size3 size = s.output();
  core::parallel_for(s.batch * size[0] * size[1], [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t h = row % size[1], d = row / size[1] % size[0], n = row / size[1] / size[0];
      for (std::int64_t w = 0; w < size[2]; ++w) body(n, (d * size[1] + h) * size[2] + w, window_at(s, {d, h, w}));
    }
  });
}

// The same for gradients: outputs whose windows overlap write to one input, so threads take channels, and images, instead.
template <class Body>
void for_each_output_by_channels(const PoolingShape& s, const Body& body) {
  constexpr std::int64_t kWidth = 16;  // a cache line
  const std::int64_t parts = (s.channels + kWidth - 1) / kWidth;
  const Size3 size = s.output();
  core::parallel_for(s.batch * parts, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) {
      const std::int64_t n = part / parts, low = part % parts * kWidth, high = std::min(s.channels, low + kWidth);
      for (std::int64_t d = 0; d < size[0]; ++d)
        for (std::int64_t h = 0; h < size[1]; ++h)
          for (std::int64_t w = 0; w < size[2]; ++w) body(n, (d * size[1] + h) * size[2] + w, window_at(s, {d, h, w}), low, high);
    }
  });
}

void clear(const PoolingShape& s, float* dx) {
  core::parallel_for(s.batch * voxels(s.input), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) std::fill_n(dx + i * x_stride(s), s.channels, 0.f);
  });
}

}  // namespace

Size3 PoolingShape::output() const {
  Size3 size;
  for (int axis = 0; axis < 3; ++axis) {
    const std::int64_t room = input[axis] + padding_low[axis] + padding_high[axis] - kernel[axis];
    size[axis] = room < 0 ? 0 : room / stride[axis] + 1;
  }
  return size;
}

void max_pool_forward(const PoolingShape& s, const float* x, float* y, std::int32_t* taken) {
  const std::int64_t outputs = voxels(s.output());
  for_each_output(s, [&](std::int64_t n, std::int64_t voxel, const Window& window) {
    const float* image = x + n * voxels(s.input) * x_stride(s);
    float* to = y + (n * outputs + voxel) * y_stride(s);
    std::int32_t* from = taken ? taken + (n * outputs + voxel) * s.channels : nullptr;
    bool first = true;
    std::fill_n(to, s.channels, 0.f);
    for_each_voxel(s, window, [&](std::int64_t source) {
      const float* value = image + source * x_stride(s);
      for (std::int64_t c = 0; c < s.channels; ++c)
        if (first || value[c] > to[c] || value[c] != value[c]) {
          to[c] = value[c];
          if (from) from[c] = static_cast<std::int32_t>(source);
        }
      first = false;
    });
    if (first && from) std::fill_n(from, s.channels, -1);
  });
}

void max_pool_backward(const PoolingShape& s, const std::int32_t* taken, const float* dy, float* dx) {
  clear(s, dx);
  const std::int64_t outputs = voxels(s.output());
  for_each_output_by_channels(s, [&](std::int64_t n, std::int64_t voxel, const Window&, std::int64_t low, std::int64_t high) {
    const std::int64_t at = n * outputs + voxel;
    for (std::int64_t c = low; c < high; ++c)
      if (const std::int32_t source = taken[at * s.channels + c]; source >= 0)
        dx[(n * voxels(s.input) + source) * x_stride(s) + c] += dy[at * y_stride(s) + c];
  });
}

void average_pool_forward(const PoolingShape& s, const float* x, float* y) {
  const std::int64_t outputs = voxels(s.output());
  for_each_output(s, [&](std::int64_t n, std::int64_t voxel, const Window& window) {
    const float* image = x + n * voxels(s.input) * x_stride(s);
    float* to = y + (n * outputs + voxel) * y_stride(s);
    std::fill_n(to, s.channels, 0.f);
    for_each_voxel(s, window, [&](std::int64_t source) {
      const float* value = image + source * x_stride(s);
      for (std::int64_t c = 0; c < s.channels; ++c) to[c] += value[c];
    });
    const float share = static_cast<float>(1 / divisor(s, window));
    for (std::int64_t c = 0; c < s.channels; ++c) to[c] *= share;
  });
}

void average_pool_backward(const PoolingShape& s, const float* dy, float* dx) {
  clear(s, dx);
  const std::int64_t outputs = voxels(s.output());
  for_each_output_by_channels(s, [&](std::int64_t n, std::int64_t voxel, const Window& window, std::int64_t low, std::int64_t high) {
    const float* gradient = dy + (n * outputs + voxel) * y_stride(s);
    const float share = static_cast<float>(1 / divisor(s, window));
    for_each_voxel(s, window, [&](std::int64_t source) {
      float* to = dx + (n * voxels(s.input) + source) * x_stride(s);
      for (std::int64_t c = low; c < high; ++c) to[c] += share * gradient[c];
    });
  });
}

}  // namespace isocenter::kernels
