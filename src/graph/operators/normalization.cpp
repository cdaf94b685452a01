// Normalisations: (x - mean) / sqrt(variance + epsilon) * scale + shift, the variance divided by n, not n - 1.
#include <cmath>

#include "graph/operators/support.h"

namespace isocenter::graph {
namespace {

std::vector<AttributeRule> epsilon_and(std::vector<AttributeRule> others = {}) {
  others.push_back({.name = "epsilon", .kind = AttributeKind::number, .otherwise = 1e-5});
  return others;
}

std::vector<Value> channel_shape(const NodeView& view) {
  require_floating(view);
  require_rank(view, 0, 2, 5);
  for (std::size_t i = 1; i < view.size(); ++i) require_vector(view, i, view.shape(0)[1]);
  return same_as_first(view);
}

std::vector<Value> instance_shape(const NodeView& view) {
  require_rank(view, 0, 3, 5);
  return channel_shape(view);
}

std::vector<Value> batch_shape(const NodeView& view) {
  if (integer(view.node(), "training_mode") != 0) view.refuse("training_mode is not inference: export the network in evaluation mode");
  return channel_shape(view);
}

std::vector<Value> group_shape(const NodeView& view) {
  const std::int64_t groups = integer(view.node(), "num_groups");
  if (groups < 1) view.refuse("{} groups", groups);
  auto result = channel_shape(view);
  if (view.shape(0)[1] >= 0 && view.shape(0)[1] % groups != 0)
    view.refuse("{} channels do not divide into {} groups", view.shape(0)[1], groups);
  return result;
}

std::vector<Value> layer_shape(const NodeView& view) {
  require_floating(view);
  require_rank(view, 0, 1, 8);
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), view.rank(0)));
  const Shape normalized(view.shape(0).begin() + static_cast<std::ptrdiff_t>(axis), view.shape(0).end());
  for (std::size_t i = 1; i < view.size(); ++i)
    if (view.has(i) && broadcast(view, view.shape(i), normalized).size() > normalized.size()) view.refuse("input {} does not fit", i);
  return same_as_first(view);
}

// Two passes for the statistics (one add; a subtract, multiply and add), then subtract, multiply, multiply, add.
double statistics_flop(const NodeView&, std::span<const Value> outputs) { return 8 * count_of(outputs[0].shape); }
double affine_flop(const NodeView&, std::span<const Value> outputs) { return 2 * count_of(outputs[0].shape); }

// Normalises `count` neighbours in place, without scale and shift.
void normalize(double* values, std::int64_t count, double epsilon) {
  double sum = 0, square = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += values[i];
  const double mean = sum / static_cast<double>(count);
  for (std::int64_t i = 0; i < count; ++i) square += (values[i] - mean) * (values[i] - mean);
  const double factor = 1 / std::sqrt(square / static_cast<double>(count) + epsilon);
  for (std::int64_t i = 0; i < count; ++i) values[i] = (values[i] - mean) * factor;
}

void scale_channels(const NodeView& view, Array& array) {
  const std::int64_t channels = array.shape[1], volume = product(array.shape, 2, array.shape.size());
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    const auto channel = static_cast<std::size_t>(static_cast<std::int64_t>(i) / volume % channels);
    array.values[i] = array.values[i] * view.known(1)->values[channel] + view.known(2)->values[channel];
  }
}

std::vector<Array> normalize_groups(const NodeView& view, std::span<const Value> outputs) {
  Array result{outputs[0].type, outputs[0].shape, view.known(0)->values};
  const Shape& shape = result.shape;
  const std::int64_t groups = view.node().op == "InstanceNormalization" ? shape[1] : integer(view.node(), "num_groups");
  const std::int64_t count = shape[1] / groups * product(shape, 2, shape.size());
  for (std::int64_t at = 0; at < static_cast<std::int64_t>(result.values.size()); at += count)
    normalize(result.values.data() + at, count, number(view.node(), "epsilon"));
  scale_channels(view, result);
  return {std::move(result)};
}

std::vector<Array> normalize_batch(const NodeView& view, std::span<const Value> outputs) {
  Array result{outputs[0].type, outputs[0].shape, view.known(0)->values};
  const std::int64_t channels = result.shape[1], volume = product(result.shape, 2, result.shape.size());
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const auto channel = static_cast<std::size_t>(static_cast<std::int64_t>(i) / volume % channels);
    result.values[i] =
        (result.values[i] - view.known(3)->values[channel]) / std::sqrt(view.known(4)->values[channel] + number(view.node(), "epsilon"));
  }
  scale_channels(view, result);
  return {std::move(result)};
}

std::vector<Array> normalize_layer(const NodeView& view, std::span<const Value> outputs) {
  Array result{outputs[0].type, outputs[0].shape, view.known(0)->values};
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), result.shape.size()));
  const std::int64_t count = product(result.shape, axis, result.shape.size());
  for (std::int64_t at = 0; at < static_cast<std::int64_t>(result.values.size()); at += count)
    normalize(result.values.data() + at, count, number(view.node(), "epsilon"));
  const BroadcastReader scale(*view.known(1), result.shape);
  for_each_index(result.shape, [&](const Shape& index, std::size_t flat) { result.values[flat] *= scale(index); });
  if (view.has(2)) {
    const BroadcastReader shift(*view.known(2), result.shape);
    for_each_index(result.shape, [&](const Shape& index, std::size_t flat) { result.values[flat] += shift(index); });
  }
  return {std::move(result)};
}

}  // namespace

std::vector<Operator> normalization_operators() {
  return {{.name = "InstanceNormalization",
           .least_inputs = 3,
           .most_inputs = 3,
           .attributes = epsilon_and(),
           .shape = instance_shape,
           .flop = statistics_flop,
           .evaluate = normalize_groups},
          {.name = "GroupNormalization",
           .least_inputs = 3,
           .most_inputs = 3,
           .attributes = epsilon_and({{.name = "num_groups", .kind = AttributeKind::integer, .required = true}}),
           .shape = group_shape,
           .flop = statistics_flop,
           .evaluate = normalize_groups},
          {.name = "BatchNormalization",
           .least_inputs = 5,
           .most_inputs = 5,
           .attributes = epsilon_and({{.name = "momentum", .kind = AttributeKind::number, .otherwise = 0.9},
                                      {.name = "training_mode", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}}}),
           .shape = batch_shape,
           .flop = affine_flop,
           .evaluate = normalize_batch,
           .state_inputs = {3, 4}},
          {.name = "LayerNormalization",
           .least_inputs = 2,
           .most_inputs = 3,
           .attributes = epsilon_and({{.name = "axis", .kind = AttributeKind::integer, .otherwise = std::int64_t{-1}},
                                      {.name = "stash_type", .kind = AttributeKind::integer, .otherwise = std::int64_t{1}}}),
           .shape = layer_shape,
           .flop = statistics_flop,
           .evaluate = normalize_layer}};
}

}  // namespace isocenter::graph
