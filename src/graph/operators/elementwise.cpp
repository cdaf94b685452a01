// Operators that work element by element, with broadcasting where they take two.
#include <cmath>
#include <numbers>

#include "graph/onnx_format.h"
#include "graph/operators/support.h"

namespace isocenter::graph {
namespace {

// An exp, erf or tanh is counted as ten.
template <int cost>
double flop(const NodeView&, std::span<const Value> outputs) {
  return cost * count_of(outputs[0].shape);
}

AttributeRule number_rule(std::string_view name, double otherwise) {
  return {.name = name, .kind = AttributeKind::number, .otherwise = otherwise};
}

std::vector<Value> floating_shape(const NodeView& view) {
  require_floating(view);
  return same_as_first(view);
}

// One function of one number (and of the node, for its attributes); a lambda without captures.
template <class Function>
std::vector<Array> apply(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  std::ranges::transform(view.known(0)->values, result.values.begin(), [&](double x) { return Function{}(x, view.node()); });
  return {std::move(result)};
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

template <class Function>
Operator unary(std::string_view name, Operator::FlopRule cost, Function, std::vector<AttributeRule> attributes = {}, bool floating = true) {
  return {.name = name,
          .attributes = std::move(attributes),
          .shape = floating ? floating_shape : same_as_first,
          .flop = cost,
          .evaluate = apply<Function>};
}

std::vector<Value> binary_shape(const NodeView& view, std::optional<DataType> type) {
  if (view.value(0).type != view.value(1).type)
    view.refuse("the inputs are of types {} and {}", name_of(view.value(0).type), name_of(view.value(1).type));
  return {{"", type.value_or(view.value(0).type), broadcast(view, view.shape(0), view.shape(1))}};
}
std::vector<Value> arithmetic_shape(const NodeView& view) { return binary_shape(view, std::nullopt); }
std::vector<Value> comparison_shape(const NodeView& view) { return binary_shape(view, DataType::boolean); }
// The exponent may be of another type than the base.
std::vector<Value> power_shape(const NodeView& view) { return {{"", view.value(0).type, broadcast(view, view.shape(0), view.shape(1))}}; }

// A function of two numbers; `whole`: the elements are integers.
template <class Function>
std::vector<Array> combine(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const BroadcastReader a(*view.known(0), result.shape), b(*view.known(1), result.shape);
  const bool whole = !is_floating(view.value(0).type);
  for_each_index(result.shape,
                 [&](const Shape& index, std::size_t flat) { result.values[flat] = Function{}(a(index), b(index), whole, view.node()); });
  return {std::move(result)};
}

template <class Function>
Operator binary(std::string_view name, Function, Operator::ShapeRule shape = arithmetic_shape, std::vector<AttributeRule> attributes = {}) {
  return {.name = name,
          .least_inputs = 2,
          .most_inputs = 2,
          .attributes = std::move(attributes),
          .shape = shape,
          .flop = one_an_element,
          .evaluate = combine<Function>};
}

double divide(double a, double b, bool whole, const Node& node) {
  if (!whole) return a / b;
  if (b == 0) throw core::InputError("node '{}' ({}): division of integers by zero", node.name, node.op);
  return std::trunc(a / b);
}

// Sign of the divisor as in Python, or of the dividend as C's fmod when the attribute `fmod` is set.
double remainder(double a, double b, bool whole, const Node& node) {
  if (whole && b == 0) throw core::InputError("node '{}' ({}): division of integers by zero", node.name, node.op);
  if (integer(node, "fmod") != 0) return std::fmod(a, b);
  return a - b * std::floor(a / b);
}

double power(double a, double b, bool whole, const Node&) {
  const double result = std::pow(a, b);
  return whole ? std::trunc(result) : result;
}

// Sum, Max, Min, Mean of any number of arrays.
std::vector<Value> many_shape(const NodeView& view) {
  Value result{"", view.value(0).type, view.shape(0)};
  for (std::size_t i = 1; i < view.size(); ++i) {
    if (view.value(i).type != result.type) view.refuse("input {} is of another type", i);
    result.shape = broadcast(view, result.shape, view.shape(i));
  }
  return {result};
}

double many_flop(const NodeView& view, std::span<const Value> outputs) {
  return static_cast<double>(view.size() - 1) * count_of(outputs[0].shape);
}

std::vector<Array> combine_many(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const std::string& op = view.node().op;
  for (std::size_t i = 0; i < view.size(); ++i) {
    const BroadcastReader read(*view.known(i), result.shape);
    for_each_index(result.shape, [&](const Shape& index, std::size_t flat) {
      double& sum = result.values[flat];
      const double value = read(index);
      if (i == 0)
        sum = value;
      else if (op == "Max")
        sum = std::isnan(value) ? value : std::max(sum, value);
      else if (op == "Min")
        sum = std::isnan(value) ? value : std::min(sum, value);
      else
        sum += value;
    });
  }
  if (op == "Mean")
    for (double& value : result.values) value /= static_cast<double>(view.size());
  return {std::move(result)};
}

Operator many(std::string_view name) {
  return {.name = name, .least_inputs = 1, .most_inputs = Operator::any, .shape = many_shape, .flop = many_flop, .evaluate = combine_many};
}

std::vector<Value> prelu_shape(const NodeView& view) {
  auto result = arithmetic_shape(view);
  if (result[0].shape.size() != view.rank(0)) view.refuse("the slope has more dimensions than the input");
  return result;
}

std::vector<Value> clip_shape(const NodeView& view) {
  for (std::size_t i = 1; i < view.size(); ++i)
    if (view.has(i) && (view.value(i).type != view.value(0).type || !holds_one_number(view, i)))
      view.refuse("limit {} is not one number of the input's type", i);
  return same_as_first(view);
}

std::vector<Array> clip(const NodeView& view, std::span<const Value> outputs) {
  Array result{outputs[0].type, outputs[0].shape, view.known(0)->values};
  for (double& value : result.values) {
    if (view.has(1) && value < view.known(1)->values[0]) value = view.known(1)->values[0];
    if (view.has(2) && value > view.known(2)->values[0]) value = view.known(2)->values[0];
  }
  return {std::move(result)};
}

std::vector<Value> cast_shape(const NodeView& view) {
  const std::int64_t number = integer(view.node(), "to");
  const auto type = onnx::type_of_number(number);
  if (!type) view.refuse("element type {} is not known", number);
  return {{"", *type, view.shape(0)}};
}

std::vector<Array> cast(const NodeView& view, std::span<const Value> outputs) {
  Array result{outputs[0].type, outputs[0].shape, view.known(0)->values};
  if (result.type == DataType::boolean)
    for (double& value : result.values) value = value != 0;
  else if (!is_floating(result.type))
    for (double& value : result.values) value = std::trunc(value);
  return {std::move(result)};
}

std::vector<Value> where_shape(const NodeView& view) {
  if (view.value(0).type != DataType::boolean) view.refuse("the condition is of type {}", name_of(view.value(0).type));
  if (view.value(1).type != view.value(2).type) view.refuse("the two choices are of different types");
  return {{"", view.value(1).type, broadcast(view, view.shape(0), broadcast(view, view.shape(1), view.shape(2)))}};
}

std::vector<Array> where(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const BroadcastReader condition(*view.known(0), result.shape), yes(*view.known(1), result.shape), no(*view.known(2), result.shape);
  for_each_index(result.shape,
                 [&](const Shape& index, std::size_t flat) { result.values[flat] = condition(index) != 0 ? yes(index) : no(index); });
  return {std::move(result)};
}

// Inference only: dropout passes its input on. A ratio of zero drops nothing in training mode either, which some exporters leave on.
std::vector<Value> dropout_shape(const NodeView& view) {
  const auto number_at = [&](std::size_t input) -> std::optional<double> {
    if (!view.has(input) || view.known(input) == nullptr || view.known(input)->values.size() != 1) return std::nullopt;
    return view.known(input)->values[0];
  };
  if (number_at(2).value_or(0) != 0 && number_at(1) != 0.0)
    view.refuse("training_mode is not inference: export the network in evaluation mode");
  return same_as_first(view);
}

std::vector<Array> pass(const NodeView& view, std::span<const Value>) { return {*view.known(0)}; }

std::vector<Operator> activations() {
  return {
      unary(
          "Relu", flop<1>, [](double x, const Node&) { return x > 0 || std::isnan(x) ? x : 0.0; }, {}, false),
      unary("LeakyRelu", flop<2>, [](double x, const Node& node) { return x >= 0 ? x : number(node, "alpha") * x; },
            {number_rule("alpha", 0.01)}),
      unary("Elu", flop<12>, [](double x, const Node& node) { return x >= 0 ? x : number(node, "alpha") * std::expm1(x); },
            {number_rule("alpha", 1.0)}),
      unary("Selu", flop<13>,
            [](double x, const Node& node) { return number(node, "gamma") * (x > 0 ? x : number(node, "alpha") * std::expm1(x)); },
            {number_rule("alpha", 1.67326319217681884765625), number_rule("gamma", 1.05070102214813232421875)}),
      unary("Sigmoid", flop<12>, [](double x, const Node&) { return sigmoid(x); }),
      unary("HardSigmoid", flop<4>,
            [](double x, const Node& node) { return std::clamp(number(node, "alpha") * x + number(node, "beta"), 0.0, 1.0); },
            {number_rule("alpha", 0.2), number_rule("beta", 0.5)}),
      unary("HardSwish", flop<5>, [](double x, const Node&) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }),
      unary("Tanh", flop<10>, [](double x, const Node&) { return std::tanh(x); }),
      unary("Softplus", flop<20>, [](double x, const Node&) { return x > 20 ? x : std::log1p(std::exp(x)); }),
      unary("Softsign", flop<3>, [](double x, const Node&) { return x / (1 + std::fabs(x)); }),
      unary("Mish", flop<31>, [](double x, const Node&) { return x * std::tanh(x > 20 ? x : std::log1p(std::exp(x))); }),
      unary("Gelu", flop<14>,
            [](double x, const Node& node) {
              if (text(node, "approximate") == "tanh")
                return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
              return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
            },
            {{.name = "approximate", .kind = AttributeKind::text, .otherwise = std::string("none")}}),
      {.name = "PRelu",
       .least_inputs = 2,
       .most_inputs = 2,
       .shape = prelu_shape,
       .flop = flop<2>,
       .evaluate = combine<decltype([](double x, double slope, bool, const Node&) { return x >= 0 ? x : slope * x; })>},
  };
}

std::vector<Operator> functions() {
  return {
      unary("Sqrt", flop<1>, [](double x, const Node&) { return std::sqrt(x); }),
      unary("Exp", flop<10>, [](double x, const Node&) { return std::exp(x); }),
      unary("Log", flop<10>, [](double x, const Node&) { return std::log(x); }),
      unary("Erf", flop<10>, [](double x, const Node&) { return std::erf(x); }),
      unary("Sin", flop<10>, [](double x, const Node&) { return std::sin(x); }),
      unary("Cos", flop<10>, [](double x, const Node&) { return std::cos(x); }),
      unary("Reciprocal", flop<1>, [](double x, const Node&) { return 1 / x; }),
      unary("Floor", flop<1>, [](double x, const Node&) { return std::floor(x); }),
      unary("Ceil", flop<1>, [](double x, const Node&) { return std::ceil(x); }),
      unary("Round", flop<1>, [](double x, const Node&) { return std::nearbyint(x); }),
      unary(
          "Abs", flop<1>, [](double x, const Node&) { return std::fabs(x); }, {}, false),
      unary(
          "Neg", flop<1>, [](double x, const Node&) { return -x; }, {}, false),
      unary(
          "Sign", flop<1>, [](double x, const Node&) { return x > 0   ? 1.0
                                                              : x < 0 ? -1.0
                                                                      : x; }, {}, false),
      unary(
          "Not", flop<1>, [](double x, const Node&) { return x == 0 ? 1.0 : 0.0; }, {}, false),
  };
}

std::vector<Operator> arithmetic() {
  return {
      binary("Add", [](double a, double b, bool, const Node&) { return a + b; }),
      binary("Sub", [](double a, double b, bool, const Node&) { return a - b; }),
      binary("Mul", [](double a, double b, bool, const Node&) { return a * b; }),
      binary("Div", [](double a, double b, bool whole, const Node& node) { return divide(a, b, whole, node); }),
      binary("Mod", [](double a, double b, bool whole, const Node& node) { return remainder(a, b, whole, node); }, arithmetic_shape,
             {{.name = "fmod", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}}}),
      binary(
          "Pow", [](double a, double b, bool whole, const Node& node) { return power(a, b, whole, node); }, power_shape),
      binary(
          "Equal", [](double a, double b, bool, const Node&) { return a == b ? 1.0 : 0.0; }, comparison_shape),
      binary(
          "Less", [](double a, double b, bool, const Node&) { return a < b ? 1.0 : 0.0; }, comparison_shape),
      binary(
          "LessOrEqual", [](double a, double b, bool, const Node&) { return a <= b ? 1.0 : 0.0; }, comparison_shape),
      binary(
          "Greater", [](double a, double b, bool, const Node&) { return a > b ? 1.0 : 0.0; }, comparison_shape),
      binary(
          "GreaterOrEqual", [](double a, double b, bool, const Node&) { return a >= b ? 1.0 : 0.0; }, comparison_shape),
      binary(
          "And", [](double a, double b, bool, const Node&) { return a != 0 && b != 0 ? 1.0 : 0.0; }, comparison_shape),
      binary(
          "Or", [](double a, double b, bool, const Node&) { return a != 0 || b != 0 ? 1.0 : 0.0; }, comparison_shape),
      many("Sum"),
      many("Max"),
      many("Min"),
      many("Mean"),
  };
}

std::vector<Operator> choices() {
  return {
      {.name = "Clip", .least_inputs = 1, .most_inputs = 3, .shape = clip_shape, .flop = flop<2>, .evaluate = clip},
      {.name = "Cast",
       .attributes = {{.name = "to", .kind = AttributeKind::integer, .required = true}},
       .shape = cast_shape,
       .evaluate = cast},
      {.name = "Where", .least_inputs = 3, .most_inputs = 3, .shape = where_shape, .evaluate = where},
      {.name = "Identity", .shape = same_as_first, .evaluate = pass},
      {.name = "Dropout",
       .least_inputs = 1,
       .most_inputs = 3,
       .attributes = {{.name = "seed", .kind = AttributeKind::integer, .otherwise = std::int64_t{0}}},
       .shape = dropout_shape,
       .evaluate = pass},
  };
}

}  // namespace

std::vector<Operator> elementwise_operators() {
  std::vector<Operator> all;
  for (const auto& group : {activations(), functions(), arithmetic(), choices()}) all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace isocenter::graph
