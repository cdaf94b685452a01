#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dice_cross_entropy.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/convolution_kernel.h"
#include "kernels/dice_cross_entropy_passes.h"
#include "kernels/exponential_inl.h"
#include "kernels/loss.h"
#include "kernels/vector_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {

// Softmax of each voxel, written to `probabilities` where there is room for it, and the sums that cross-entropy and Dice are made of.
void LossSums(const LossPass& pass, const float* logits, float* probabilities, const std::int32_t* labels, std::int64_t count,
              LossTotals totals) {
  const std::int64_t classes = pass.classes, vectors = (classes + kLanes - 1) / kLanes, last = classes - (vectors - 1) * kLanes;
  const auto exists = hn::FirstN(FloatTag(), static_cast<std::size_t>(last));
  const V lowest = Broadcast(-std::numeric_limits<float>::infinity());
  constexpr std::int64_t kPiece = 256;
  for (std::int64_t begin = 0; begin < count; begin += kPiece) {
    const std::int64_t end = std::min(count, begin + kPiece);
    std::fill(totals.piece, totals.piece + vectors * kLanes, 0.f);
    for (std::int64_t i = begin; i < end; ++i) {
      const float* z = logits + i * pass.logits_stride;
      float* e = totals.voxel;
      V greatest = lowest;
      for (std::int64_t v = 0; v + 1 < vectors; ++v) greatest = hn::Max(greatest, Load(z + v * kLanes));
      const V tail = hn::IfThenElse(exists, LoadFirst(z + (vectors - 1) * kLanes, last), lowest);
      greatest = hn::MaxOfLanes(FloatTag(), hn::Max(greatest, tail));
      V sum = Broadcast(0);
      for (std::int64_t v = 0; v < vectors; ++v) {
        const V p = Exponential(hn::Sub(v + 1 < vectors ? Load(z + v * kLanes) : tail, greatest));
        sum = hn::Add(sum, p);
        Store(p, e + v * kLanes);
      }
      const float whole = hn::GetLane(hn::SumOfLanes(FloatTag(), sum));
      const std::int32_t label = labels[i];
      const bool counted = label >= 0;
      if (counted || probabilities) {
        const V inverse = Broadcast(1 / whole);
        for (std::int64_t v = 0; v < vectors; ++v) {
          const V p = hn::Mul(Load(e + v * kLanes), inverse);
          if (counted) Store(hn::Add(Load(totals.piece + v * kLanes), p), totals.piece + v * kLanes);
          if (probabilities) StoreFirst(p, probabilities + i * pass.gradient_stride + v * kLanes, v + 1 < vectors ? kLanes : last);
        }
      }
      if (counted) {
        totals.intersection[label] += double{e[label] / whole};
        totals.truth[label] += 1;
        // -log p from the logits themselves, so that a probability that underflows keeps its loss.
        totals.negative_log[label] += double{hn::GetLane(greatest)} + std::log(double{whole}) - double{z[label]};
      }
    }
    for (std::int64_t c = 0; c < classes; ++c) totals.predicted[c] += double{totals.piece[c]};
  }
}

// In place: probabilities become the gradient. With g = dL/dp of the Dice term, g_k = constant_k + [k = l] at_label_l:
// dz_k = p_k (g_k - sum_j p_j g_j) + entropy_l (p_k - [k = l]).
void LossGradient(const LossPass& pass, float* gradient, const std::int32_t* labels, std::int64_t count, const float* constant,
                  const float* at_label, const float* entropy) {
  const std::int64_t classes = pass.classes, vectors = (classes + kLanes - 1) / kLanes, last = classes - (vectors - 1) * kLanes;
  for (std::int64_t i = 0; i < count; ++i) {
    float* p = gradient + i * pass.gradient_stride;
    const std::int32_t label = labels[i];
    if (label < 0) {
      std::fill(p, p + classes, 0.f);
      continue;
    }
    V products = Broadcast(0);
    for (std::int64_t v = 0; v < vectors; ++v)  // `constant` is padded with zeros, and so are the lanes that do not exist
      products = hn::MulAdd(LoadFirst(p + v * kLanes, v + 1 < vectors ? kLanes : last), Load(constant + v * kLanes), products);
    const float mean = hn::GetLane(hn::SumOfLanes(FloatTag(), products)) + p[label] * at_label[label];
    const float extra = p[label] * at_label[label] - entropy[label];
    const V shift = Broadcast(entropy[label] - mean);
    for (std::int64_t v = 0; v < vectors; ++v) {
      const std::int64_t lanes = v + 1 < vectors ? kLanes : last;
      StoreFirst(hn::Mul(LoadFirst(p + v * kLanes, lanes), hn::Add(Load(constant + v * kLanes), shift)), p + v * kLanes, lanes);
    }
    p[label] += extra;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isocenter::kernels {

HWY_EXPORT(LossSums);
HWY_EXPORT(LossGradient);

namespace {

constexpr std::int64_t kWidest = 16;  // lanes of the widest vector

std::size_t padded_classes(const LossShape& shape) { return static_cast<std::size_t>((shape.classes + kWidest - 1) / kWidest * kWidest); }

// The workspace of a call.
struct Memory {
  Memory(const LossShape& shape, int threads, void* workspace) : padded(padded_classes(shape)), threads(threads) {
    const std::size_t batch = static_cast<std::size_t>(shape.batch);
    doubles = static_cast<double*>(workspace);
    floats = reinterpret_cast<float*>(doubles + sums_of_a_voxel * padded * batch * static_cast<std::size_t>(threads));
    labels = reinterpret_cast<std::int32_t*>(floats + (2 * static_cast<std::size_t>(threads) + gradient_arrays) * padded);
  }
  static std::size_t bytes(const LossShape& shape, int threads) {
    const std::size_t padded = padded_classes(shape), many = static_cast<std::size_t>(threads);
    return align_up(padded * (sums_of_a_voxel * sizeof(double) * static_cast<std::size_t>(shape.batch) * many +
                              (2 * many + gradient_arrays) * sizeof(float)) +
                    static_cast<std::size_t>(shape.batch * shape.voxels) * sizeof(std::int32_t));
  }
  double* sums(std::int64_t n, int thread) const {
    return doubles +
           sums_of_a_voxel * padded * (static_cast<std::size_t>(n) * static_cast<std::size_t>(threads) + static_cast<std::size_t>(thread));
  }
  LossTotals totals(std::int64_t n, int thread) const {
    double* at = sums(n, thread);
    float* own = floats + (2 * static_cast<std::size_t>(thread) + gradient_arrays) * padded;
    return {at, at + padded, at + 2 * padded, at + 3 * padded, own, own + padded};
  }
  float* array(int i) const { return floats + static_cast<std::size_t>(i) * padded; }

  static constexpr std::size_t sums_of_a_voxel = 4, gradient_arrays = 3;
  std::size_t padded;
  int threads;
  double* doubles;
  float* floats;
  std::int32_t* labels;
};

// Labels as 32-bit numbers, the ignored ones -1. Returns the place of the first label that is no class, or -1.
template <class Label>
std::int64_t read_labels(const Label* labels, std::int64_t count, std::int64_t classes, std::optional<int> ignore, std::int32_t* to) {
  std::int64_t wrong = -1;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t label = static_cast<std::int64_t>(labels[i]);
    if (ignore && label == *ignore) {
      to[i] = -1;
    } else if (label < 0 || label >= classes) {
      to[i] = -1;
      if (wrong < 0) wrong = i;
    } else {
      to[i] = static_cast<std::int32_t>(label);
    }
  }
  return wrong;
}

}  // namespace

std::size_t dice_cross_entropy_workspace_bytes(const LossShape& shape) { return Memory::bytes(shape, core::thread_count()); }

template <class Label>
LossValue dice_cross_entropy(const LossShape& shape, const DiceCrossEntropyOptions& options, const float* logits, const Label* labels,
                             float* gradient, double gradient_scale, void* workspace) {
  const int threads = core::thread_count();
  const std::int64_t classes = shape.classes, voxels = shape.voxels, batch = shape.batch;
  LossPass pass{.classes = classes, .logits_stride = shape.logits_stride ? shape.logits_stride : classes, .gradient_stride = 0};
  pass.gradient_stride = shape.gradient_stride ? shape.gradient_stride : pass.logits_stride;
  const Memory memory(shape, threads, workspace);
  if (std::int64_t wrong = read_labels(labels, batch * voxels, classes, options.ignore_label, memory.labels); wrong >= 0)
    throw core::InputError("label {} at voxel {}: the network has {} classes{}", static_cast<std::int64_t>(labels[wrong]), wrong, classes,
                           options.ignore_label ? " and another label is ignored" : "");

  const auto sums = HWY_DYNAMIC_DISPATCH(LossSums);
  for (std::int64_t n = 0; n < batch; ++n)
    divide(threads, voxels, [&](int thread, std::int64_t begin, std::int64_t end) {
      const std::int64_t first = n * voxels + begin;
      std::fill(memory.sums(n, thread), memory.sums(n, thread) + Memory::sums_of_a_voxel * memory.padded, 0.0);
      sums(pass, logits + first * pass.logits_stride, gradient ? gradient + first * pass.gradient_stride : nullptr, memory.labels + first,
           end - begin, memory.totals(n, thread));
    });
  // Everything into the sums of thread 0, in the order of the threads; into those of the first of the batch too where Dice is of the whole
  // batch.
  double entropy = 0, weight = 0;
  auto class_weight = [&](std::int64_t c) { return options.class_weights ? double{options.class_weights[c]} : 1.0; };
  for (std::int64_t n = 0; n < batch; ++n) {
    for (int thread = 1; thread < threads; ++thread)
      for (std::size_t i = 0; i < Memory::sums_of_a_voxel * memory.padded; ++i) memory.sums(n, 0)[i] += memory.sums(n, thread)[i];
    const LossTotals total = memory.totals(n, 0);
    for (std::int64_t c = 0; c < classes; ++c) {
      entropy += class_weight(c) * total.negative_log[c];
      weight += class_weight(c) * total.truth[c];
    }
    if (options.batch_dice && n > 0)
      for (std::size_t i = 0; i < Memory::sums_of_a_voxel * memory.padded; ++i) memory.sums(0, 0)[i] += memory.sums(n, 0)[i];
  }

  const std::int64_t groups = options.batch_dice ? 1 : batch, first_class = options.dice_of_background ? 0 : 1;
  const double terms = static_cast<double>(groups * (classes - first_class));
  LossValue value;
  value.cross_entropy = weight > 0 ? entropy / weight : std::isnan(entropy) ? entropy : 0;
  float *constant = memory.array(0), *at_label = memory.array(1), *entropy_scale = memory.array(2);
  for (std::int64_t c = 0; c < classes; ++c)
    entropy_scale[c] = static_cast<float>(weight > 0 ? gradient_scale * options.cross_entropy_weight * class_weight(c) / weight : 0);
  const auto finish = HWY_DYNAMIC_DISPATCH(LossGradient);
  for (std::int64_t group = 0; group < groups; ++group) {
    const LossTotals total = memory.totals(group, 0);
    std::fill(constant, constant + memory.padded, 0.f);
    std::fill(at_label, at_label + memory.padded, 0.f);
    for (std::int64_t c = first_class; c < classes; ++c) {
      const double numerator = 2 * total.intersection[c] + options.smooth, sum = total.predicted[c] + total.truth[c] + options.smooth;
      const double denominator = sum < 1e-8 ? 1e-8 : sum, factor = gradient_scale * options.dice_weight / terms;
      value.dice -= numerator / denominator / terms;
      constant[c] = static_cast<float>(sum < 1e-8 ? 0 : factor * numerator / (denominator * denominator));
      at_label[c] = static_cast<float>(-factor * 2 / denominator);
    }
    if (!gradient) continue;
    const std::int64_t images = options.batch_dice ? batch : 1;
    divide(threads, images * voxels, [&](int, std::int64_t begin, std::int64_t end) {
      const std::int64_t first = group * voxels + begin;
      finish(pass, gradient + first * pass.gradient_stride, memory.labels + first, end - begin, constant, at_label, entropy_scale);
    });
  }
  value.total = options.cross_entropy_weight * value.cross_entropy + options.dice_weight * value.dice;
  return value;
}

template LossValue dice_cross_entropy(const LossShape&, const DiceCrossEntropyOptions&, const float*, const std::uint8_t*, float*, double,
                                      void*);
template LossValue dice_cross_entropy(const LossShape&, const DiceCrossEntropyOptions&, const float*, const std::uint16_t*, float*, double,
                                      void*);
template LossValue dice_cross_entropy(const LossShape&, const DiceCrossEntropyOptions&, const float*, const std::int64_t*, float*, double,
                                      void*);

}  // namespace isocenter::kernels
#endif
