// Operators on shapes and places: what exported networks compute their sizes and look up their tables with.
#include <cmath>

#include "graph/operators/support.h"

namespace isocenter::graph {
namespace {

// A place along an axis, where negative counts from the end; checked.
std::int64_t place(const NodeView& view, std::int64_t index, std::int64_t size) {
  if (index < -size || index >= size) view.refuse("index {} is out of range for size {}", index, size);
  return index < 0 ? index + size : index;
}

void require_integers(const NodeView& view, std::size_t input) {
  const DataType type = view.value(input).type;
  if (type != DataType::i64 && type != DataType::i32) view.refuse("input {} is of type {}, not integers", input, name_of(type));
}

// ---- Shape, Size

// start and end cut the list of sizes, negative ones count from its end.
std::pair<std::int64_t, std::int64_t> shape_range(const NodeView& view) {
  const auto rank = static_cast<std::int64_t>(view.rank(0));
  const auto clamped = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const std::int64_t start = clamped(integer(view.node(), "start")), end = clamped(view.node().integer("end", rank));
  return {start, std::max(start, end)};
}

std::vector<Value> shape_shape(const NodeView& view) {
  const auto [start, end] = shape_range(view);
  return {{"", DataType::i64, {end - start}}};
}

std::vector<Array> shape_values(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const std::int64_t start = shape_range(view).first;
  for (std::size_t i = 0; i < result.values.size(); ++i)
    result.values[i] = static_cast<double>(view.shape(0)[static_cast<std::size_t>(start) + i]);
  return {std::move(result)};
}

std::vector<Value> size_shape(const NodeView&) { return {{"", DataType::i64, {}}}; }

std::vector<Array> size_value(const NodeView& view, std::span<const Value>) {
  return {{DataType::i64, {}, {static_cast<double>(element_count(view.shape(0)))}}};
}

// ---- ConstantOfShape, Range

Constant filler_of(const NodeView& view) {
  const auto found = view.node().attributes.find("value");
  if (found == view.node().attributes.end()) return constant({1}, std::vector<float>{0});
  const Constant* filler = std::get_if<Constant>(&found->second);
  if (filler == nullptr || element_count(filler->shape) != 1) view.refuse("'value' is not one number");
  return *filler;
}

std::vector<Value> constant_of_shape_shape(const NodeView& view) {
  require_integers(view, 0);
  const DataType type = filler_of(view).type;
  require_rank(view, 0, 1, 1);
  if (const auto sizes = view.known_integers(0)) {
    for (const std::int64_t size : *sizes)
      if (size < 0) view.refuse("a size of {}", size);
    return {{"", type, *sizes}};
  }
  if (view.shape(0)[0] < 0) view.refuse("the number of dimensions depends on the data");
  return {{"", type, Shape(static_cast<std::size_t>(view.shape(0)[0]), -1)}};
}

std::vector<Array> constant_of_shape(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  std::ranges::fill(result.values, to_array(filler_of(view)).values[0]);
  return {std::move(result)};
}

std::vector<Value> range_shape(const NodeView& view) {
  for (std::size_t i = 0; i < 3; ++i)
    if (!holds_one_number(view, i) || view.value(i).type != view.value(0).type)
      view.refuse("start, limit and step are not three numbers of one type");
  Value result{"", view.value(0).type, {-1}};
  if (view.known(0) == nullptr || view.known(1) == nullptr || view.known(2) == nullptr) return {result};
  const double start = view.known(0)->values[0], limit = view.known(1)->values[0], step = view.known(2)->values[0];
  const double count = std::ceil((limit - start) / step);
  if (step == 0 || std::isnan(count) || count > 9e15) view.refuse("a range from {} to {} by {}", start, limit, step);
  result.shape[0] = count > 0 ? static_cast<std::int64_t>(count) : 0;
  return {result};
}

std::vector<Array> range(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  for (std::size_t i = 0; i < result.values.size(); ++i)
    result.values[i] = view.known(0)->values[0] + static_cast<double>(i) * view.known(2)->values[0];
  return {std::move(result)};
}

// ---- Gather, GatherElements, ScatterND

std::vector<Value> gather_shape(const NodeView& view) {
  require_integers(view, 1);
  const Shape &x = view.shape(0), &indices = view.shape(1);
  const auto axis = view.axis(integer(view.node(), "axis"), x.size());
  Value result{"", view.value(0).type, {x.begin(), x.begin() + axis}};
  result.shape.insert(result.shape.end(), indices.begin(), indices.end());
  result.shape.insert(result.shape.end(), x.begin() + axis + 1, x.end());
  return {result};
}

std::vector<Array> gather(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const Shape& x = view.shape(0);
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), x.size()));
  const auto indices = view.known(1)->integers();
  const std::int64_t outer = product(x, 0, axis), inner = product(x, axis + 1, x.size());
  auto to = result.values.begin();
  for (std::int64_t i = 0; i < outer; ++i)
    for (const std::int64_t index : indices)
      to = std::copy_n(view.known(0)->values.begin() + (i * x[axis] + place(view, index, x[axis])) * inner, inner, to);
  return {std::move(result)};
}

std::vector<Value> gather_elements_shape(const NodeView& view) {
  require_integers(view, 1);
  if (view.rank(0) != view.rank(1)) view.refuse("indices have {} dimensions, data {}", view.rank(1), view.rank(0));
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), view.rank(0)));
  for (std::size_t i = 0; i < view.rank(0); ++i)
    if (i != axis && view.shape(0)[i] >= 0 && view.shape(1)[i] > view.shape(0)[i])
      view.refuse("indices reach beyond the data along axis {}", i);
  return {{"", view.value(0).type, view.shape(1)}};
}

std::vector<Array> gather_elements(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const Shape &x = view.shape(0), steps = steps_of(x);
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), x.size()));
  const auto indices = view.known(1)->integers();
  for_each_index(result.shape, [&](const Shape& index, std::size_t flat) {
    std::int64_t from = 0;
    for (std::size_t i = 0; i < index.size(); ++i) from += (i == axis ? place(view, indices[flat], x[i]) : index[i]) * steps[i];
    result.values[flat] = view.known(0)->values[static_cast<std::size_t>(from)];
  });
  return {std::move(result)};
}

std::vector<Value> scatter_shape(const NodeView& view) {
  require_integers(view, 1);
  if (text(view.node(), "reduction") != "none") view.refuse("reduction '{}' is not known", text(view.node(), "reduction"));
  if (view.value(0).type != view.value(2).type) view.refuse("data and updates are of different types");
  const Shape &x = view.shape(0), &indices = view.shape(1), &updates = view.shape(2);
  if (indices.empty()) view.refuse("the indices have no dimensions");
  const std::int64_t depth = indices.back();
  if (depth < 0) return same_as_first(view);
  if (depth > static_cast<std::int64_t>(x.size())) view.refuse("indices of {} numbers for {} dimensions", depth, x.size());
  Shape wanted(indices.begin(), indices.end() - 1);
  wanted.insert(wanted.end(), x.begin() + depth, x.end());
  bool fits = wanted.size() == updates.size();
  for (std::size_t i = 0; fits && i < wanted.size(); ++i) fits = wanted[i] < 0 || updates[i] < 0 || wanted[i] == updates[i];
  if (!fits) view.refuse("updates have shape ({}) where ({}) is needed", fmt::join(updates, ", "), fmt::join(wanted, ", "));
  return same_as_first(view);
}

std::vector<Array> scatter(const NodeView& view, std::span<const Value> outputs) {
  Array result{outputs[0].type, outputs[0].shape, view.known(0)->values};
  const auto indices = view.known(1)->integers();
  const auto depth = static_cast<std::size_t>(view.shape(1).back());
  const Shape steps = steps_of(result.shape);
  const std::int64_t length = product(result.shape, depth, result.shape.size());
  const std::int64_t count = product(view.shape(1), 0, view.rank(1) - 1);
  for (std::int64_t row = 0; row < count; ++row) {
    std::int64_t to = 0;
    for (std::size_t i = 0; i < depth; ++i)
      to += place(view, indices[static_cast<std::size_t>(row) * depth + i], result.shape[i]) * steps[i];
    std::copy_n(view.known(2)->values.begin() + row * length, length, result.values.begin() + to);
  }
  return {std::move(result)};
}

}  // namespace

std::vector<Operator> indexing_operators() {
  const AttributeRule axis{.name = "axis", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}};
  return {
      {.name = "Shape",
       .attributes = {{.name = "start", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}},
                      {.name = "end", .kind = AttributeKind::integer}},
       .shape = shape_shape,
       .evaluate = shape_values,
       .needs_shape_alone = true},
      {.name = "Size", .shape = size_shape, .evaluate = size_value, .needs_shape_alone = true},
      {.name = "ConstantOfShape",
       .attributes = {{.name = "value", .kind = AttributeKind::constant}},
       .shape = constant_of_shape_shape,
       .evaluate = constant_of_shape},
      {.name = "Range", .least_inputs = 3, .most_inputs = 3, .shape = range_shape, .evaluate = range},
      {.name = "Gather", .least_inputs = 2, .most_inputs = 2, .attributes = {axis}, .shape = gather_shape, .evaluate = gather},
      {.name = "GatherElements",
       .least_inputs = 2,
       .most_inputs = 2,
       .attributes = {axis},
       .shape = gather_elements_shape,
       .evaluate = gather_elements},
      {.name = "ScatterND",
       .least_inputs = 3,
       .most_inputs = 3,
       .attributes = {{.name = "reduction", .kind = AttributeKind::text, .otherwise = std::string("none")}},
       .shape = scatter_shape,
       .evaluate = scatter},
  };
}

}  // namespace isocenter::graph
