#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/channel_functions.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>
#include <limits>

#include "core/parallel.h"
#include "kernels/activation.h"
#include "kernels/exponential_inl.h"
#include "kernels/softmax.h"
#include "kernels/vector_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE V Sigmoid(V x) {  // from exp(-|x|), which cannot overflow
  const V e = Exponential(hn::Neg(hn::Abs(x))), whole = hn::Div(Broadcast(1), hn::Add(Broadcast(1), e));
  return hn::IfThenElse(hn::Lt(x, Broadcast(0)), hn::Mul(e, whole), whole);
}

// Phi(x), the normal distribution's integral, and its density.
HWY_INLINE void Normal(V x, V& integral, V& density) {
  const V z = hn::Mul(hn::Abs(x), Broadcast(0.70710678118654752f)),
          t = hn::Div(Broadcast(1), hn::MulAdd(Broadcast(0.3275911f), z, Broadcast(1)));
  V p = Broadcast(1.061405429f);
  p = hn::MulAdd(p, t, Broadcast(-1.453152027f));
  p = hn::MulAdd(p, t, Broadcast(1.421413741f));
  p = hn::MulAdd(p, t, Broadcast(-0.284496736f));
  p = hn::MulAdd(p, t, Broadcast(0.254829592f));
  const V e = Exponential(hn::Neg(hn::Mul(z, z)));
  const V tail = hn::Mul(Broadcast(0.5f), hn::Mul(hn::Mul(p, t), e));  // 1 - Phi(|x|)
  integral = hn::IfThenElse(hn::Lt(x, Broadcast(0)), tail, hn::Sub(Broadcast(1), tail));
  density = hn::Mul(e, Broadcast(0.39894228040143268f));
}

HWY_INLINE V Forward(Activation activation, V slope, V x) {
  if (activation == Activation::leaky_relu) return hn::IfThenElse(hn::Gt(x, Broadcast(0)), x, hn::Mul(x, slope));
  if (activation == Activation::sigmoid) return Sigmoid(x);
  V integral, density;
  Normal(x, integral, density);
  return hn::Mul(x, integral);
}

HWY_INLINE V Derivative(Activation activation, V slope, V x) {
  if (activation == Activation::leaky_relu) return hn::IfThenElse(hn::Gt(x, Broadcast(0)), Broadcast(1), slope);
  if (activation == Activation::sigmoid) {
    const V s = Sigmoid(x);
    return hn::NegMulAdd(s, s, s);
  }
  V integral, density;
  Normal(x, integral, density);
  return hn::MulAdd(x, density, integral);
}

}  // namespace

void ActivationForward(Activation activation, float slope, const float* x, float* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += kLanes)
    StoreFirst(Forward(activation, Broadcast(slope), LoadFirst(x + i, count - i)), y + i, count - i);
}

void ActivationBackward(Activation activation, float slope, const float* x, const float* dy, float* dx, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += kLanes)
    StoreFirst(hn::Mul(LoadFirst(dy + i, count - i), Derivative(activation, Broadcast(slope), LoadFirst(x + i, count - i))), dx + i,
               count - i);
}

void Softmax(const float* x, std::int64_t voxels, std::int64_t channels, std::int64_t x_stride, float* y, std::int64_t y_stride) {
  const V lowest = Broadcast(-std::numeric_limits<float>::infinity());
  for (std::int64_t i = 0; i < voxels; ++i, x += x_stride, y += y_stride) {
    auto load = [&](std::int64_t c) HWY_ATTR {
      return channels - c >= kLanes
                 ? Load(x + c)
                 : hn::IfThenElse(hn::FirstN(FloatTag(), static_cast<std::size_t>(channels - c)), LoadFirst(x + c, channels - c), lowest);
    };
    V greatest = lowest;
    for (std::int64_t c = 0; c < channels; c += kLanes) greatest = hn::Max(greatest, load(c));
    greatest = hn::MaxOfLanes(FloatTag(), greatest);
    V sum = Broadcast(0);
    for (std::int64_t c = 0; c < channels; c += kLanes) {
      const V e = Exponential(hn::Sub(load(c), greatest));
      sum = hn::Add(sum, e);
      StoreFirst(e, y + c, channels - c);
    }
    const V inverse = hn::Div(Broadcast(1), hn::SumOfLanes(FloatTag(), sum));
    for (std::int64_t c = 0; c < channels; c += kLanes) StoreFirst(hn::Mul(LoadFirst(y + c, channels - c), inverse), y + c, channels - c);
  }
}

void SoftmaxBackward(const float* y, std::int64_t voxels, std::int64_t channels, std::int64_t y_stride, const float* dy,
                     std::int64_t dy_stride, float* dx, std::int64_t dx_stride) {
  for (std::int64_t i = 0; i < voxels; ++i, y += y_stride, dy += dy_stride, dx += dx_stride) {
    V sum = Broadcast(0);
    for (std::int64_t c = 0; c < channels; c += kLanes)
      sum = hn::MulAdd(LoadFirst(y + c, channels - c), LoadFirst(dy + c, channels - c), sum);
    sum = hn::SumOfLanes(FloatTag(), sum);
    for (std::int64_t c = 0; c < channels; c += kLanes)
      StoreFirst(hn::Mul(LoadFirst(y + c, channels - c), hn::Sub(LoadFirst(dy + c, channels - c), sum)), dx + c, channels - c);
  }
}

void Accumulate(const float* x, const float* weight, std::int64_t voxels, std::int64_t channels, std::int64_t x_stride, float* sum,
                std::int64_t sum_stride) {
  for (std::int64_t i = 0; i < voxels; ++i, x += x_stride, sum += sum_stride) {
    const V w = Broadcast(weight[i]);
    for (std::int64_t c = 0; c < channels; c += kLanes)
      StoreFirst(hn::MulAdd(w, LoadFirst(x + c, channels - c), LoadFirst(sum + c, channels - c)), sum + c, channels - c);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isocenter::kernels {

HWY_EXPORT(ActivationForward);
HWY_EXPORT(ActivationBackward);
HWY_EXPORT(Softmax);
HWY_EXPORT(SoftmaxBackward);
HWY_EXPORT(Accumulate);

namespace {
constexpr std::int64_t kGrain = 4096;  // values worth a thread
}

void activation_forward(Activation activation, float slope, const float* x, float* y, std::int64_t count) {
  const auto run = HWY_DYNAMIC_DISPATCH(ActivationForward);
  core::parallel_for(
      count, [&](std::int64_t begin, std::int64_t end) { run(activation, slope, x + begin, y + begin, end - begin); }, kGrain);
}

void activation_backward(Activation activation, float slope, const float* x, const float* dy, float* dx, std::int64_t count) {
  const auto run = HWY_DYNAMIC_DISPATCH(ActivationBackward);
  core::parallel_for(
      count, [&](std::int64_t begin, std::int64_t end) { run(activation, slope, x + begin, dy + begin, dx + begin, end - begin); }, kGrain);
}

void softmax(const float* x, std::int64_t voxels, std::int64_t channels, std::int64_t x_stride, float* y, std::int64_t y_stride) {
  const auto run = HWY_DYNAMIC_DISPATCH(Softmax);
  const std::int64_t xs = x_stride ? x_stride : channels, ys = y_stride ? y_stride : channels;
  core::parallel_for(
      voxels, [&](std::int64_t begin, std::int64_t end) { run(x + begin * xs, end - begin, channels, xs, y + begin * ys, ys); },
      std::max<std::int64_t>(1, kGrain / channels));
}

void softmax_backward(const float* y, std::int64_t voxels, std::int64_t channels, std::int64_t y_stride, const float* dy,
                      std::int64_t dy_stride, float* dx, std::int64_t dx_stride) {
  const auto run = HWY_DYNAMIC_DISPATCH(SoftmaxBackward);
  const std::int64_t ys = y_stride ? y_stride : channels, ds = dy_stride ? dy_stride : channels, xs = dx_stride ? dx_stride : channels;
  core::parallel_for(
      voxels,
      [&](std::int64_t begin, std::int64_t end) {
        run(y + begin * ys, end - begin, channels, ys, dy + begin * ds, ds, dx + begin * xs, xs);
      },
      std::max<std::int64_t>(1, kGrain / channels));
}

void argmax(const float* x, std::int64_t voxels, std::int64_t channels, std::int64_t x_stride, std::uint16_t* labels) {
  const std::int64_t stride = x_stride ? x_stride : channels;
  core::parallel_for(
      voxels,
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const float* p = x + i * stride;
          float best = -std::numeric_limits<float>::infinity();
          std::int64_t label = 0;
          for (std::int64_t c = 0; c < channels; ++c)
            if (p[c] > best) best = p[c], label = c;
          labels[i] = static_cast<std::uint16_t>(label);
        }
      },
      std::max<std::int64_t>(1, kGrain / channels));
}

void accumulate(const float* x, const float* weight, std::int64_t voxels, std::int64_t channels, std::int64_t x_stride, float* sum,
                std::int64_t sum_stride) {
  const auto run = HWY_DYNAMIC_DISPATCH(Accumulate);
  const std::int64_t xs = x_stride ? x_stride : channels, ss = sum_stride ? sum_stride : channels;
  core::parallel_for(
      voxels,
      [&](std::int64_t begin, std::int64_t end) { run(x + begin * xs, weight + begin, end - begin, channels, xs, sum + begin * ss, ss); },
      std::max<std::int64_t>(1, kGrain / channels));
}

}  // namespace isocenter::kernels
#endif
