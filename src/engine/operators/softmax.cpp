// Softmax along one axis: the last in memory with rows in cache, any other through steps.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/parallel.h"
#include "engine/operators/makers.h"
#include "engine/operators/vector_loops.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

ISOCENTER_VECTOR_LOOPS void softmax_row(const float* x, float* y, std::int64_t count) {
  float largest = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : largest)
  for (std::int64_t i = 0; i < count; ++i) largest = x[i] > largest ? x[i] : largest;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < count; ++i) {
    const float value = fast_exp(x[i] - largest);
    y[i] = value;
    sum += value;
  }
  const float factor = 1.0f / sum;
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) y[i] *= factor;
}

void softmax_steps(const float* x, float* y, std::int64_t count, std::int64_t step) {
  float largest = x[0], sum = 0;
  for (std::int64_t i = 1; i < count; ++i) largest = std::max(largest, x[i * step]);
  for (std::int64_t i = 0; i < count; ++i) sum += y[i * step] = std::exp(x[i * step] - largest);
  for (std::int64_t i = 0; i < count; ++i) y[i * step] /= sum;
}

}  // namespace

Candidate make_softmax(const Program& program, const Operation& operation) {
  const int x = operation.inputs[0], y = operation.outputs[0];
  const Tensor& tensor = program.tensor(x);
  const int rank = static_cast<int>(tensor.shape.size());
  const int axis = static_cast<int>(graph::integer(operation.node, "axis"));
  const graph::Shape shape = tensor.memory_shape();
  const auto position = static_cast<std::size_t>(tensor.memory_axis(axis < 0 ? axis + rank : axis));
  const std::int64_t count = shape[position];
  std::int64_t step = 1;
  for (std::size_t i = position + 1; i < shape.size(); ++i) step *= shape[i];
  const std::int64_t lines = tensor.count() / std::max<std::int64_t>(1, count);
  return plain_kernel("own", [=](const Frame& frame) {
    const float* source = frame.floats(x);
    float* target = frame.floats(y);
    core::parallel_for(
        lines,
        [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t line = begin; line < end; ++line) {
            const std::int64_t offset = line / step * step * count + line % step;
            if (step == 1)
              softmax_row(source + offset, target + offset, count);
            else
              softmax_steps(source + offset, target + offset, count, step);
          }
        },
        std::max<std::int64_t>(1, 4096 / std::max<std::int64_t>(1, count)));
  });
}

}  // namespace isocenter::engine
