// Products of matrices.
#include "graph/operators/support.h"

namespace isocenter::graph {
namespace {

// MatMul as NumPy's matmul: leading dimensions broadcast; a vector is a row on the left and a column on the right, and that dimension goes
// away.
struct Product {
  Shape a, b, batch;  // a and b with at least two dimensions
  std::int64_t rows, inner, columns;
  bool drop_rows, drop_columns;
};

Product product_of(const NodeView& view) {
  require_rank(view, 0, 1, 8);
  require_rank(view, 1, 1, 8);
  if (view.value(0).type != view.value(1).type) view.refuse("the inputs are of different types");
  Product p;
  p.a = view.shape(0), p.b = view.shape(1);
  p.drop_rows = p.a.size() == 1, p.drop_columns = p.b.size() == 1;
  if (p.drop_rows) p.a.insert(p.a.begin(), 1);
  if (p.drop_columns) p.b.push_back(1);
  p.rows = p.a[p.a.size() - 2], p.inner = p.a.back(), p.columns = p.b.back();
  const std::int64_t inner = p.b[p.b.size() - 2];
  if (p.inner >= 0 && inner >= 0 && p.inner != inner) view.refuse("the inner sizes {} and {} differ", p.inner, inner);
  if (p.inner < 0) p.inner = inner;
  p.batch = broadcast(view, {p.a.begin(), p.a.end() - 2}, {p.b.begin(), p.b.end() - 2});
  return p;
}

std::vector<Value> matmul_shape(const NodeView& view) {
  const Product p = product_of(view);
  Shape shape = p.batch;
  if (!p.drop_rows) shape.push_back(p.rows);
  if (!p.drop_columns) shape.push_back(p.columns);
  return {{"", view.value(0).type, shape}};
}

double matmul_flop(const NodeView& view, std::span<const Value> outputs) {
  return 2 * count_of(outputs[0].shape) * count_of({product_of(view).inner});
}

std::vector<Array> matmul(const NodeView& view, std::span<const Value> outputs) {
  const Product p = product_of(view);
  Array result = zeros_like(outputs[0]);
  Array a = *view.known(0), b = *view.known(1);
  a.shape = {p.a.begin(), p.a.end() - 2}, b.shape = {p.b.begin(), p.b.end() - 2};
  const BroadcastReader left(a, p.batch), right(b, p.batch);
  for_each_index(p.batch, [&](const Shape& index, std::size_t flat) {
    const auto offset = [&](const BroadcastReader& reader) {
      return std::inner_product(index.begin(), index.end(), reader.steps.begin(), std::int64_t{0});
    };
    const double* x = view.known(0)->values.data() + offset(left) * p.rows * p.inner;
    const double* y = view.known(1)->values.data() + offset(right) * p.inner * p.columns;
    double* z = result.values.data() + static_cast<std::int64_t>(flat) * p.rows * p.columns;
    for (std::int64_t i = 0; i < p.rows; ++i)
      for (std::int64_t k = 0; k < p.inner; ++k)
        for (std::int64_t j = 0; j < p.columns; ++j) z[i * p.columns + j] += x[i * p.inner + k] * y[k * p.columns + j];
  });
  return {std::move(result)};
}

// Gemm: alpha * A' * B' + beta * C, where ' is a transposition when asked for and C broadcasts to the result.
struct Sizes {
  std::int64_t rows, inner, columns;
  bool flip_a, flip_b;
};

Sizes gemm_sizes(const NodeView& view) {
  require_floating(view);
  require_rank(view, 0, 2, 2);
  require_rank(view, 1, 2, 2);
  Sizes s;
  s.flip_a = integer(view.node(), "transA") != 0, s.flip_b = integer(view.node(), "transB") != 0;
  const Shape &a = view.shape(0), &b = view.shape(1);
  s.rows = a[s.flip_a ? 1 : 0], s.inner = a[s.flip_a ? 0 : 1], s.columns = b[s.flip_b ? 0 : 1];
  const std::int64_t inner = b[s.flip_b ? 1 : 0];
  if (s.inner >= 0 && inner >= 0 && s.inner != inner) view.refuse("the inner sizes {} and {} differ", s.inner, inner);
  if (s.inner < 0) s.inner = inner;
  return s;
}

std::vector<Value> gemm_shape(const NodeView& view) {
  const Sizes s = gemm_sizes(view);
  const Shape shape{s.rows, s.columns};
  if (view.has(2)) {
    const Shape whole = broadcast(view, view.shape(2), shape);
    if (whole.size() != 2 || (s.rows >= 0 && whole[0] != s.rows) || (s.columns >= 0 && whole[1] != s.columns))
      view.refuse("the added array does not broadcast to the result");
  }
  return {{"", view.value(0).type, shape}};
}

double gemm_flop(const NodeView& view, std::span<const Value> outputs) {
  return count_of(outputs[0].shape) * (2 * count_of({gemm_sizes(view).inner}) + (view.has(2) ? 1 : 0));
}

std::vector<Array> gemm(const NodeView& view, std::span<const Value> outputs) {
  const Sizes s = gemm_sizes(view);
  Array result = zeros_like(outputs[0]);
  const std::vector<double>&a = view.known(0)->values, &b = view.known(1)->values;
  const auto at = [](std::int64_t row, std::int64_t column, std::int64_t rows, std::int64_t columns, bool flip) {
    return static_cast<std::size_t>(flip ? column * rows + row : row * columns + column);
  };
  for (std::int64_t i = 0; i < s.rows; ++i)
    for (std::int64_t j = 0; j < s.columns; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < s.inner; ++k) sum += a[at(i, k, s.rows, s.inner, s.flip_a)] * b[at(k, j, s.inner, s.columns, s.flip_b)];
      result.values[static_cast<std::size_t>(i * s.columns + j)] = number(view.node(), "alpha") * sum;
    }
  if (view.has(2)) {
    const BroadcastReader added(*view.known(2), result.shape);
    for_each_index(result.shape,
                   [&](const Shape& index, std::size_t flat) { result.values[flat] += number(view.node(), "beta") * added(index); });
  }
  return {std::move(result)};
}

}  // namespace

std::vector<Operator> matrix_operators() {
  return {{.name = "MatMul", .least_inputs = 2, .most_inputs = 2, .shape = matmul_shape, .flop = matmul_flop, .evaluate = matmul},
          {.name = "Gemm",
           .least_inputs = 2,
           .most_inputs = 3,
           .attributes = {{.name = "alpha", .kind = AttributeKind::number, .otherwise = 1.0},
                          {.name = "beta", .kind = AttributeKind::number, .otherwise = 1.0},
                          {.name = "transA", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}},
                          {.name = "transB", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}}},
           .shape = gemm_shape,
           .flop = gemm_flop,
           .evaluate = gemm}};
}

}  // namespace isocenter::graph
