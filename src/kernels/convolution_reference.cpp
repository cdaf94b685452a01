#include "kernels/convolution_reference.h"

#include <vector>

#include "core/parallel.h"

namespace isocenter::kernels::reference {

namespace {

struct Strides {
  std::int64_t x, y, dx, dy;
};

Strides strides_of(const ConvolutionShape& shape) {
  Strides s{shape.x_stride ? shape.x_stride : shape.in_channels, shape.y_stride ? shape.y_stride : shape.out_channels, 0, 0};
  s.dx = shape.dx_stride ? shape.dx_stride : s.x;
  s.dy = shape.dy_stride ? shape.dy_stride : s.y;
  return s;
}

// Calls body(tap, input voxel) for each tap of the kernel that meets the input at this output position; the batch is left to the caller.
template <class Body>
void for_each_tap(const ConvolutionShape& shape, const Size3& position, const Body& body) {
  std::int64_t tap = 0;
  for (std::int64_t a = 0; a < shape.kernel[0]; ++a)
    for (std::int64_t b = 0; b < shape.kernel[1]; ++b)
      for (std::int64_t c = 0; c < shape.kernel[2]; ++c, ++tap) {
        const Size3 offset{a, b, c};
        std::int64_t voxel = 0;
        bool inside = true;
        for (int axis = 0; axis < 3; ++axis) {
          const std::int64_t at = position[axis] * shape.stride[axis] + offset[axis] * shape.dilation[axis] - shape.padding_low[axis];
          inside = inside && at >= 0 && at < shape.input[axis];
          voxel = voxel * shape.input[axis] + at;
        }
        if (inside) body(tap, voxel);
      }
}

template <class Body>
void for_each_position(const Size3& size, const Body& body) {
  std::int64_t voxel = 0;
  for (std::int64_t d = 0; d < size[0]; ++d)
    for (std::int64_t h = 0; h < size[1]; ++h)
      for (std::int64_t w = 0; w < size[2]; ++w, ++voxel) body(Size3{d, h, w}, voxel);
}

}  // namespace

template <class T>
void convolution_forward(const ConvolutionShape& shape, const T* x, const T* weights, const T* bias, T* y) {
  const Strides stride = strides_of(shape);
  const Size3 size = shape.output();
  const std::int64_t taps = voxels(shape.kernel), in = shape.in_channels / shape.groups, out = shape.out_channels / shape.groups;
  core::parallel_for(shape.batch * size[0], [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> sum(shape.out_channels);
    for (std::int64_t slab = begin; slab < end; ++slab) {
      const std::int64_t n = slab / size[0], d = slab % size[0];
      for_each_position({1, size[1], size[2]}, [&](const Size3& place, std::int64_t voxel) {
        for (std::int64_t o = 0; o < shape.out_channels; ++o) sum[o] = bias ? bias[o] : 0;
        for_each_tap(shape, {d, place[1], place[2]}, [&](std::int64_t tap, std::int64_t source) {
          const T* from = x + (n * voxels(shape.input) + source) * stride.x;
          for (std::int64_t o = 0; o < shape.out_channels; ++o)
            for (std::int64_t c = 0; c < in; ++c) sum[o] += double{from[o / out * in + c]} * double{weights[(o * in + c) * taps + tap]};
        });
        T* to = y + ((n * size[0] + d) * size[1] * size[2] + voxel) * stride.y;
        for (std::int64_t o = 0; o < shape.out_channels; ++o) to[o] = static_cast<T>(sum[o]);
      });
    }
  });
}

template <class T>
void convolution_gradient_input(const ConvolutionShape& shape, const T* dy, const T* weights, T* dx) {
  const Strides stride = strides_of(shape);
  const Size3 size = shape.output();
  const std::int64_t taps = voxels(shape.kernel), in = shape.in_channels / shape.groups, out = shape.out_channels / shape.groups;
  core::parallel_for(shape.batch, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> sum(voxels(shape.input) * shape.in_channels);
    for (std::int64_t n = begin; n < end; ++n) {
      sum.assign(sum.size(), 0);
      for_each_position(size, [&](const Size3& place, std::int64_t voxel) {
        const T* from = dy + (n * voxels(size) + voxel) * stride.dy;
        for_each_tap(shape, place, [&](std::int64_t tap, std::int64_t target) {
          for (std::int64_t o = 0; o < shape.out_channels; ++o)
            for (std::int64_t c = 0; c < in; ++c)
              sum[target * shape.in_channels + o / out * in + c] += double{from[o]} * double{weights[(o * in + c) * taps + tap]};
        });
      });
      for (std::int64_t voxel = 0; voxel < voxels(shape.input); ++voxel)
        for (std::int64_t c = 0; c < shape.in_channels; ++c)
          dx[(n * voxels(shape.input) + voxel) * stride.dx + c] = static_cast<T>(sum[voxel * shape.in_channels + c]);
    }
  });
}

template <class T>
void convolution_gradient_weights(const ConvolutionShape& shape, const T* x, const T* dy, T* dweights, T* dbias) {
  const Strides stride = strides_of(shape);
  const Size3 size = shape.output();
  const std::int64_t taps = voxels(shape.kernel), in = shape.in_channels / shape.groups, out = shape.out_channels / shape.groups;
  core::parallel_for(shape.out_channels, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> sum(in * taps);
    for (std::int64_t o = begin; o < end; ++o) {
      sum.assign(sum.size(), 0);
      double bias_sum = 0;
      for (std::int64_t n = 0; n < shape.batch; ++n)
        for_each_position(size, [&](const Size3& place, std::int64_t voxel) {
          const double gradient = dy[(n * voxels(size) + voxel) * stride.dy + o];
          bias_sum += gradient;
          for_each_tap(shape, place, [&](std::int64_t tap, std::int64_t source) {
            const T* from = x + (n * voxels(shape.input) + source) * stride.x + o / out * in;
            for (std::int64_t c = 0; c < in; ++c) sum[c * taps + tap] += gradient * double{from[c]};
          });
        });
      for (std::int64_t i = 0; i < in * taps; ++i) dweights[o * in * taps + i] = static_cast<T>(sum[i]);
      if (dbias) dbias[o] = static_cast<T>(bias_sum);
    }
  });
}

#define INSTANTIATE(T)                                                                          \
  template void convolution_forward(const ConvolutionShape&, const T*, const T*, const T*, T*); \
  template void convolution_gradient_input(const ConvolutionShape&, const T*, const T*, T*);    \
  template void convolution_gradient_weights(const ConvolutionShape&, const T*, const T*, T*, T*);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace isocenter::kernels::reference
