// Operations on single values: of one operand, and of two with broadcasting.
#include <array>
#include <cmath>
#include <vector>

#include "core/parallel.h"
#include "engine/operators/activation.h"
#include "engine/operators/channel_affine.h"
#include "engine/operators/makers.h"
#include "engine/operators/vector_loops.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

using Unary = void (*)(const float* x, float* y, std::int64_t count);

template <float (*Function)(float)>
void each(const float* x, float* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = Function(x[i]);
}

float square_root(float x) { return std::sqrt(x); }
float error_function(float x) { return std::erf(x); }
float hyperbolic_tangent(float x) { return std::tanh(x); }
float exponential(float x) { return std::exp(x); }
float logarithm(float x) { return std::log(x); }
float absolute(float x) { return std::fabs(x); }
float negative(float x) { return -x; }
float sine(float x) { return std::sin(x); }
float cosine(float x) { return std::cos(x); }
float reciprocal(float x) { return 1.0f / x; }
float softplus(float x) { return x > 20.0f ? x : std::log1p(std::exp(x)); }
float gelu(float x) { return 0.5f * x * (1.0f + std::erf(x * 0.70710678118654752f)); }

Unary unary_function(const std::string& op) {
  if (op == "Sqrt") return each<square_root>;
  if (op == "Erf") return each<error_function>;
  if (op == "Tanh") return each<hyperbolic_tangent>;
  if (op == "Exp") return each<exponential>;
  if (op == "Log") return each<logarithm>;
  if (op == "Abs") return each<absolute>;
  if (op == "Neg") return each<negative>;
  if (op == "Sin") return each<sine>;
  if (op == "Cos") return each<cosine>;
  if (op == "Reciprocal") return each<reciprocal>;
  if (op == "Softplus") return each<softplus>;
  return nullptr;
}

// Those that the fusing pass knows as activations, where nothing took them.
bool as_activation(const Program& program, const Operation& operation, Activation& activation) {
  const auto scalar = [&](std::size_t input, float otherwise, bool& known) {
    if (!operation.has(input)) return otherwise;
    const Tensor& tensor = program.tensor(operation.inputs[input]);
    known = known && tensor.is_constant() && tensor.count() == 1;
    return tensor.is_constant() && tensor.count() == 1 ? tensor.floats()[0] : otherwise;
  };
  if (operation.op() == "Relu") activation = {Activation::Kind::relu};
  if (operation.op() == "LeakyRelu")
    activation = {Activation::Kind::leaky_relu, static_cast<float>(graph::number(operation.node, "alpha"))};
  if (operation.op() == "Sigmoid") activation = {Activation::Kind::sigmoid};
  if (operation.op() == "Clip") {
    bool known = true;
    activation = {Activation::Kind::clip, scalar(1, -INFINITY, known), scalar(2, INFINITY, known)};
    return known;
  }
  return activation.kind != Activation::Kind::none;
}

enum class Arithmetic { add, subtract, multiply, divide };

template <Arithmetic kind>
inline __attribute__((always_inline)) float combine(float a, float b) {
  if constexpr (kind == Arithmetic::add) return a + b;
  if constexpr (kind == Arithmetic::subtract) return a - b;
  if constexpr (kind == Arithmetic::multiply) return a * b;
  if constexpr (kind == Arithmetic::divide) return a / b;
}

// Steps 0 or 1 along the row.
template <Arithmetic kind>
inline __attribute__((always_inline)) void combine_row(const float* a, std::int64_t a_step, const float* b, std::int64_t b_step, float* y,
                                                       std::int64_t count) {
  if (a_step == 1 && b_step == 1) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) y[i] = combine<kind>(a[i], b[i]);
  } else if (a_step == 1) {
    const float right = *b;
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) y[i] = combine<kind>(a[i], right);
  } else {
    const float left = *a;
    for (std::int64_t i = 0; i < count; ++i) y[i] = combine<kind>(left, b[i * b_step]);
  }
}

ISOCENTER_VECTOR_LOOPS void combine_any(Arithmetic kind, const float* a, std::int64_t a_step, const float* b, std::int64_t b_step, float* y,
                                        std::int64_t count) {
  switch (kind) {
    case Arithmetic::add:
      return combine_row<Arithmetic::add>(a, a_step, b, b_step, y, count);
    case Arithmetic::subtract:
      return combine_row<Arithmetic::subtract>(a, a_step, b, b_step, y, count);
    case Arithmetic::multiply:
      return combine_row<Arithmetic::multiply>(a, a_step, b, b_step, y, count);
    case Arithmetic::divide:
      return combine_row<Arithmetic::divide>(a, a_step, b, b_step, y, count);
  }
}

// The output's axes as few as they can be: neighbours along which both operands go on evenly, or both stand still, are one.
struct BroadcastWalk {
  std::vector<std::int64_t> sizes, a_steps, b_steps;  // slowest first
};

BroadcastWalk broadcast_walk(const graph::Shape& output, const graph::Shape& a, const graph::Shape& b) {
  const auto steps = [&](const graph::Shape& shape) {
    std::vector<std::int64_t> result(output.size(), 0);
    std::int64_t step = 1;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const std::size_t from_end = shape.size() - 1 - i;
      if (shape[from_end] != 1) result[output.size() - 1 - i] = step;
      step *= shape[from_end];
    }
    return result;
  };
  const auto a_all = steps(a), b_all = steps(b);
  BroadcastWalk walk;
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (output[i] == 1) continue;
    if (!walk.sizes.empty() && walk.a_steps.back() == a_all[i] * output[i] && walk.b_steps.back() == b_all[i] * output[i]) {
      walk.sizes.back() *= output[i];
      walk.a_steps.back() = a_all[i];
      walk.b_steps.back() = b_all[i];
    } else {
      walk.sizes.push_back(output[i]);
      walk.a_steps.push_back(a_all[i]);
      walk.b_steps.push_back(b_all[i]);
    }
  }
  if (walk.sizes.empty()) walk = {{1}, {0}, {0}};
  return walk;
}

}  // namespace

Candidate make_unary(const Program& program, const Operation& operation) {
  const int x = operation.inputs[0], y = operation.outputs[0];
  const Tensor& tensor = program.tensor(x);
  if (tensor.type != graph::DataType::f32 || program.tensor(y).type != graph::DataType::f32) return refused("integers");
  const std::int64_t count = tensor.count();
  Activation activation;
  if (as_activation(program, operation, activation))
    return plain_kernel("own", [=](const Frame& frame) {
      core::parallel_for(
          count,
          [&](std::int64_t begin, std::int64_t end) {
            float* target = frame.floats(y) + begin;
            if (x != y && frame.floats(x) != frame.floats(y)) std::copy(frame.floats(x) + begin, frame.floats(x) + end, target);
            activate(target, end - begin, activation);
          },
          16384);
    });
  Unary function = unary_function(operation.op());
  if (operation.op() == "Gelu" && operation.node.text("approximate", "none") == "none") function = each<gelu>;
  if (!function) return refused("no own loop for it");
  return plain_kernel("own", [=](const Frame& frame) {
    core::parallel_for(
        count, [&](std::int64_t begin, std::int64_t end) { function(frame.floats(x) + begin, frame.floats(y) + begin, end - begin); },
        4096);
  });
}

Candidate make_binary(const Program& program, const Operation& operation) {
  const int a = operation.inputs[0], b = operation.inputs[1], y = operation.outputs[0];
  for (int operand : {a, b, y})
    if (program.tensor(operand).type != graph::DataType::f32) return refused("integers");
  const std::string& op = operation.op();
  const Arithmetic kind = op == "Add"   ? Arithmetic::add
                          : op == "Sub" ? Arithmetic::subtract
                          : op == "Mul" ? Arithmetic::multiply
                                        : Arithmetic::divide;
  const graph::Shape output = program.tensor(y).memory_shape();
  const BroadcastWalk walk = broadcast_walk(output, program.tensor(a).memory_shape(), program.tensor(b).memory_shape());
  const std::int64_t row = walk.sizes.back(), a_step = walk.a_steps.back(), b_step = walk.b_steps.back();
  const std::int64_t rows = program.tensor(y).count() / std::max<std::int64_t>(1, row);
  const Activation activation = operation.activation;
  const auto run_piece = [=](const Frame& frame, std::int64_t r, std::int64_t begin, std::int64_t end) {
    std::int64_t a_offset = 0, b_offset = 0, rest = r;
    for (std::size_t axis = walk.sizes.size() - 1; axis-- > 0;) {
      const std::int64_t position = rest % walk.sizes[axis];
      rest /= walk.sizes[axis];
      a_offset += position * walk.a_steps[axis];
      b_offset += position * walk.b_steps[axis];
    }
    float* target = frame.floats(y) + r * row + begin;
    combine_any(kind, frame.floats(a) + a_offset + begin * a_step, a_step, frame.floats(b) + b_offset + begin * b_step, b_step, target,
                end - begin);
    activate(target, end - begin, activation);
  };
  if (rows == 1)
    return plain_kernel("own", [=](const Frame& frame) {
      core::parallel_for(
          row, [&](std::int64_t begin, std::int64_t end) { run_piece(frame, 0, begin, end); }, 16384);
    });
  return plain_kernel("own", [=](const Frame& frame) {
    core::parallel_for(
        rows,
        [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t r = begin; r < end; ++r) run_piece(frame, r, 0, row);
        },
        std::max<std::int64_t>(1, 16384 / row));
  });
}

}  // namespace isocenter::engine
