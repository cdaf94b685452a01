#include "graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/error.h"
#include "graph/array.h"
#include "graph/builder.h"
#include "graph/describe.h"
#include "graph/half.h"
#include "graph/operators.h"

namespace isocenter::graph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Graph small_net() {
  Builder net("small");
  auto x = net.input("image", {1, 2, -1, -1});
  x = net.convolution(x, "conv", {.outputs = 4, .kernel = {3, 3}});
  x = net.batch_norm(x, "norm");
  x = net.node("Pow", {x, net.literal(2.0f)});
  return net.finish({net.name(x, "result")});
}

void expect_refused(const std::function<void(Graph&)>& change, const std::string& fault) {
  Graph net = small_net();
  change(net);
  try {
    verify(net);
    ADD_FAILURE() << "accepted; expected: " << fault;
  } catch (const core::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(fault));
  }
}

TEST(Shape, CountsElements) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({2, 3, 4}), 24);
  EXPECT_EQ(element_count({1'000'000'000'000, 0, 1'000'000'000'000}), 0);
  EXPECT_THROW(element_count({2, -1}), std::logic_error);
  EXPECT_THROW(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}), std::logic_error);
}

TEST(Constant, HoldsItsNumbersAligned) {
  const Constant floats = constant({2, 2}, std::vector<float>{1, 2, 3, 4});
  EXPECT_THAT(floats.floats(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(floats.bytes.get()) % 8, 0u);
  EXPECT_THROW(floats.integers(), std::logic_error);
  EXPECT_THAT(constant({2}, std::vector<std::int64_t>{-1, 7}).integers(), ElementsAre(-1, 7));
  EXPECT_THROW(constant({3}, std::vector<float>{1}), std::logic_error);
}

TEST(Half, RoundsToNearestEven) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    if (!std::isnan(float_of_half(half))) {
      EXPECT_EQ(half_of_float(float_of_half(half)), half);
    }
    if (!std::isnan(float_of_bfloat(half))) {
      EXPECT_EQ(bfloat_of_float(float_of_bfloat(half)), half);
    }
  }
  EXPECT_EQ(half_of_float(1 + std::ldexp(1.0f, -11)), 0x3c00);      // halfway, to the even one below
  EXPECT_EQ(half_of_float(1 + 3 * std::ldexp(1.0f, -11)), 0x3c02);  // halfway, to the even one above
  EXPECT_EQ(half_of_float(65519.0f), 0x7bff);
  EXPECT_EQ(half_of_float(65520.0f), 0x7c00);
  EXPECT_EQ(half_of_float(std::ldexp(1.0f, -25)), 0);  // halfway to the smallest, to even
  EXPECT_EQ(half_of_float(std::nextafter(std::ldexp(1.0f, -25), 1.0f)), 1);
  EXPECT_TRUE(std::isnan(float_of_half(half_of_float(NAN))));
  EXPECT_TRUE(std::isnan(float_of_bfloat(bfloat_of_float(NAN))));
}

TEST(Array, ConvertsBetweenTypesWithSaturation) {
  const Array numbers{DataType::f64, {5}, {-300.5, 0.5, 255.9, 1e30, NAN}};
  Array narrow = numbers;
  narrow.type = DataType::u8;
  EXPECT_THAT(to_array(to_constant(narrow)).values, ElementsAre(0, 0, 255, 255, 0));
  narrow.type = DataType::i64;
  EXPECT_THAT(narrow.integers(), ElementsAre(-300, 0, 255, std::numeric_limits<std::int64_t>::max(), 0));
  const Constant same = constant({1}, std::vector<float>{3});
  EXPECT_EQ(convert(same, DataType::f32).bytes, same.bytes);
  EXPECT_THAT(convert(same, DataType::i64).integers(), ElementsAre(3));
}

TEST(Verify, AcceptsWhatTheBuilderMakes) { EXPECT_NO_THROW(verify(small_net())); }

TEST(Verify, NamesNodeAndReason) {
  expect_refused([](Graph& g) { g.nodes[0].op = "Blend"; }, "unknown operator 'Blend'");
  expect_refused([](Graph& g) { g.nodes[0].op = "Constant"; }, "unknown operator 'Constant'");
  expect_refused([](Graph& g) { std::swap(g.nodes[0], g.nodes[1]); }, "before it is made");
  expect_refused([](Graph& g) { g.nodes[1].outputs = g.nodes[0].outputs; }, "exists already");
  expect_refused([](Graph& g) { g.nodes[0].outputs = {"image"}; }, "exists already");
  expect_refused([](Graph& g) { g.nodes[0].inputs.resize(1); }, "has 1 inputs; the operator takes 2 to 3");
  expect_refused([](Graph& g) { g.nodes[1].inputs.push_back("image"); }, "has 6 inputs; the operator takes 5");
  expect_refused([](Graph& g) { g.nodes[0].inputs[1] = ""; }, "input 1 must not be left out");
  expect_refused([](Graph& g) { g.nodes[0].outputs = {}; }, "has 0 outputs");
  expect_refused([](Graph& g) { g.nodes[0].outputs = {""}; }, "output 0 must not be left out");
  expect_refused([](Graph& g) { g.nodes[0].attributes["colour"] = std::int64_t{1}; }, "no attribute 'colour'");
  expect_refused([](Graph& g) { g.nodes[0].attributes["group"] = std::string("one"); }, "attribute 'group' is of another type");
  expect_refused([](Graph& g) { g.nodes[1].name = g.nodes[0].name; }, "taken by another node");
  expect_refused([](Graph& g) { g.inputs.push_back(g.inputs[0]); }, "input 'image'");
  expect_refused([](Graph& g) { g.outputs[0].name = "nothing"; }, "output 'nothing'");
  expect_refused([](Graph& g) { g.outputs.push_back(g.outputs[0]); }, "listed twice");
  expect_refused([](Graph& g) { g.outputs.clear(); }, "no outputs");
  expect_refused([](Graph& g) { g.constants["conv.bias"].shape = {-4}; }, "'conv.bias'");
  expect_refused([](Graph& g) { g.constants["conv.bias"].bytes = nullptr; }, "'conv.bias'");
  Graph missing = small_net();
  missing.nodes.push_back({"join", "Concat", {"result"}, {"joined"}, {}});
  EXPECT_THROW(verify(missing), core::InputError);
}

TEST(Verify, OptionalInputsMayBeLeftOut) {
  Builder net("clip");
  const auto x = net.input("x", {3});
  const auto y = net.node("Clip", {x, "", net.literal(1.0f)});
  EXPECT_NO_THROW(net.finish({y}));
}

TEST(Parameters, AreTrainedConstantsWithoutStatisticsAndLiterals) {
  const Graph net = small_net();
  EXPECT_THAT(parameters(net), ElementsAre("conv.weight", "conv.bias", "norm.weight", "norm.bias"));
  EXPECT_THAT(statistics(net), ElementsAre("norm.running_mean", "norm.running_var"));
}

TEST(Node, ReadsAttributesAndSaysWhenTheTypeIsAnother) {
  Node node{"n", "Conv", {}, {}, {{"group", std::int64_t{4}}, {"auto_pad", std::string("VALID")}, {"pads", std::vector<std::int64_t>{1}}}};
  EXPECT_EQ(node.integer("group", 1), 4);
  EXPECT_EQ(node.integer("other", 9), 9);
  EXPECT_EQ(node.text("auto_pad", ""), "VALID");
  EXPECT_THAT(node.integers("pads"), ElementsAre(1));
  EXPECT_THROW(node.number("group", 0), core::InputError);
  EXPECT_EQ(integer(node, "group"), 4);
  EXPECT_EQ(text({"n", "Conv", {}, {}, {}}, "auto_pad"), "NOTSET");
  EXPECT_DOUBLE_EQ(number({"n", "LeakyRelu", {}, {}, {}}, "alpha"), 0.01);
  EXPECT_THROW(integer({"n", "Conv", {}, {}, {}}, "colour"), std::logic_error);
}

TEST(OperatorTable, EveryEntryIsWhole) {
  const auto names = operator_names();
  EXPECT_GT(names.size(), 80u);
  for (const auto name : names) {
    SCOPED_TRACE(std::string(name));
    const Operator& entry = *find_operator(name);
    EXPECT_NE(entry.shape, nullptr);
    EXPECT_NE(entry.evaluate, nullptr);
    EXPECT_LE(entry.least_inputs, entry.most_inputs);
    EXPECT_LE(1, entry.least_outputs);
    EXPECT_LE(entry.least_outputs, entry.most_outputs);
    for (const AttributeRule& rule : entry.attributes) {
      EXPECT_FALSE(rule.required && rule.otherwise) << rule.name;
      if (!rule.otherwise) continue;
      const bool fits = (rule.kind == AttributeKind::integer && std::holds_alternative<std::int64_t>(*rule.otherwise)) ||
                        (rule.kind == AttributeKind::number && std::holds_alternative<double>(*rule.otherwise)) ||
                        (rule.kind == AttributeKind::text && std::holds_alternative<std::string>(*rule.otherwise));
      EXPECT_TRUE(fits) << rule.name;
    }
  }
  EXPECT_EQ(find_operator("Blend"), nullptr);
}

TEST(Cost, CountsMultiplyAddsAsTwoAndWhatIsAliveAtOnce) {
  Builder net("chain");
  auto x = net.input("x", {1, 2, -1, -1});
  const auto y = net.convolution(x, "conv", {.outputs = 4, .kernel = {3, 3}});
  const auto z = net.relu(y);
  const Graph graph = net.finish({net.add(z, y)});
  const Cost total = cost(graph, {{"x", {1, 2, 5, 6}}});
  const double elements = 4 * 5 * 6;
  EXPECT_EQ(total.flop, elements * (2 * 2 * 9 + 1) + elements + elements);
  EXPECT_EQ(total.parameters, 4 * 2 * 9 + 4);
  EXPECT_EQ(total.activation_bytes, 3 * elements * 4);
  EXPECT_EQ(total.peak_bytes, 3 * elements * 4);  // the input is gone when the sum is made; y, z and the sum are alive together
  const auto values = infer_shapes(graph, {{"x", {1, 2, 5, 6}}});
  EXPECT_EQ(flop_of(graph.nodes[0], values), elements * 37);
}

TEST(Describe, PrintsEachNodeWithShapeParametersAndFlop) {
  const std::string open = describe(small_net());
  EXPECT_THAT(open, HasSubstr("small: 3 nodes, 84 parameters\n"));
  EXPECT_THAT(open, HasSubstr("1 x 4 x ? x ?"));
  const std::string closed = describe(small_net(), {{"image", {1, 2, 10, 10}}});
  EXPECT_THAT(closed, HasSubstr("Conv 3x3"));
  EXPECT_THAT(closed, HasSubstr("1 x 4 x 10 x 10"));
  EXPECT_THAT(closed, HasSubstr("76 parameters"));
  EXPECT_THAT(closed, HasSubstr("14.8 kFLOP"));
  EXPECT_THAT(closed, HasSubstr("output  result  f32 1 x 4 x 10 x 10"));
}

}  // namespace
}  // namespace isocenter::graph
