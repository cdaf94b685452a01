// Gemm and MatMul on oneDNN's matrix product.
#include <dnnl.hpp>
#include <vector>

#include "core/parallel.h"
#include "engine/operators/activation.h"
#include "engine/operators/makers.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

// y(rows x columns) = a(rows x depth) b(depth x columns) + beta y, all row after row; `a_turned`: a lies as depth x rows, `b_turned`
// likewise.
void product(const float* a, bool a_turned, const float* b, bool b_turned, float* y, std::int64_t rows, std::int64_t columns,
             std::int64_t depth, float alpha, float beta) {
  if (rows == 0 || columns == 0) return;
  dnnl_sgemm(a_turned ? 'T' : 'N', b_turned ? 'T' : 'N', rows, columns, depth, alpha, a, a_turned ? rows : depth, b,
             b_turned ? depth : columns, beta, y, columns);
}

std::int64_t broadcast_offset(const graph::Shape& shape, const graph::Shape& batch, std::int64_t number, std::int64_t matrix) {
  // `shape` without its last two axes, seen against `batch` from the last axis on.
  std::int64_t offset = 0, step = matrix;
  const std::size_t own = shape.size() - 2;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::int64_t position = number % batch[batch.size() - 1 - i];
    number /= batch[batch.size() - 1 - i];
    if (i >= own) continue;
    const std::int64_t size = shape[own - 1 - i];
    if (size != 1) offset += position * step;
    step *= size;
  }
  return offset;
}

}  // namespace

Candidate make_gemm(const Program& program, const Operation& operation) {
  const int a = operation.inputs[0], b = operation.inputs[1], y = operation.outputs[0];
  const int c = operation.has(2) ? operation.inputs[2] : -1;
  const bool a_turned = graph::integer(operation.node, "transA") != 0, b_turned = graph::integer(operation.node, "transB") != 0;
  const auto alpha = static_cast<float>(graph::number(operation.node, "alpha")),
             beta = static_cast<float>(graph::number(operation.node, "beta"));
  const graph::Shape& output = program.tensor(y).shape;
  if (program.tensor(y).type != graph::DataType::f32) return refused("integers");
  const std::int64_t rows = output[0], columns = output[1], depth = program.tensor(a).shape[a_turned ? 0 : 1];
  graph::Shape addend = c < 0 ? graph::Shape{} : program.tensor(c).shape;
  while (addend.size() < 2) addend.insert(addend.begin(), 1);
  const Activation activation = operation.activation;
  return plain_kernel("onednn sgemm", [=](const Frame& frame) {
    float* target = frame.floats(y);
    if (c >= 0)
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t k = 0; k < columns; ++k)
          target[r * columns + k] = frame.floats(c)[(addend[0] == 1 ? 0 : r) * addend[1] + (addend[1] == 1 ? 0 : k)];
    product(frame.floats(a), a_turned, frame.floats(b), b_turned, target, rows, columns, depth, alpha, c >= 0 ? beta : 0.0f);
    activate_all(target, rows * columns, activation);
  });
}

Candidate make_matrix_product(const Program& program, const Operation& operation) {
  const int a = operation.inputs[0], b = operation.inputs[1], y = operation.outputs[0];
  const graph::Shape left = program.tensor(a).shape, right = program.tensor(b).shape;
  if (left.size() < 2 || right.size() < 2) return refused("a vector");
  if (program.tensor(y).type != graph::DataType::f32) return refused("integers");
  const std::int64_t depth = left.back(), columns = right.back();
  std::int64_t rows = left[left.size() - 2], batches = program.tensor(y).count() / std::max<std::int64_t>(1, rows * columns);
  graph::Shape batch(program.tensor(y).shape.begin(), program.tensor(y).shape.end() - 2);
  if (right.size() == 2) {  // one matrix for all: the rows of every batch in one product
    rows *= batches;
    batches = 1;
    batch.clear();
  }
  return plain_kernel("onednn sgemm", [=](const Frame& frame) {
    for (std::int64_t n = 0; n < batches; ++n) {
      const std::int64_t a_offset = batch.empty() ? 0 : broadcast_offset(left, batch, n, rows * depth);
      const std::int64_t b_offset = batch.empty() ? 0 : broadcast_offset(right, batch, n, depth * columns);
      product(frame.floats(a) + a_offset, false, frame.floats(b) + b_offset, false, frame.floats(y) + n * rows * columns, rows, columns,
              depth, 1.0f, 0.0f);
    }
  });
}

}  // namespace isocenter::engine
