// Pooling over windows and over whole images.
#include <cmath>
#include <limits>

#include "graph/operators/support.h"
#include "graph/window.h"

namespace isocenter::graph {
namespace {

std::vector<AttributeRule> window_attributes(bool averages) {
  std::vector<AttributeRule> attributes{{.name = "auto_pad", .kind = AttributeKind::text, .otherwise = std::string("NOTSET")},
                                        {.name = "ceil_mode", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}},
                                        {.name = "kernel_shape", .kind = AttributeKind::integers, .required = true},
                                        {.name = "pads", .kind = AttributeKind::integers},
                                        {.name = "strides", .kind = AttributeKind::integers}};
  if (averages) {
    attributes.push_back({.name = "count_include_pad", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}});
  } else {
    attributes.push_back({.name = "dilations", .kind = AttributeKind::integers});
    attributes.push_back({.name = "storage_order", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}});
  }
  return attributes;
}

Shape spatial_of(const Shape& shape) { return {shape.begin() + 2, shape.end()}; }

Window pooling_window(const NodeView& view) {
  require_rank(view, 0, 3, 5);
  const auto kernel = integers(view.node(), "kernel_shape");
  if (kernel.size() + 2 != view.rank(0)) view.refuse("kernel_shape has {} numbers, the input {} dimensions", kernel.size(), view.rank(0));
  return window_of(view.node(), kernel, spatial_of(view.shape(0)));
}

std::vector<Value> pooled_shape(const NodeView& view) {
  const Window window = pooling_window(view);
  const bool ceiling = integer(view.node(), "ceil_mode") != 0;
  const Shape& x = view.shape(0);
  Shape shape{x[0], x[1]};
  for (std::size_t i = 0; i + 2 < x.size(); ++i) {
    if (window.before[i] >= window.kernel[i] || window.after[i] >= window.kernel[i]) view.refuse("the padding is as large as the kernel");
    shape.push_back(slid_size(x[i + 2], window, i, ceiling));
    if (shape.back() == 0) view.refuse("the window of size {} does not fit into {} along axis {}", window.kernel[i], x[i + 2], i + 2);
  }
  return {{"", view.value(0).type, shape}};
}

double pooled_flop(const NodeView& view, std::span<const Value> outputs) {
  return count_of(outputs[0].shape) * count_of(integers(view.node(), "kernel_shape"));
}

std::vector<Value> global_shape(const NodeView& view) {
  require_rank(view, 0, 3, 5);
  Shape shape = view.shape(0);
  std::fill(shape.begin() + 2, shape.end(), 1);
  return {{"", view.value(0).type, shape}};
}

double one_an_input_element(const NodeView& view, std::span<const Value>) { return count_of(view.shape(0)); }

// `average`: of the elements under the window, or of all the window's places that lie in the padded image when padding counts.
std::vector<Array> pool(const NodeView& view, std::span<const Value> outputs, bool average) {
  const Window window = pooling_window(view);
  const bool padding_counts = average && integer(view.node(), "count_include_pad") != 0;
  const Shape &x = view.shape(0), steps = steps_of(x);
  Array result = zeros_like(outputs[0]);
  for_each_index(result.shape, [&](const Shape& index, std::size_t flat) {
    double sum = 0, largest = -std::numeric_limits<double>::infinity();
    std::int64_t count = 0;
    for_each_index(window.kernel, [&](const Shape& tap, std::size_t) {
      std::int64_t from = index[0] * steps[0] + index[1] * steps[1];
      bool inside = true, inside_padded = true;
      for (std::size_t i = 0; i < tap.size(); ++i) {
        const std::int64_t at = index[i + 2] * window.stride[i] + tap[i] * window.dilation[i] - window.before[i];
        inside = inside && at >= 0 && at < x[i + 2];
        inside_padded = inside_padded && at < x[i + 2] + window.after[i];
        from += at * steps[i + 2];
      }
      if (inside || (padding_counts && inside_padded)) ++count;
      if (!inside) return;
      const double value = view.known(0)->values[static_cast<std::size_t>(from)];
      sum += value;
      if (value > largest || std::isnan(value)) largest = value;
    });
    result.values[flat] = average ? sum / static_cast<double>(count) : largest;
  });
  return {std::move(result)};
}

std::vector<Array> average_pool(const NodeView& view, std::span<const Value> outputs) { return pool(view, outputs, true); }
std::vector<Array> max_pool(const NodeView& view, std::span<const Value> outputs) { return pool(view, outputs, false); }

std::vector<Array> global_pool(const NodeView& view, std::span<const Value> outputs) {
  const bool average = view.node().op == "GlobalAveragePool";
  Array result = zeros_like(outputs[0]);
  const Array& x = *view.known(0);
  const auto volume = static_cast<std::size_t>(product(x.shape, 2, x.shape.size()));
  for (std::size_t plane = 0; plane < result.values.size(); ++plane) {
    const auto begin = x.values.begin() + static_cast<std::ptrdiff_t>(plane * volume), end = begin + static_cast<std::ptrdiff_t>(volume);
    result.values[plane] =
        average ? std::accumulate(begin, end, 0.0) / static_cast<double>(volume)
                : std::accumulate(begin, end, -std::numeric_limits<double>::infinity(), [](double a, double b) { return std::max(a, b); });
  }
  return {std::move(result)};
}

}  // namespace

std::vector<Operator> pooling_operators() {
  return {
      {.name = "AveragePool", .attributes = window_attributes(true), .shape = pooled_shape, .flop = pooled_flop, .evaluate = average_pool},
      {.name = "MaxPool", .attributes = window_attributes(false), .shape = pooled_shape, .flop = pooled_flop, .evaluate = max_pool},
      {.name = "GlobalAveragePool", .shape = global_shape, .flop = one_an_input_element, .evaluate = global_pool},
      {.name = "GlobalMaxPool", .shape = global_shape, .flop = one_an_input_element, .evaluate = global_pool}};
}

}  // namespace isocenter::graph
