#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normalization.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/convolution_kernel.h"
#include "kernels/normalization.h"
#include "kernels/normalization_passes.h"
#include "kernels/vector_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
namespace {

constexpr std::int64_t kPiece = 512;  // voxels summed in f32 before double takes over

// Calls body.template operator()<NV>(first channel, lanes of the last vector) for blocks of channels.
template <class Body>
HWY_INLINE void ForBlocks(std::int64_t channels, const Body& body) {
  std::int64_t c = 0;
  for (; channels - c >= 2 * kLanes; c += 2 * kLanes) body(std::integral_constant<int, 2>(), c, kLanes);
  for (; c < channels; c += kLanes) body(std::integral_constant<int, 1>(), c, std::min(kLanes, channels - c));
}

template <int NV>
HWY_INLINE V LoadBlock(const float* p, int v, std::int64_t last) {
  return v == NV - 1 ? LoadFirst(p + v * kLanes, last) : Load(p + v * kLanes);
}
template <int NV>
HWY_INLINE void StoreBlock(V x, float* p, int v, std::int64_t last) {
  v == NV - 1 ? StoreFirst(x, p + v * kLanes, last) : Store(x, p + v * kLanes);
}

HWY_INLINE V LeakyRelu(V z, V slope) { return hn::IfThenElse(hn::Gt(z, Broadcast(0)), z, hn::Mul(z, slope)); }

}  // namespace

// Sums of x - shift and of its square.
void NormalizationMoments(const float* x, std::int64_t count, std::int64_t stride, std::int64_t channels, const float* shift, double* sum,
                          double* square) {
  ForBlocks(channels, [&](auto vectors, std::int64_t c, std::int64_t last) {
    constexpr int NV = decltype(vectors)::value;
    HWY_ALIGN float lanes[2][NV * kLanes] = {};
    V origin[NV];
    for (int v = 0; v < NV; ++v) origin[v] = LoadBlock<NV>(shift + c, v, last);
    for (std::int64_t begin = 0; begin < count; begin += kPiece) {
      const std::int64_t end = std::min(count, begin + kPiece);
      V s[NV], q[NV];
      for (int v = 0; v < NV; ++v) s[v] = q[v] = Broadcast(0);
      for (std::int64_t i = begin; i < end; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) {
          const V e = hn::Sub(LoadBlock<NV>(x + i * stride + c, v, last), origin[v]);
          s[v] = hn::Add(s[v], e);
          q[v] = hn::MulAdd(e, e, q[v]);
        }
      for (int v = 0; v < NV; ++v) Store(s[v], lanes[0] + v * kLanes), Store(q[v], lanes[1] + v * kLanes);
      for (std::int64_t i = 0; i < (NV - 1) * kLanes + last; ++i) sum[c + i] += double{lanes[0][i]}, square[c + i] += double{lanes[1][i]};
    }
  });
}

// y = leaky(gain (x - center) + bias)
void NormalizationApply(const float* x, std::int64_t count, std::int64_t x_stride, std::int64_t channels, const float* center,
                        const float* gain, const float* bias, float slope, float* y, std::int64_t y_stride) {
  ForBlocks(channels, [&](auto vectors, std::int64_t c, std::int64_t last) {
    constexpr int NV = decltype(vectors)::value;
    V m[NV], g[NV], b[NV];
    for (int v = 0; v < NV; ++v) {
      m[v] = LoadBlock<NV>(center + c, v, last);
      g[v] = LoadBlock<NV>(gain + c, v, last);
      b[v] = LoadBlock<NV>(bias + c, v, last);
    }
    const V leak = Broadcast(slope);
    for (std::int64_t i = 0; i < count; ++i)
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) {
        const V z = hn::MulAdd(hn::Sub(LoadBlock<NV>(x + i * x_stride + c, v, last), m[v]), g[v], b[v]);
        StoreBlock<NV>(LeakyRelu(z, leak), y + i * y_stride + c, v, last);
      }
  });
}

namespace {

// The gradient at the normalised and scaled value, and the normalised value itself, of one vector.
template <bool FromOutput>
struct Recomputed {
  V center, gain, scale, bias, leak, inverse_leak;
  HWY_INLINE void At(V u, V dy, V& g, V& normalized) const {
    const V zero = Broadcast(0);
    if constexpr (FromOutput) {
      const auto positive = hn::Gt(u, zero);
      normalized = hn::Mul(hn::Sub(hn::IfThenElse(positive, u, hn::Mul(u, inverse_leak)), center), gain);
      g = hn::IfThenElse(positive, dy, hn::Mul(dy, leak));
    } else {
      normalized = hn::Mul(hn::Sub(u, center), gain);
      g = hn::IfThenElse(hn::Gt(hn::MulAdd(normalized, scale, bias), zero), dy, hn::Mul(dy, leak));
    }
  }
};

template <bool FromOutput, int NV>
HWY_INLINE void Prepare(const NormalizationBackward& b, std::int64_t c, std::int64_t last, Recomputed<FromOutput>* at) {
  for (int v = 0; v < NV; ++v)
    at[v] = {LoadBlock<NV>(b.center + c, v, last),
             LoadBlock<NV>(b.gain + c, v, last),
             LoadBlock<NV>(b.scale + c, v, last),
             LoadBlock<NV>(b.bias + c, v, last),
             Broadcast(b.slope),
             Broadcast(b.slope == 0 ? 0 : 1 / b.slope)};
}

template <bool FromOutput>
void SumsOf(const NormalizationBackward& b, const float* u, const float* dy, std::int64_t count, double* sum, double* product) {
  ForBlocks(b.channels, [&](auto vectors, std::int64_t c, std::int64_t last) {
    constexpr int NV = decltype(vectors)::value;
    HWY_ALIGN float lanes[2][NV * kLanes] = {};
    Recomputed<FromOutput> at[NV];
    Prepare<FromOutput, NV>(b, c, last, at);
    for (std::int64_t begin = 0; begin < count; begin += kPiece) {
      const std::int64_t end = std::min(count, begin + kPiece);
      V s[NV], q[NV];
      for (int v = 0; v < NV; ++v) s[v] = q[v] = Broadcast(0);
      for (std::int64_t i = begin; i < end; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) {
          V g, n;
          at[v].At(LoadBlock<NV>(u + i * b.u_stride + c, v, last), LoadBlock<NV>(dy + i * b.dy_stride + c, v, last), g, n);
          s[v] = hn::Add(s[v], g);
          q[v] = hn::MulAdd(g, n, q[v]);
        }
      for (int v = 0; v < NV; ++v) Store(s[v], lanes[0] + v * kLanes), Store(q[v], lanes[1] + v * kLanes);
      for (std::int64_t i = 0; i < (NV - 1) * kLanes + last; ++i) sum[c + i] += double{lanes[0][i]}, product[c + i] += double{lanes[1][i]};
    }
  });
}

template <bool FromOutput>
void ApplyOf(const NormalizationBackward& b, const float* u, const float* dy, std::int64_t count, float* dx) {
  ForBlocks(b.channels, [&](auto vectors, std::int64_t c, std::int64_t last) {
    constexpr int NV = decltype(vectors)::value;
    Recomputed<FromOutput> at[NV];
    Prepare<FromOutput, NV>(b, c, last, at);
    V factor[NV], mean[NV], slope[NV];
    for (int v = 0; v < NV; ++v) {
      factor[v] = LoadBlock<NV>(b.factor + c, v, last);
      mean[v] = LoadBlock<NV>(b.mean_gradient + c, v, last);
      slope[v] = LoadBlock<NV>(b.mean_product + c, v, last);
    }
    for (std::int64_t i = 0; i < count; ++i)
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) {
        V g, n;
        at[v].At(LoadBlock<NV>(u + i * b.u_stride + c, v, last), LoadBlock<NV>(dy + i * b.dy_stride + c, v, last), g, n);
        StoreBlock<NV>(hn::NegMulAdd(n, slope[v], hn::MulSub(factor[v], g, mean[v])), dx + i * b.dx_stride + c, v, last);
      }
  });
}

}  // namespace

void NormalizationBackwardSums(const NormalizationBackward& b, const float* u, const float* dy, std::int64_t count, double* sum,
                               double* product) {
  b.from_output ? SumsOf<true>(b, u, dy, count, sum, product) : SumsOf<false>(b, u, dy, count, sum, product);
}
void NormalizationBackwardApply(const NormalizationBackward& b, const float* u, const float* dy, std::int64_t count, float* dx) {
  b.from_output ? ApplyOf<true>(b, u, dy, count, dx) : ApplyOf<false>(b, u, dy, count, dx);
}

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isocenter::kernels {

HWY_EXPORT(NormalizationMoments);
HWY_EXPORT(NormalizationApply);
HWY_EXPORT(NormalizationBackwardSums);
HWY_EXPORT(NormalizationBackwardApply);

namespace {

// The workspace of a call: for each thread two sums of each image's channels, then a few arrays of one value for each of them.
struct Memory {
  Memory(const NormalizationShape& shape, int threads, void* workspace)
      : channels(static_cast<std::size_t>(shape.channels)), count(static_cast<std::size_t>(shape.batch) * channels), threads(threads) {
    sums = static_cast<double*>(workspace);
    values = reinterpret_cast<float*>(sums + 2 * count * static_cast<std::size_t>(threads));
  }
  static std::size_t bytes(std::size_t count, int threads) {
    return align_up(count * (2 * sizeof(double) * static_cast<std::size_t>(threads) + value_arrays * sizeof(float)));
  }
  double* sum(int thread, std::int64_t n = 0) const {
    return sums + 2 * count * static_cast<std::size_t>(thread) + static_cast<std::size_t>(n) * channels;
  }
  double* second(int thread, std::int64_t n = 0) const { return sum(thread, n) + count; }
  float* array(int i, std::int64_t n = 0) const {
    return values + static_cast<std::size_t>(i) * count + static_cast<std::size_t>(n) * channels;
  }
  void clear() const { std::fill(sums, sums + 2 * count * static_cast<std::size_t>(threads), 0.0); }
  void add_up() const {  // into thread 0's
    for (int thread = 1; thread < threads; ++thread)
      for (std::size_t i = 0; i < 2 * count; ++i) sums[i] += sum(thread)[i];
  }

  static constexpr std::size_t value_arrays = 7;
  std::size_t channels, count;
  int threads;
  double* sums;
  float* values;
};

NormalizationShape filled(NormalizationShape s) {
  if (!s.x_stride) s.x_stride = s.channels;
  if (!s.y_stride) s.y_stride = s.channels;
  if (!s.dx_stride) s.dx_stride = s.x_stride;
  if (!s.dy_stride) s.dy_stride = s.y_stride;
  return s;
}

// Calls body(visit, values summed over) for each set of (image, channel) pairs that share their statistics; visit(f) calls f(n, c) for each
// pair.
template <class Body>
void for_each_set(const NormalizationShape& s, const NormalizationOptions& options, const Body& body) {
  const bool over_batch = options.statistics == Statistics::batch;
  const std::int64_t width = options.statistics == Statistics::group ? s.channels / options.groups : 1, images = over_batch ? s.batch : 1;
  for (std::int64_t n = 0; n < s.batch; n += images)
    for (std::int64_t c = 0; c < s.channels; c += width)
      body(
          [=](const auto& f) {
            for (std::int64_t i = n; i < n + images; ++i)
              for (std::int64_t k = c; k < c + width; ++k) f(i, k);
          },
          static_cast<double>(images * width * s.voxels));
}

void check(const NormalizationShape& s, const NormalizationOptions& options) {
  if (options.statistics == Statistics::group && (options.groups < 1 || s.channels % options.groups))
    throw core::InputError("group normalisation: {} channels are not divisible by {} groups", s.channels, options.groups);
}

void backward(const NormalizationShape& given, const NormalizationOptions& options, bool from_output, const float* u, const float* scale,
              const float* bias, const float* mean, const float* inverse_deviation, const float* dy, float* dx, float* dscale, float* dbias,
              void* workspace) {
  check(given, options);
  const NormalizationShape s = filled(given);
  const int threads = core::thread_count();
  const Memory memory(s, threads, workspace);
  float *scales = memory.array(0), *biases = memory.array(1);
  auto of_image = [&](std::int64_t n) {
    return NormalizationBackward{.channels = s.channels,
                                 .u_stride = from_output ? s.y_stride : s.x_stride,
                                 .dy_stride = s.dy_stride,
                                 .dx_stride = s.dx_stride,
                                 .from_output = from_output,
                                 .slope = static_cast<float>(options.leaky_slope),
                                 .center = memory.array(2, n),
                                 .gain = memory.array(3, n),
                                 .scale = scales,
                                 .bias = biases,
                                 .factor = memory.array(4, n),
                                 .mean_gradient = memory.array(5, n),
                                 .mean_product = memory.array(6, n)};
  };
  const auto sums = HWY_DYNAMIC_DISPATCH(NormalizationBackwardSums);
  const auto apply = HWY_DYNAMIC_DISPATCH(NormalizationBackwardApply);
  for (std::int64_t c = 0; c < s.channels; ++c) {
    scales[c] = scale ? scale[c] : 1;
    biases[c] = bias ? bias[c] : 0;
  }
  memory.clear();
  for (std::int64_t n = 0; n < s.batch; ++n) {
    for (std::int64_t c = 0; c < s.channels; ++c) {
      const float inverse = inverse_deviation[n * s.channels + c];
      memory.array(2, n)[c] = from_output ? biases[c] : mean[n * s.channels + c];
      memory.array(3, n)[c] = !from_output ? inverse : std::abs(scales[c]) < 1e-4f ? 0 : 1 / scales[c];
      memory.array(4, n)[c] = scales[c] * inverse;
    }
    const NormalizationBackward pass = of_image(n);
    const float* from = u + n * s.voxels * pass.u_stride;
    const float* gradient = dy + n * s.voxels * s.dy_stride;
    divide(threads, s.voxels, [&](int thread, std::int64_t begin, std::int64_t end) {
      sums(pass, from + begin * pass.u_stride, gradient + begin * s.dy_stride, end - begin, memory.sum(thread, n),
           memory.second(thread, n));
    });
  }
  memory.add_up();
  for (std::int64_t c = 0; c < s.channels; ++c) {
    double sum = 0, product = 0;
    for (std::int64_t n = 0; n < s.batch; ++n) sum += memory.sum(0, n)[c], product += memory.second(0, n)[c];
    if (dbias) dbias[c] = static_cast<float>(sum);
    if (dscale) dscale[c] = static_cast<float>(product);
  }
  for_each_set(s, options, [&](const auto& visit, double count) {
    double sum = 0, product = 0;
    visit([&](std::int64_t n, std::int64_t c) {
      sum += double{scales[c]} * memory.sum(0, n)[c];
      product += double{scales[c]} * memory.second(0, n)[c];
    });
    visit([&](std::int64_t n, std::int64_t c) {
      const double inverse = inverse_deviation[n * s.channels + c];
      memory.array(5, n)[c] = static_cast<float>(inverse * sum / count);
      memory.array(6, n)[c] = static_cast<float>(inverse * product / count);
    });
  });
  for (std::int64_t n = 0; n < s.batch; ++n) {
    const NormalizationBackward pass = of_image(n);
    const float* from = u + n * s.voxels * pass.u_stride;
    const float* gradient = dy + n * s.voxels * s.dy_stride;
    float* to = dx + n * s.voxels * s.dx_stride;
    divide(threads, s.voxels, [&](int, std::int64_t begin, std::int64_t end) {
      apply(pass, from + begin * pass.u_stride, gradient + begin * s.dy_stride, end - begin, to + begin * s.dx_stride);
    });
  }
}

NormalizationOptions of_instances(NormalizationOptions options) {
  options.statistics = Statistics::instance;
  return options;
}

}  // namespace

std::size_t normalization_workspace_bytes(const NormalizationShape& shape) {
  return std::max(Memory::bytes(static_cast<std::size_t>(shape.batch * shape.channels), core::thread_count()),
                  layer_norm_workspace_bytes(shape));
}

void norm_forward(const NormalizationShape& given, const NormalizationOptions& options, const float* x, const float* scale,
                  const float* bias, float* y, float* mean, float* inverse_deviation, void* workspace) {
  check(given, options);
  const NormalizationShape s = filled(given);
  const int threads = core::thread_count();
  const Memory memory(s, threads, workspace);
  const auto moments = HWY_DYNAMIC_DISPATCH(NormalizationMoments);
  const auto apply = HWY_DYNAMIC_DISPATCH(NormalizationApply);
  float* biases = memory.array(0);
  for (std::int64_t c = 0; c < s.channels; ++c) biases[c] = bias ? bias[c] : 0;
  memory.clear();
  for (std::int64_t n = 0; n < s.batch; ++n) {
    // Sums are of differences from the image's first voxel, so that a large mean does not drown the variance.
    const float* from = x + n * s.voxels * s.x_stride;
    float* shift = memory.array(1, n);
    for (std::int64_t c = 0; c < s.channels; ++c) shift[c] = std::isfinite(from[c]) ? from[c] : 0;
    divide(threads, s.voxels, [&](int thread, std::int64_t begin, std::int64_t end) {
      moments(from + begin * s.x_stride, end - begin, s.x_stride, s.channels, shift, memory.sum(thread, n), memory.second(thread, n));
    });
  }
  memory.add_up();
  for_each_set(s, options, [&](const auto& visit, double count) {
    double total = 0, square = 0;
    visit([&](std::int64_t n, std::int64_t c) {
      total += memory.sum(0, n)[c] + double{memory.array(1, n)[c]} * static_cast<double>(s.voxels);
    });
    const double average = total / count;
    // Sum of (x - average)^2 of each part from its own sums about its shift.
    visit([&](std::int64_t n, std::int64_t c) {
      const double off = average - double{memory.array(1, n)[c]};
      square += memory.second(0, n)[c] - 2 * off * memory.sum(0, n)[c] + off * off * static_cast<double>(s.voxels);
    });
    const double variance = square / count;
    visit([&](std::int64_t n, std::int64_t c) {
      mean[n * s.channels + c] = static_cast<float>(average);
      inverse_deviation[n * s.channels + c] = static_cast<float>(1 / std::sqrt((variance < 0 ? 0 : variance) + options.epsilon));
    });
  });
  for (std::int64_t n = 0; n < s.batch; ++n) {
    float* gain = memory.array(2, n);
    for (std::int64_t c = 0; c < s.channels; ++c) gain[c] = (scale ? scale[c] : 1) * inverse_deviation[n * s.channels + c];
    const float* from = x + n * s.voxels * s.x_stride;
    float* to = y + n * s.voxels * s.y_stride;
    divide(threads, s.voxels, [&](int, std::int64_t begin, std::int64_t end) {
      apply(from + begin * s.x_stride, end - begin, s.x_stride, s.channels, mean + n * s.channels, gain, biases,
            static_cast<float>(options.leaky_slope), to + begin * s.y_stride, s.y_stride);
    });
  }
}

void norm_backward(const NormalizationShape& shape, const NormalizationOptions& options, const float* x, const float* scale,
                   const float* bias, const float* mean, const float* inverse_deviation, const float* dy, float* dx, float* dscale,
                   float* dbias, void* workspace) {
  backward(shape, options, false, x, scale, bias, mean, inverse_deviation, dy, dx, dscale, dbias, workspace);
}

void norm_backward_from_output(const NormalizationShape& shape, const NormalizationOptions& options, const float* y, const float* scale,
                               const float* bias, const float* inverse_deviation, const float* dy, float* dx, float* dscale, float* dbias,
                               void* workspace) {
  backward(shape, options, true, y, scale, bias, nullptr, inverse_deviation, dy, dx, dscale, dbias, workspace);
}

void norm_apply(const NormalizationShape& given, const NormalizationOptions& options, const float* x, const float* scale, const float* bias,
                const float* mean, const float* inverse_deviation, float* y, void* workspace) {
  const NormalizationShape s = filled(given);
  const int threads = core::thread_count();
  const Memory memory(s, threads, workspace);
  float *gain = memory.array(0), *biases = memory.array(1);
  for (std::int64_t c = 0; c < s.channels; ++c) {
    gain[c] = (scale ? scale[c] : 1) * inverse_deviation[c];
    biases[c] = bias ? bias[c] : 0;
  }
  const auto apply = HWY_DYNAMIC_DISPATCH(NormalizationApply);
  divide(threads, s.batch * s.voxels, [&](int, std::int64_t begin, std::int64_t end) {
    apply(x + begin * s.x_stride, end - begin, s.x_stride, s.channels, mean, gain, biases, static_cast<float>(options.leaky_slope),
          y + begin * s.y_stride, s.y_stride);
  });
}

void instance_norm_forward(const NormalizationShape& shape, const NormalizationOptions& options, const float* x, const float* scale,
                           const float* bias, float* y, float* mean, float* inverse_deviation, void* workspace) {
  norm_forward(shape, of_instances(options), x, scale, bias, y, mean, inverse_deviation, workspace);
}

void instance_norm_backward(const NormalizationShape& shape, const NormalizationOptions& options, const float* x, const float* scale,
                            const float* bias, const float* mean, const float* inverse_deviation, const float* dy, float* dx, float* dscale,
                            float* dbias, void* workspace) {
  backward(shape, of_instances(options), false, x, scale, bias, mean, inverse_deviation, dy, dx, dscale, dbias, workspace);
}

void instance_norm_backward_from_output(const NormalizationShape& shape, const NormalizationOptions& options, const float* y,
                                        const float* scale, const float* bias, const float* inverse_deviation, const float* dy, float* dx,
                                        float* dscale, float* dbias, void* workspace) {
  backward(shape, of_instances(options), true, y, scale, bias, nullptr, inverse_deviation, dy, dx, dscale, dbias, workspace);
}

}  // namespace isocenter::kernels
#endif
