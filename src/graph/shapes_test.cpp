#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "core/error.h"
#include "graph/builder.h"
#include "graph/interpreter.h"
#include "graph/operators.h"

namespace isocenter::graph {
namespace {

using testing::HasSubstr;

// The shape of `op`'s first output for inputs of these shapes.
Shape shape_of(const std::string& op, const std::vector<Shape>& inputs, std::map<std::string, Attribute> attributes = {}) {
  Builder net("one");
  std::vector<std::string> names;
  for (const Shape& shape : inputs) names.push_back(net.input("x" + std::to_string(names.size()), shape));
  return net.shape(net.node(op, names, std::move(attributes)));
}

void expect_refused(const std::function<void()>& body, const std::string& fault) {
  try {
    body();
    ADD_FAILURE() << "accepted; expected: " << fault;
  } catch (const core::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(fault));
  }
}

TEST(Shapes, OpenSizesStayOpen) {
  EXPECT_EQ(shape_of("Conv", {{-1, 2, -1, 9}, {4, 2, 3, 3}}, {{"strides", std::vector<std::int64_t>{2, 2}}}), (Shape{-1, 4, -1, 4}));
  EXPECT_EQ(shape_of("Add", {{-1, 1}, {3}}), (Shape{-1, 3}));
  EXPECT_EQ(shape_of("Add", {{-1}, {1}}), (Shape{-1}));
  EXPECT_EQ(shape_of("Add", {{-1}, {5}}), (Shape{5}));
  EXPECT_EQ(shape_of("Flatten", {{2, -1, 3}}), (Shape{2, -1}));
  EXPECT_EQ(shape_of("Concat", {{1, 2, -1}, {1, 3, 7}}, {{"axis", std::int64_t{1}}}), (Shape{1, 5, 7}));
  EXPECT_EQ(shape_of("MatMul", {{5, -1, 3}, {3, 2}}), (Shape{5, -1, 2}));
}

TEST(Shapes, ConvolutionsFollowTheirWindow) {
  const auto conv = [](std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t dilation, std::int64_t before,
                       std::int64_t after) {
    return shape_of("Conv", {{1, 1, size}, {1, 1, kernel}},
                    {{"strides", std::vector<std::int64_t>{stride}},
                     {"dilations", std::vector<std::int64_t>{dilation}},
                     {"pads", std::vector<std::int64_t>{before, after}}})[2];
  };
  EXPECT_EQ(conv(10, 3, 1, 1, 0, 0), 8);
  EXPECT_EQ(conv(10, 3, 2, 1, 1, 1), 5);
  EXPECT_EQ(conv(11, 3, 2, 2, 2, 1), 5);
  for (const char* mode : {"SAME_UPPER", "SAME_LOWER"})
    EXPECT_EQ(
        shape_of("Conv", {{1, 1, 7, 8}, {1, 1, 3, 4}}, {{"auto_pad", std::string(mode)}, {"strides", std::vector<std::int64_t>{2, 3}}}),
        (Shape{1, 1, 4, 3}));
}

TEST(Shapes, WhatDoesNotFitIsRefusedWithTheNodesName) {
  expect_refused([] { shape_of("Conv", {{1, 3, 8, 8}, {4, 2, 3, 3}}); }, "conv_0");
  expect_refused([] { shape_of("Conv", {{1, 2, 2, 8}, {4, 2, 3, 3}}); }, "does not fit into 2");
  expect_refused([] { shape_of("Conv", {{1, 2, 8, 8}, {4, 2, 3, 3}}, {{"strides", std::vector<std::int64_t>{0, 1}}}); }, "'strides'");
  expect_refused([] { shape_of("Conv", {{1, 2, 8, 8}, {4, 2, 3, 3}}, {{"pads", std::vector<std::int64_t>{1, 1}}}); }, "'pads'");
  expect_refused([] { shape_of("Conv", {{1, 2, 8, 8}, {4, 2, 3, 3}}, {{"group", std::int64_t{0}}}); }, "0 groups");
  expect_refused([] { shape_of("Conv", {{1, 2, 8, 8}, {4, 2, 3, 3}, {5}}); }, "each of 4 channels");
  expect_refused([] { shape_of("ConvTranspose", {{1, 3, 8, 8}, {2, 4, 2, 2}}); }, "input has 3 channels");
  expect_refused([] { shape_of("Add", {{2, 3}, {4}}); }, "do not broadcast");
  expect_refused([] { shape_of("Concat", {{1, 2, 3}, {1, 2, 4}}, {{"axis", std::int64_t{1}}}); }, "differ along axis 2");
  expect_refused([] { shape_of("Concat", {{1, 2}, {1, 2}}, {{"axis", std::int64_t{2}}}); }, "axis 2 is out of range");
  expect_refused([] { shape_of("MatMul", {{2, 3}, {4, 2}}); }, "inner sizes 3 and 4");
  expect_refused([] { shape_of("Transpose", {{2, 3}}, {{"perm", std::vector<std::int64_t>{0, 0}}}); }, "permutation");
  expect_refused(
      [] {
        shape_of("MaxPool", {{1, 1, 4, 4}},
                 {{"kernel_shape", std::vector<std::int64_t>{2, 2}}, {"pads", std::vector<std::int64_t>{2, 2, 0, 0}}});
      },
      "padding");
  expect_refused(
      [] {
        shape_of("GroupNormalization", {{1, 6, 4}, {6}, {6}}, {{"num_groups", std::int64_t{4}}});
      },
      "do not divide into 4 groups");
  expect_refused(
      [] {
        shape_of("BatchNormalization", {{1, 2, 4}, {2}, {2}, {2}, {2}}, {{"training_mode", std::int64_t{1}}});
      },
      "evaluation mode");
}

TEST(Shapes, GivenInputShapesMustFitTheGraphs) {
  Builder net("n");
  const auto x = net.input("image", {1, 1, -1, -1});
  const Graph graph = net.finish({net.relu(x)});
  EXPECT_EQ(infer_shapes(graph, {{"image", {1, 1, 4, 6}}}).at(graph.outputs[0].name).shape, (Shape{1, 1, 4, 6}));
  expect_refused([&] { infer_shapes(graph, {{"picture", {1, 1, 4, 6}}}); }, "no input 'picture'");
  expect_refused([&] { infer_shapes(graph, {{"image", {1, 2, 4, 6}}}); }, "takes shape");
  expect_refused([&] { infer_shapes(graph, {{"image", {1, 1, 4}}}); }, "takes shape");
}

// Reshape to (batch, -1, 4), the batch taken from the input's own shape, as exporters write it.
Graph reshaping_net() {
  Builder net("reshape");
  const auto x = net.input("x", {-1, 6, 4});
  const auto batch = net.node("Gather", {net.node("Shape", {x}), net.literal(std::vector<std::int64_t>{0})}, {{"axis", std::int64_t{0}}});
  const auto shape = net.node("Concat", {batch, net.literal(std::vector<std::int64_t>{-1, 2})}, {{"axis", std::int64_t{0}}});
  return net.finish({net.node("Reshape", {x, shape})});
}

TEST(Shapes, ComputedShapesAreFollowed) {
  const Graph graph = reshaping_net();
  const std::string out = graph.outputs[0].name;
  EXPECT_EQ(infer_shapes(graph, {{"x", {3, 6, 4}}}).at(out).shape, (Shape{3, 12, 2}));
  EXPECT_EQ(infer_shapes(graph).at(out).shape, (Shape{-1, -1, -1}));  // the rank is known, the sizes when the batch is
}

TEST(Shapes, SizesBeyondMemoryAreRefusedBeforeAnythingIsMade) {
  Builder net("huge");
  const auto sizes = net.literal(std::vector<std::int64_t>{1LL << 30, 1LL << 30});
  expect_refused([&] { infer_shapes(net.finish({net.node("ConstantOfShape", {sizes})})); }, "out of range");
}

TEST(Shapes, AnEmptyArrayWithHugeOtherSizesIsNotWalkedOver) {
  Graph graph;
  graph.name = "empty";
  graph.constants["nothing"] = {DataType::f32, {std::int64_t{1} << 40, 0}, allocate_bytes(0)};
  graph.constants["worse"] = {DataType::f32, {std::int64_t{1} << 62, 0}, allocate_bytes(0)};
  graph.nodes = {{"join", "Concat", {"nothing", "nothing"}, {"joined"}, {{"axis", std::int64_t{1}}}}};
  graph.outputs = {{"joined", DataType::f32, {}}};
  expect_refused([&] { infer_shapes(graph); }, "constant 'worse'");
  graph.constants.erase("worse");
  EXPECT_EQ(infer_shapes(graph).at("joined").shape, (Shape{std::int64_t{1} << 40, 0}));
}

// Whatever the sizes, the shape rule's word is what is computed, and open sizes never contradict closed ones.
void check_agreement(const Graph& graph, const Shape& shape) {
  Array input{DataType::f32, shape, std::vector<double>(static_cast<std::size_t>(element_count(shape)), 0.5)};
  const auto closed = infer_shapes(graph, {{"x", shape}}), open = infer_shapes(graph);
  const auto computed = interpret(graph, {{"x", input}}, {.keep_all = true});
  for (const auto& [name, array] : computed) {
    RC_ASSERT(closed.at(name).shape == array.shape);
    RC_ASSERT(closed.at(name).type == array.type);
    RC_ASSERT(open.at(name).shape.size() == array.shape.size());
    for (std::size_t i = 0; i < array.shape.size(); ++i) RC_ASSERT(open.at(name).shape[i] < 0 || open.at(name).shape[i] == array.shape[i]);
  }
}

RC_GTEST_PROP(ShapesProperty, ConvolutionsAndPoolsAgreeWithTheInterpreter, ()) {
  const int axes = *rc::gen::inRange(1, 4);
  const std::int64_t groups = *rc::gen::inRange(1, 3), in = groups * *rc::gen::inRange(1, 3), out = groups * *rc::gen::inRange(1, 3);
  Shape open{1, in}, shape{1, in}, kernel, stride, pool;
  for (int i = 0; i < axes; ++i) {
    open.push_back(-1);
    shape.push_back(*rc::gen::inRange(4, 8));
    kernel.push_back(1 + 2 * *rc::gen::inRange(0, 2));
    stride.push_back(*rc::gen::inRange(1, 3));
    pool.push_back(*rc::gen::inRange(1, 3));
  }
  Builder net("random");
  auto x = net.input("x", open);
  x = net.convolution(x, "conv", {.outputs = out, .kernel = kernel, .stride = stride, .groups = groups});
  const auto up = net.transposed_convolution(x, "up", {.outputs = 2, .kernel = stride});
  const auto pooled = net.node(*rc::gen::arbitrary<bool>() ? "MaxPool" : "AveragePool", {x},
                               {{"kernel_shape", pool}, {"strides", stride}, {"ceil_mode", std::int64_t{*rc::gen::inRange(0, 2)}}});
  const auto flat = net.node("Flatten", {net.node("GlobalAveragePool", {pooled})});
  check_agreement(net.finish({up, pooled, net.linear(flat, "head", 3)}), shape);
}

RC_GTEST_PROP(ShapesProperty, LayoutOperatorsAgreeWithTheInterpreter, ()) {
  const int rank = *rc::gen::inRange(1, 5);
  Shape open, shape;
  for (int i = 0; i < rank; ++i) {
    shape.push_back(*rc::gen::inRange(1, 6));
    open.push_back(*rc::gen::arbitrary<bool>() ? -1 : shape.back());
  }
  const auto axis = std::int64_t{*rc::gen::inRange(-rank, rank)};
  const auto integers = [](std::vector<std::int64_t> values) { return values; };
  Builder net("random");
  const auto x = net.input("x", open);
  const auto start = std::int64_t{*rc::gen::inRange(-7, 7)}, end = std::int64_t{*rc::gen::inRange(-7, 7)};
  std::int64_t step = *rc::gen::inRange(-2, 3);
  if (step == 0) step = 1;
  std::vector<std::string> outputs;
  outputs.push_back(net.node("Slice", {x, net.literal(integers({start})), net.literal(integers({end})), net.literal(integers({axis})),
                                       net.literal(integers({step}))}));
  std::vector<std::int64_t> pads;
  for (int i = 0; i < 2 * rank; ++i) pads.push_back(*rc::gen::inRange(0, 3));
  outputs.push_back(net.node("Pad", {x, net.literal(pads)}));
  outputs.push_back(net.node("Unsqueeze", {x, net.literal(integers({axis < 0 ? axis - 1 : axis}))}));
  outputs.push_back(net.node("Squeeze", {outputs.back(), net.literal(integers({axis < 0 ? axis - 1 : axis}))}));
  outputs.push_back(net.node("Transpose", {x}));
  outputs.push_back(net.node("ReduceMean", {x}, {{"axes", integers({axis})}, {"keepdims", std::int64_t{*rc::gen::inRange(0, 2)}}}));
  outputs.push_back(net.node("Concat", {x, x}, {{"axis", axis}}));
  outputs.push_back(net.node("Softmax", {x}, {{"axis", axis}}));
  outputs.push_back(net.node("ArgMax", {x}, {{"axis", axis}}));
  outputs.push_back(net.node("Tile", {x, net.literal(std::vector<std::int64_t>(static_cast<std::size_t>(rank), 2))}));
  check_agreement(net.finish(outputs), shape);
}

}  // namespace
}  // namespace isocenter::graph
