#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layer_normalization.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "kernels/convolution_kernel.h"
#include "kernels/normalization.h"
#include "kernels/normalization_passes.h"
#include "kernels/vector_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE float Total(V v) { return hn::GetLane(hn::SumOfLanes(FloatTag(), v)); }

}  // namespace

void LayerForward(const float* x, std::int64_t count, std::int64_t x_stride, std::int64_t channels, double epsilon, const float* scale,
                  const float* bias, float* y, std::int64_t y_stride, float* mean, float* inverse_deviation) {
  const float share = 1 / static_cast<float>(channels);
  for (std::int64_t i = 0; i < count; ++i, x += x_stride, y += y_stride) {
    V sum = Broadcast(0), square = Broadcast(0);
    for (std::int64_t c = 0; c < channels; c += kLanes) sum = hn::Add(sum, LoadFirst(x + c, channels - c));
    const V center = Broadcast(Total(sum) * share);
    for (std::int64_t c = 0; c < channels; c += kLanes) {
      const V e = hn::Sub(LoadFirst(x + c, channels - c), center);
      // Lanes beyond the channels hold -center there, so they are left out of the sum.
      square = channels - c >= kLanes
                   ? hn::MulAdd(e, e, square)
                   : hn::Add(square, hn::IfThenElseZero(hn::FirstN(FloatTag(), static_cast<std::size_t>(channels - c)), hn::Mul(e, e)));
    }
    const float inverse = static_cast<float>(1 / std::sqrt(double{Total(square)} * double{share} + epsilon));
    mean[i] = hn::GetLane(center);
    inverse_deviation[i] = inverse;
    for (std::int64_t c = 0; c < channels; c += kLanes) {
      V z = hn::Mul(hn::Sub(LoadFirst(x + c, channels - c), center), Broadcast(inverse));
      if (scale) z = hn::Mul(z, LoadFirst(scale + c, channels - c));
      if (bias) z = hn::Add(z, LoadFirst(bias + c, channels - c));
      StoreFirst(z, y + c, channels - c);
    }
  }
}

// sums: for each channel the sum of dy and of dy times the normalised value, in double; piece: the same in f32 for a few voxels.
void LayerBackward(const LayerBackwardPass& pass, const float* x, const float* dy, std::int64_t count, const float* mean,
                   const float* inverse_deviation, float* dx, double* sums, float* pieces) {
  constexpr std::int64_t kPiece = 256;
  const std::int64_t channels = pass.channels, padded = pass.padded;
  std::fill(sums, sums + 2 * padded, 0.0);
  for (std::int64_t begin = 0; begin < count; begin += kPiece) {
    const std::int64_t end = std::min(count, begin + kPiece);
    std::fill(pieces, pieces + 2 * padded, 0.f);
    for (std::int64_t i = begin; i < end; ++i) {
      const float *u = x + i * pass.x_stride, *g = dy + i * pass.dy_stride;
      const V center = Broadcast(mean[i]), inverse = Broadcast(inverse_deviation[i]);
      V sum = Broadcast(0), product = Broadcast(0);
      for (std::int64_t c = 0; c < channels; c += kLanes) {
        const V d = LoadFirst(g + c, channels - c), n = hn::Mul(hn::Sub(LoadFirst(u + c, channels - c), center), inverse);
        const V s = pass.scale ? hn::Mul(d, LoadFirst(pass.scale + c, channels - c)) : d;  // zero beyond the channels
        sum = hn::Add(sum, s);
        product = hn::MulAdd(s, n, product);
        Store(hn::Add(Load(pieces + c), d), pieces + c);
        Store(hn::MulAdd(d, n, Load(pieces + padded + c)), pieces + padded + c);
      }
      const V average = Broadcast(Total(sum) / static_cast<float>(channels)),
              slope = Broadcast(Total(product) / static_cast<float>(channels));
      for (std::int64_t c = 0; c < channels; c += kLanes) {
        const V d = LoadFirst(g + c, channels - c), n = hn::Mul(hn::Sub(LoadFirst(u + c, channels - c), center), inverse);
        const V s = pass.scale ? hn::Mul(d, LoadFirst(pass.scale + c, channels - c)) : d;
        StoreFirst(hn::Mul(inverse, hn::NegMulAdd(n, slope, hn::Sub(s, average))), dx + i * pass.dx_stride + c, channels - c);
      }
    }
    for (std::int64_t c = 0; c < 2 * padded; ++c) sums[c] += double{pieces[c]};
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isocenter::kernels {

HWY_EXPORT(LayerForward);
HWY_EXPORT(LayerBackward);

namespace {
std::int64_t padded_channels(const NormalizationShape& s) { return (s.channels + 15) / 16 * 16; }
}  // namespace

std::size_t layer_norm_workspace_bytes(const NormalizationShape& shape) {
  return static_cast<std::size_t>(padded_channels(shape) * core::thread_count()) * 2 * (sizeof(double) + sizeof(float));
}

void layer_norm_forward(const NormalizationShape& s, double epsilon, const float* x, const float* scale, const float* bias, float* y,
                        float* mean, float* inverse_deviation) {
  const std::int64_t x_stride = s.x_stride ? s.x_stride : s.channels, y_stride = s.y_stride ? s.y_stride : s.channels;
  const auto forward = HWY_DYNAMIC_DISPATCH(LayerForward);
  divide(core::thread_count(), s.batch * s.voxels, [&](int, std::int64_t begin, std::int64_t end) {
    forward(x + begin * x_stride, end - begin, x_stride, s.channels, epsilon, scale, bias, y + begin * y_stride, y_stride, mean + begin,
            inverse_deviation + begin);
  });
}

void layer_norm_backward(const NormalizationShape& s, const float* x, const float* scale, const float* mean, const float* inverse_deviation,
                         const float* dy, float* dx, float* dscale, float* dbias, void* workspace) {
  const int threads = core::thread_count();
  LayerBackwardPass pass{.channels = s.channels,
                         .padded = padded_channels(s),
                         .x_stride = s.x_stride ? s.x_stride : s.channels,
                         .dy_stride = s.dy_stride,
                         .dx_stride = s.dx_stride,
                         .scale = scale};
  if (!pass.dy_stride) pass.dy_stride = s.y_stride ? s.y_stride : s.channels;
  if (!pass.dx_stride) pass.dx_stride = pass.x_stride;
  double* sums = static_cast<double*>(workspace);
  float* pieces = reinterpret_cast<float*>(sums + 2 * pass.padded * threads);
  const auto backward = HWY_DYNAMIC_DISPATCH(LayerBackward);
  divide(threads, s.batch * s.voxels, [&](int thread, std::int64_t begin, std::int64_t end) {
    backward(pass, x + begin * pass.x_stride, dy + begin * pass.dy_stride, end - begin, mean + begin, inverse_deviation + begin,
             dx + begin * pass.dx_stride, sums + 2 * pass.padded * thread, pieces + 2 * pass.padded * thread);
  });
  for (std::int64_t c = 0; c < s.channels; ++c) {
    double bias = 0, product = 0;
    for (int thread = 0; thread < threads; ++thread) {
      bias += sums[2 * pass.padded * thread + c];
      product += sums[2 * pass.padded * thread + pass.padded + c];
    }
    if (dbias) dbias[c] = static_cast<float>(bias);
    if (dscale) dscale[c] = static_cast<float>(product);
  }
}

}  // namespace isocenter::kernels
#endif
