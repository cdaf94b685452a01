// Resize, nearest and linear, to given sizes or by given factors.
#include <cmath>

#include "graph/operators/support.h"

namespace isocenter::graph {
namespace {

struct Scaling {
  Shape sizes;                 // of the output; -1 where not known
  std::vector<double> factor;  // output over input, as given or as the sizes say; empty when not known
};

// Inputs: data, roi (not used), scales, sizes; one of the last two.
Scaling scaling_of(const NodeView& view) {
  const Shape& x = view.shape(0);
  Scaling scaling{Shape(x.size(), -1), {}};
  const bool by_sizes = view.has(3) && !(view.known(3) != nullptr && view.known(3)->values.empty());
  if (by_sizes) {
    const auto sizes = view.known_integers(3);
    if (!sizes) return scaling;
    if (sizes->size() != x.size()) view.refuse("{} sizes for {} dimensions", sizes->size(), x.size());
    scaling.sizes = *sizes;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (scaling.sizes[i] < 1) view.refuse("a size of {}", scaling.sizes[i]);
      if (x[i] == 0) view.refuse("axis {} is empty", i);
      if (x[i] > 0) scaling.factor.push_back(static_cast<double>(scaling.sizes[i]) / static_cast<double>(x[i]));
    }
    if (scaling.factor.size() != x.size()) scaling.factor.clear();
    return scaling;
  }
  if (!view.has(2)) view.refuse("neither scales nor sizes are given");
  if (view.known(2) == nullptr) return scaling;
  scaling.factor = view.known(2)->values;
  if (scaling.factor.size() != x.size()) view.refuse("{} scales for {} dimensions", scaling.factor.size(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double size = std::floor(static_cast<double>(x[i]) * scaling.factor[i]);
    if (!(scaling.factor[i] > 0) || size > 9e15) view.refuse("a scale of {}", scaling.factor[i]);
    if (x[i] >= 0) scaling.sizes[i] = static_cast<std::int64_t>(size);
    if (scaling.sizes[i] == 0) view.refuse("nothing is left along axis {}", i);
  }
  return scaling;
}

std::vector<Value> resize_shape(const NodeView& view) {
  require_rank(view, 0, 1, 8);
  const std::string mode = text(view.node(), "mode"), place = text(view.node(), "coordinate_transformation_mode"),
                    nearest = text(view.node(), "nearest_mode");
  if (mode != "nearest" && mode != "linear") view.refuse("mode '{}' is not known", mode);
  if (place != "half_pixel" && place != "asymmetric" && place != "align_corners" && place != "pytorch_half_pixel")
    view.refuse("coordinate_transformation_mode '{}' is not known", place);
  if (nearest != "round_prefer_floor" && nearest != "round_prefer_ceil" && nearest != "floor" && nearest != "ceil")
    view.refuse("nearest_mode '{}' is not known", nearest);
  return {{"", view.value(0).type, scaling_of(view).sizes}};
}

// Linear: each axis reads two neighbours, two multiply-adds and the weight an axis.
double resize_flop(const NodeView& view, std::span<const Value> outputs) {
  if (text(view.node(), "mode") == "nearest") return 0;
  return 4 * static_cast<double>(outputs[0].shape.size()) * count_of(outputs[0].shape);
}

// Where output place `to` lies in the input.
double source_of(const std::string& mode, std::int64_t to, std::int64_t from_size, std::int64_t to_size, double factor) {
  const auto place = static_cast<double>(to);
  if (mode == "asymmetric") return place / factor;
  if (mode == "align_corners") return to_size == 1 ? 0 : place * static_cast<double>(from_size - 1) / static_cast<double>(to_size - 1);
  if (mode == "pytorch_half_pixel" && to_size == 1) return 0;
  return (place + 0.5) / factor - 0.5;
}

double nearest_of(const std::string& mode, double at) {
  if (mode == "floor") return std::floor(at);
  if (mode == "ceil") return std::ceil(at);
  return mode == "round_prefer_ceil" ? std::floor(at + 0.5) : std::ceil(at - 0.5);
}

// One axis at a time.
std::vector<Array> resize(const NodeView& view, std::span<const Value> outputs) {
  const Scaling scaling = scaling_of(view);
  const bool linear = text(view.node(), "mode") == "linear";
  const std::string mode = text(view.node(), "coordinate_transformation_mode"), nearest = text(view.node(), "nearest_mode");
  Array result{outputs[0].type, view.shape(0), view.known(0)->values};
  for (std::size_t axis = 0; axis < result.shape.size(); ++axis) {
    const std::int64_t from_size = result.shape[axis], to_size = scaling.sizes[axis];
    if (from_size == to_size && scaling.factor[axis] == 1) continue;
    const std::int64_t outer = product(result.shape, 0, axis), inner = product(result.shape, axis + 1, result.shape.size());
    std::vector<double> next(static_cast<std::size_t>(outer * to_size * inner));
    for (std::int64_t to = 0; to < to_size; ++to) {
      const double at = std::clamp(source_of(mode, to, from_size, to_size, scaling.factor[axis]), 0.0, static_cast<double>(from_size - 1));
      const auto low =
          static_cast<std::int64_t>(linear ? std::floor(at) : std::clamp(nearest_of(nearest, at), 0.0, static_cast<double>(from_size - 1)));
      const std::int64_t high = std::min(low + 1, from_size - 1);
      const double share = linear ? at - static_cast<double>(low) : 0;
      for (std::int64_t o = 0; o < outer; ++o)
        for (std::int64_t i = 0; i < inner; ++i) {
          const double a = result.values[static_cast<std::size_t>((o * from_size + low) * inner + i)];
          const double b = result.values[static_cast<std::size_t>((o * from_size + high) * inner + i)];
          next[static_cast<std::size_t>((o * to_size + to) * inner + i)] = share == 0 ? a : a * (1 - share) + b * share;
        }
    }
    result.values = std::move(next);
    result.shape[axis] = to_size;
  }
  return {std::move(result)};
}

}  // namespace

std::vector<Operator> resize_operators() {
  const auto rule = [](std::string_view name, const char* otherwise) {
    return AttributeRule{.name = name, .kind = AttributeKind::text, .otherwise = std::string(otherwise)};
  };
  return {{.name = "Resize",
           .least_inputs = 1,
           .most_inputs = 4,
           .attributes = {rule("coordinate_transformation_mode", "half_pixel"),
                          rule("mode", "nearest"),
                          rule("nearest_mode", "round_prefer_floor"),
                          {.name = "cubic_coeff_a", .kind = AttributeKind::number, .otherwise = -0.75},
                          {.name = "exclude_outside", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}},
                          {.name = "extrapolation_value", .kind = AttributeKind::number, .otherwise = 0.0}},
           .shape = resize_shape,
           .flop = resize_flop,
           .evaluate = resize}};
}

}  // namespace isocenter::graph
