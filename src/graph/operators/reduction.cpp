// Reductions over axes, softmax along one axis, the place of the largest element.
#include <cmath>
#include <limits>
#include <set>

#include "graph/operators/support.h"

namespace isocenter::graph {
namespace {

AttributeRule integer_rule(std::string_view name, std::int64_t otherwise) {
  return {.name = name, .kind = AttributeKind::integer, .otherwise = otherwise};
}

// Axes come as attribute, or as second input (ReduceSum from opset 13). None given: all of them.
std::set<std::size_t> axes_of(const NodeView& view) {
  const std::size_t rank = view.rank(0);
  std::vector<std::int64_t> axes;
  if (view.has(1)) {
    const auto known = view.known_integers(1);
    if (!known) view.refuse("the axes depend on the data");
    axes = *known;
  } else {
    axes = view.node().integers("axes");
  }
  if (axes.empty() && view.node().op == "ReduceSum" && integer(view.node(), "noop_with_empty_axes") != 0) return {};
  std::set<std::size_t> result;
  for (const std::int64_t axis : axes) result.insert(static_cast<std::size_t>(view.axis(axis, rank)));
  if (axes.empty())
    for (std::size_t i = 0; i < rank; ++i) result.insert(i);
  return result;
}

std::vector<Value> reduced_shape(const NodeView& view) {
  const auto axes = axes_of(view);
  const bool keep = integer(view.node(), "keepdims") != 0;
  Value result{"", view.value(0).type, {}};
  for (std::size_t i = 0; i < view.rank(0); ++i) {
    if (!axes.contains(i))
      result.shape.push_back(view.shape(0)[i]);
    else if (keep)
      result.shape.push_back(1);
  }
  return {result};
}

double one_an_input_element(const NodeView& view, std::span<const Value>) { return count_of(view.shape(0)); }

std::vector<Array> reduce(const NodeView& view, std::span<const Value> outputs) {
  const std::string& op = view.node().op;
  const auto axes = axes_of(view);
  Array result = zeros_like(outputs[0]);
  const double start = op == "ReduceMax"    ? -std::numeric_limits<double>::infinity()
                       : op == "ReduceMin"  ? std::numeric_limits<double>::infinity()
                       : op == "ReduceProd" ? 1.0
                                            : 0.0;
  std::ranges::fill(result.values, start);
  const Shape& x = view.shape(0);
  Shape kept = x;  // result's shape with reduced axes kept as one, whatever keepdims says
  for (const std::size_t axis : axes) kept[axis] = 1;
  Shape steps = steps_of(kept);
  double count = 1;
  for (const std::size_t axis : axes) steps[axis] = 0, count *= static_cast<double>(x[axis]);
  for_each_index(x, [&](const Shape& index, std::size_t flat) {
    double& sum = result.values[static_cast<std::size_t>(std::inner_product(index.begin(), index.end(), steps.begin(), std::int64_t{0}))];
    const double value = view.known(0)->values[flat];
    if (op == "ReduceMax")
      sum = std::isnan(value) ? value : std::max(sum, value);
    else if (op == "ReduceMin")
      sum = std::isnan(value) ? value : std::min(sum, value);
    else if (op == "ReduceProd")
      sum *= value;
    else if (op == "ReduceL2")
      sum += value * value;
    else if (op == "ReduceL1")
      sum += std::fabs(value);
    else
      sum += value;
  });
  if (op == "ReduceMean")
    for (double& value : result.values) value = is_floating(result.type) ? value / count : std::trunc(value / count);
  if (op == "ReduceL2")
    for (double& value : result.values) value = std::sqrt(value);
  return {std::move(result)};
}

Operator reduction(std::string_view name) {
  Operator entry{
      .name = name, .attributes = {integer_rule("keepdims", 1)}, .shape = reduced_shape, .flop = one_an_input_element, .evaluate = reduce};
  if (name == "ReduceSum") {
    entry.most_inputs = 2;
    entry.attributes.push_back(integer_rule("noop_with_empty_axes", 0));
  } else {
    entry.attributes.push_back({.name = "axes", .kind = AttributeKind::integers});
  }
  return entry;
}

std::vector<Value> along_axis_shape(const NodeView& view) {
  require_floating(view);
  view.axis(integer(view.node(), "axis"), view.rank(0));
  return same_as_first(view);
}

// Maximum, subtract, exponential (counted as ten), sum, divide.
double softmax_flop(const NodeView&, std::span<const Value> outputs) { return 14 * count_of(outputs[0].shape); }

std::vector<Array> softmax(const NodeView& view, std::span<const Value> outputs) {
  Array result{outputs[0].type, outputs[0].shape, view.known(0)->values};
  const bool logarithm = view.node().op == "LogSoftmax";
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), result.shape.size()));
  const std::int64_t size = result.shape[axis], step = product(result.shape, axis + 1, result.shape.size());
  const std::int64_t rows = size == 0 ? 0 : static_cast<std::int64_t>(result.values.size()) / size;
  for (std::int64_t row = 0; row < rows; ++row) {
    double* first = result.values.data() + row / step * size * step + row % step;
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::int64_t i = 0; i < size; ++i) largest = std::max(largest, first[i * step]);
    for (std::int64_t i = 0; i < size; ++i) sum += std::exp(first[i * step] - largest);
    for (std::int64_t i = 0; i < size; ++i) {
      const double shifted = first[i * step] - largest;
      first[i * step] = logarithm ? shifted - std::log(sum) : std::exp(shifted) / sum;
    }
  }
  return {std::move(result)};
}

Operator along_axis(std::string_view name) {
  return {.name = name, .attributes = {integer_rule("axis", -1)}, .shape = along_axis_shape, .flop = softmax_flop, .evaluate = softmax};
}

std::vector<Value> arg_shape(const NodeView& view) {
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), view.rank(0)));
  Value result{"", DataType::i64, view.shape(0)};
  if (result.shape[axis] == 0) view.refuse("axis {} is empty", axis);
  if (integer(view.node(), "keepdims") != 0)
    result.shape[axis] = 1;
  else
    result.shape.erase(result.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  return {result};
}

std::vector<Array> arg(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const double sign = view.node().op == "ArgMax" ? 1 : -1;
  const bool last = integer(view.node(), "select_last_index") != 0;
  const Shape& x = view.shape(0);
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), x.size()));
  const std::int64_t size = x[axis], step = product(x, axis + 1, x.size());
  for (std::size_t row = 0; row < result.values.size(); ++row) {
    const auto place = static_cast<std::int64_t>(row);
    const double* first = view.known(0)->values.data() + place / step * size * step + place % step;
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < size; ++i) {
      const double difference = sign * (first[i * step] - first[best * step]);
      if (difference > 0 || (last && difference == 0)) best = i;
    }
    result.values[row] = static_cast<double>(best);
  }
  return {std::move(result)};
}

Operator arg_operator(std::string_view name) {
  return {.name = name,
          .attributes = {integer_rule("axis", 0), integer_rule("keepdims", 1), integer_rule("select_last_index", 0)},
          .shape = arg_shape,
          .flop = one_an_input_element,
          .evaluate = arg};
}

}  // namespace

std::vector<Operator> reduction_operators() {
  return {reduction("ReduceMean"),  reduction("ReduceSum"), reduction("ReduceMax"), reduction("ReduceMin"),
          reduction("ReduceProd"),  reduction("ReduceL1"),  reduction("ReduceL2"),  along_axis("Softmax"),
          along_axis("LogSoftmax"), arg_operator("ArgMax"), arg_operator("ArgMin")};
}

}  // namespace isocenter::graph
