#include "engine/operators/activation.h"

#include "core/parallel.h"
#include "engine/operators/vector_loops.h"

namespace isocenter::engine {
namespace {

ISOCENTER_VECTOR_LOOPS void leaky(float* values, std::int64_t count, float slope) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) values[i] = values[i] < 0 ? values[i] * slope : values[i];
}

ISOCENTER_VECTOR_LOOPS void clip(float* values, std::int64_t count, float low, float high) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) {
    const float raised = values[i] < low ? low : values[i];
    values[i] = raised > high ? high : raised;
  }
}

ISOCENTER_VECTOR_LOOPS void sigmoid(float* values, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) values[i] = 1.0f / (1.0f + fast_exp(-values[i]));
}

ISOCENTER_VECTOR_LOOPS void swish(float* values, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) values[i] = values[i] / (1.0f + fast_exp(-values[i]));
}

}  // namespace

void activate(float* values, std::int64_t count, const Activation& activation) {
  switch (activation.kind) {
    case Activation::Kind::none:
      return;
    case Activation::Kind::relu:
      return leaky(values, count, 0.0f);
    case Activation::Kind::leaky_relu:
      return leaky(values, count, activation.alpha);
    case Activation::Kind::clip:
      return clip(values, count, activation.alpha, activation.beta);
    case Activation::Kind::sigmoid:
      return sigmoid(values, count);
    case Activation::Kind::swish:
      return swish(values, count);
  }
}

void activate_all(float* values, std::int64_t count, const Activation& activation) {
  if (activation.kind == Activation::Kind::none) return;
  core::parallel_for(
      count, [&](std::int64_t begin, std::int64_t end) { activate(values + begin, end - begin, activation); }, 16384);
}

}  // namespace isocenter::engine
