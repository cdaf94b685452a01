#include "graph/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>

#include "core/error.h"
#include "core/file.h"
#include "core/shared_data.h"
#include "graph/builder.h"
#include "graph/compare.h"
#include "graph/interpreter.h"
#include "graph/onnx_format.h"
#include "graph/protobuf.h"

namespace isocenter::graph {
namespace {

using namespace onnx;
using protobuf::Writer;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string random_text() {
  const auto letters = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("abz09_./ :\xc3\xa9")));
  return letters;
}

Constant random_constant(const Shape& shape, DataType type) {
  Constant constant{type, shape, nullptr};
  const auto bytes = allocate_bytes(constant.byte_count());
  for (std::size_t i = 0; i < constant.byte_count(); ++i) bytes.get()[i] = *rc::gen::arbitrary<std::uint8_t>();
  constant.bytes = bytes;
  return constant;
}

class OnnxFile : public testing::Test {
 protected:
  // Plainly, without the care for power failures that thousands of damaged files do not need.
  void put(const std::string& content) { std::ofstream(path(), std::ios::binary) << content; }

  std::filesystem::path path() const { return folder_.path() / "model.onnx"; }

  Graph read(const Writer& model_message) {
    put(model_message.content());
    return read_onnx(path());
  }

  void expect_refused(const std::string& content, const std::string& fault) {
    put(content);
    try {
      read_onnx(path());
      ADD_FAILURE() << "accepted; expected: " << fault;
    } catch (const core::InputError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("model.onnx"), HasSubstr(fault)));
    }
  }
  void expect_refused(const Writer& model_message, const std::string& fault) { expect_refused(model_message.content(), fault); }

  core::TemporaryFolder folder_;
};

RC_GTEST_FIXTURE_PROP(OnnxFile, WrittenThenReadIsTheSameGraph, ()) {
  Builder net(random_text());
  const int axes = *rc::gen::inRange(1, 4);
  Shape shape{*rc::gen::element<std::int64_t>(-1, 1, 2), 4};
  for (int i = 0; i < axes; ++i) shape.push_back(*rc::gen::element<std::int64_t>(-1, 8));
  auto x = net.input("in " + random_text(), shape);
  std::vector<std::string> outputs;
  const int layers = *rc::gen::inRange(1, 6);
  const auto number = [] { return *rc::gen::arbitrary<double>(); };
  for (int i = 0; i < layers; ++i) {
    const std::string name = std::to_string(i) + random_text();
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
        x = net.convolution(x, name, {.outputs = 4, .kernel = Shape(static_cast<std::size_t>(axes), 3), .groups = 2});
        break;
      case 1:
        x = net.instance_norm(x, name, number());
        break;
      case 2:
        x = net.batch_norm(x, name);
        break;
      case 3:
        x = net.group_norm(x, name, 2, number());
        break;
      case 4:
        x = net.leaky_relu(x, number());
        break;
      case 5:
        x = net.node("Gelu", {x}, {{"approximate", std::string(*rc::gen::arbitrary<bool>() ? "tanh" : "none")}});
        break;
      case 6:
        x = net.node("Clip", {x, "", net.literal(static_cast<float>(number()))});
        break;
      default:
        x = net.node("Mish", {net.node("Gelu", {x})});
        break;
    }
    if (*rc::gen::arbitrary<bool>()) outputs.push_back(x);
  }
  if (outputs.empty()) outputs.push_back(x);
  Graph graph = net.finish(outputs);
  for (auto& [name, constant] : graph.constants)
    if (!is_literal(name)) constant = random_constant(constant.shape, DataType::f32);
  constexpr DataType types[] = {DataType::f16, DataType::bf16, DataType::i8,  DataType::u8,  DataType::i16,     DataType::u16,
                                DataType::i32, DataType::u32,  DataType::i64, DataType::u64, DataType::boolean, DataType::f64};
  graph.constants["not used"] = random_constant({*rc::gen::inRange(0, 4), 3}, types[*rc::gen::inRange(0, 12)]);
  write_onnx(path(), graph);
  RC_ASSERT(difference(read_onnx(path()), graph) == std::string());
}

// ---- models built field by field

struct ModelOptions {
  std::int64_t version = 17;
  std::vector<std::pair<std::string, Shape>> inputs = {{"x", {2, 3}}};
  std::vector<std::string> outputs = {"y"};
  std::vector<Writer> initializers = {};
};

Writer value(const std::string& name, const Shape& shape, std::int64_t element = 1) {
  Writer sizes, tensor, type, info;
  for (const std::int64_t size : shape) {
    Writer dimension;
    if (size >= 0) dimension.integer(value_field::size, size);
    sizes.message(value_field::dimension, dimension);
  }
  tensor.integer(value_field::element_type, element).message(value_field::shape, sizes);
  type.message(value_field::tensor_type, tensor);
  info.bytes(value_field::name, name).message(value_field::type, type);
  return info;
}

Writer opset_of(const std::string& domain, std::int64_t version) {
  Writer id;
  id.bytes(opset_id::domain, domain).integer(opset_id::version, version);
  return id;
}

// Outputs carry no shape: the reader infers it.
Writer model_of(const std::vector<Writer>& nodes, const ModelOptions& options = {}) {
  Writer graph, message;
  for (const Writer& node : nodes) graph.message(graph_field::node, node);
  graph.bytes(graph_field::name, "g");
  for (const Writer& tensor : options.initializers) graph.message(graph_field::initializer, tensor);
  for (const auto& [name, shape] : options.inputs) graph.message(graph_field::input, value(name, shape));
  for (const std::string& name : options.outputs) {
    Writer tensor, type, info;
    tensor.integer(value_field::element_type, 1);
    type.message(value_field::tensor_type, tensor);
    info.bytes(value_field::name, name).message(value_field::type, type);
    graph.message(graph_field::output, info);
  }
  message.integer(model::ir_version, 8).message(model::graph, graph).message(model::opset_import, opset_of("", options.version));
  return message;
}

Writer integer_attribute(const std::string& name, std::int64_t value) {
  Writer attribute;
  attribute.bytes(attribute_field::name, name)
      .integer(attribute_field::integer, value)
      .integer(attribute_field::type, attribute_type::integer);
  return attribute;
}

Writer number_attribute(const std::string& name, float value) {
  Writer attribute;
  attribute.bytes(attribute_field::name, name)
      .number32(attribute_field::number, value)
      .integer(attribute_field::type, attribute_type::number);
  return attribute;
}

Writer integers_attribute(const std::string& name, const std::vector<std::int64_t>& values) {
  Writer attribute;
  attribute.bytes(attribute_field::name, name).integer(attribute_field::type, attribute_type::integers);
  for (const std::int64_t value : values) attribute.integer(attribute_field::integers, value);
  return attribute;
}

Writer numbers_attribute(const std::string& name, const std::vector<float>& values) {
  Writer attribute;
  attribute.bytes(attribute_field::name, name).integer(attribute_field::type, attribute_type::numbers);
  for (const float value : values) attribute.number32(attribute_field::numbers, value);
  return attribute;
}

Writer node_message(const std::string& op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                    const std::vector<Writer>& attributes = {}, const std::string& domain = "") {
  Writer node;
  for (const std::string& name : inputs) node.bytes(node_field::input, name);
  for (const std::string& name : outputs) node.bytes(node_field::output, name);
  node.bytes(node_field::name, op + " node").bytes(node_field::op, op);
  for (const Writer& attribute : attributes) node.message(node_field::attribute, attribute);
  if (!domain.empty()) node.bytes(node_field::domain, domain);
  return node;
}

Writer tensor_message(const std::string& name, const Shape& dims, std::int64_t type, const std::string& raw) {
  Writer tensor;
  for (const std::int64_t size : dims) tensor.integer(tensor_field::dims, size);
  tensor.integer(tensor_field::type, type).bytes(tensor_field::name, name).bytes(tensor_field::raw, raw);
  return tensor;
}

const Writer relu = node_message("Relu", {"x"}, {"y"});

TEST_F(OnnxFile, ReadsAModelBuiltByHand) {
  const Graph graph = read(model_of({relu}));
  EXPECT_EQ(graph.nodes.at(0).op, "Relu");
  EXPECT_EQ(graph.outputs.at(0).shape, (Shape{2, 3}));
}

TEST_F(OnnxFile, EveryCutOfAFileIsRefused) {
  Builder net("cut");
  const auto x = net.input("image", {1, 1, -1, -1});
  write_onnx(path(), net.finish({net.convolution(x, "conv", {.outputs = 2, .kernel = {3, 3}})}));
  const std::string whole = core::read_text(path());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    SCOPED_TRACE(length);
    expect_refused(whole.substr(0, length), "");
  }
}

TEST_F(OnnxFile, NoDamagedByteDoesHarm) {
  Builder net("damaged");
  auto x = net.input("image", {1, 2, -1, -1});
  x = net.group_norm(net.convolution(x, "conv", {.outputs = 2, .kernel = {3, 3}}), "norm", 2);
  write_onnx(path(), net.finish({net.node("Reshape", {x, net.literal(std::vector<std::int64_t>{1, 2, -1})})}));
  const std::string whole = core::read_text(path());
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      put(damaged);
      try {
        const Graph graph = read_onnx(path());
        infer_shapes(graph);
      } catch (const core::InputError&) {
        ++refused;
      }
    }
  EXPECT_GT(refused, whole.size() / 4);
}

TEST_F(OnnxFile, RefusesWhatIsNoModel) {
  expect_refused(std::string(), "no graph");
  expect_refused("Hello, world! This is a text file.", "");
  expect_refused(std::string(20, '\xff'), "longer than 64 bits");
  expect_refused(std::string("\x08\x08\x3a\xff\xff\xff\xff\x0f", 8), "cut short");
  expect_refused(std::string("\x08\x08\x3b", 3), "wire type");
  Writer graph_as_number;
  graph_as_number.integer(model::ir_version, 8).integer(model::graph, 3);
  expect_refused(graph_as_number, "wire type");
  EXPECT_THROW(read_onnx(folder_.path() / "absent.onnx"), core::InputError);
  EXPECT_THROW(read_onnx(folder_.path()), core::InputError);
}

TEST_F(OnnxFile, RefusesOperatorsByName) {
  expect_refused(model_of({node_message("Blend", {"x"}, {"y"})}), "unknown operator 'Blend'");
  expect_refused(model_of({node_message("Gelu", {"x"}, {"y"}, {}, "com.vendor")}), "unknown operator 'Gelu' of domain 'com.vendor'");
  expect_refused(model_of({node_message("Blend", {"x"}, {"y"}, {}, own_domain)}), "unknown operator 'Blend' of domain 'isocenter'");
  Writer branch = integer_attribute("then_branch", 1);
  expect_refused(model_of({node_message("If", {"x"}, {"y"}, {branch})}), "unknown operator 'If'");
}

TEST_F(OnnxFile, RefusesOperatorSetsItDoesNotKnow) {
  for (const std::int64_t version : {std::int64_t{0}, std::int64_t{5}, std::int64_t{22}, std::int64_t{-3}})
    expect_refused(model_of({relu}, {.version = version}), "operator set");
}

TEST_F(OnnxFile, RefusesBrokenGraphs) {
  expect_refused(model_of({node_message("Relu", {"z"}, {"y"})}), "before it is made");
  expect_refused(model_of({relu, relu}), "exists already");
  expect_refused(model_of({node_message("Relu", {"x", "x"}, {"y"})}), "has 2 inputs");
  expect_refused(model_of({node_message("MaxPool", {"x"}, {"y", "indices"})}, {.outputs = {"y", "indices"}}), "has 2 outputs");
  expect_refused(model_of({node_message("Relu", {"x"}, {"y"}, {integer_attribute("a", 1), integer_attribute("a", 2)})}),
                 "'a' stands twice");
  expect_refused(model_of({node_message("LeakyRelu", {"x"}, {"y"}, {integer_attribute("alpha", 1)})}), "of another type");
  expect_refused(model_of({relu}, {.inputs = {{"x", {2}}, {"x", {2}}}}), "input 'x'");
  Writer referring = integer_attribute("alpha", 1);
  referring.bytes(attribute_field::reference, "outer");
  expect_refused(model_of({node_message("LeakyRelu", {"x"}, {"y"}, {referring})}), "function's attribute");
  Writer sub_graph;
  sub_graph.bytes(attribute_field::name, "body").integer(attribute_field::type, 5);
  expect_refused(model_of({node_message("Relu", {"x"}, {"y"}, {sub_graph})}), "'body' is of kind 5");
}

TEST_F(OnnxFile, RefusesBrokenTensorsByName) {
  const auto with = [](Writer tensor) { return model_of({relu}, {.initializers = {std::move(tensor)}}); };
  EXPECT_NO_THROW(read(with(tensor_message("w", {2}, 1, std::string(8, '\0')))));
  expect_refused(with(tensor_message("w", {2}, 1, std::string(7, '\0'))), "tensor 'w' holds 7 bytes");
  expect_refused(with(tensor_message("w", {-2}, 1, std::string(8, '\0'))), "tensor 'w': a size of -2");
  expect_refused(with(tensor_message("w", {1LL << 40, 1LL << 40}, 1, "")), "tensor 'w': its size is out of range");
  expect_refused(with(tensor_message("w", {1LL << 50}, 1, "")), "tensor 'w' holds 0 bytes");
  expect_refused(with(tensor_message("w", Shape(40, 1), 1, std::string(4, '\0'))), "40 dimensions");
  expect_refused(with(tensor_message("w", {2}, 8, "")), "element type 8");
  expect_refused(with(tensor_message("w", {2}, 99, "")), "element type 99");
  Writer short_list, strings;
  short_list.integer(tensor_field::dims, 3).integer(tensor_field::type, 1).bytes(tensor_field::name, "w").number32(tensor_field::floats, 1);
  expect_refused(with(short_list), "tensor 'w' holds 1 numbers, its shape takes 3");
  strings.integer(tensor_field::dims, 1).integer(tensor_field::type, 1).bytes(tensor_field::name, "w").bytes(tensor_field::strings, "a");
  expect_refused(with(strings), "tensor 'w'");
  Writer twice = tensor_message("w", {1}, 1, std::string(4, '\0'));
  expect_refused(model_of({relu}, {.initializers = {twice, twice}}), "'w' stands twice");
}

TEST_F(OnnxFile, ReadsTypedFieldsPackedOrNot) {
  Writer loose, tight;
  for (Writer* tensor : {&loose, &tight}) tensor->integer(tensor_field::dims, 3).integer(tensor_field::type, 7);
  loose.bytes(tensor_field::name, "loose")
      .integer(tensor_field::int64s, -1)
      .integer(tensor_field::int64s, 2)
      .integer(tensor_field::int64s, 300);
  tight.bytes(tensor_field::name, "tight")
      .bytes(tensor_field::int64s, std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\xac\x02", 13));
  Writer half;  // 16-bit floats come as bits in the list of 32-bit integers
  half.integer(tensor_field::dims, 1)
      .integer(tensor_field::type, 10)
      .bytes(tensor_field::name, "half")
      .integer(tensor_field::int32s, 0x3e00);
  Writer numbers;
  numbers.integer(tensor_field::dims, 1)
      .integer(tensor_field::type, 1)
      .bytes(tensor_field::name, "numbers")
      .bytes(tensor_field::floats, std::string("\0\0\xc0\x3f", 4));
  const Graph graph = read(model_of({relu}, {.initializers = {loose, tight, half, numbers}}));
  EXPECT_THAT(graph.constants.at("loose").integers(), ElementsAre(-1, 2, 300));
  EXPECT_THAT(graph.constants.at("tight").integers(), ElementsAre(-1, 2, 300));
  EXPECT_THAT(to_array(graph.constants.at("half")).values, ElementsAre(1.5));
  EXPECT_THAT(graph.constants.at("numbers").floats(), ElementsAre(1.5f));
}

TEST_F(OnnxFile, ExternalDataLiesBesideTheModelAndNowhereElse) {
  core::write_text(folder_.path() / "w.bin", std::string("????") + std::string("\0\0\x80\x3f\0\0\0\x40", 8));
  const auto external = [](const std::vector<std::pair<std::string, std::string>>& entries) {
    Writer tensor;
    tensor.integer(tensor_field::dims, 2).integer(tensor_field::type, 1).bytes(tensor_field::name, "w").integer(tensor_field::location, 1);
    for (const auto& [key, value] : entries) {
      Writer pair;
      pair.bytes(entry::key, key).bytes(entry::value, value);
      tensor.message(tensor_field::external, pair);
    }
    return model_of({relu}, {.initializers = {tensor}});
  };
  EXPECT_THAT(read(external({{"location", "w.bin"}, {"offset", "4"}, {"length", "8"}})).constants.at("w").floats(), ElementsAre(1, 2));
  expect_refused(external({{"location", "w.bin"}, {"offset", "5"}}), "lies outside");
  expect_refused(external({{"location", "w.bin"}, {"offset", "18446744073709551615"}}), "lies outside");
  expect_refused(external({{"location", "w.bin"}, {"length", "12"}}), "has 12 bytes");
  expect_refused(external({{"location", "w.bin"}, {"offset", "four"}}), "'four' is not a whole number");
  expect_refused(external({{"location", "absent.bin"}}), "absent.bin");
  for (const char* location : {"", ".", "..", "../w.bin", "/etc/hostname", "sub/w.bin"})
    expect_refused(external({{"location", location}}), "beside the model");
  std::filesystem::create_symlink("/etc/hostname", folder_.path() / "link.bin");
  expect_refused(external({{"location", "link.bin"}}), "is a link");
}

TEST_F(OnnxFile, WeightsListedAsInputsAreNoInputs) {
  const Graph graph =
      read(model_of({node_message("Add", {"x", "w"}, {"y"})},
                    {.inputs = {{"x", {2}}, {"w", {2}}}, .initializers = {tensor_message("w", {2}, 1, std::string(8, '\0'))}}));
  EXPECT_EQ(graph.inputs.size(), 1u);
}

TEST_F(OnnxFile, ConstantNodesBecomeConstants) {
  const Graph graph = read(
      model_of({node_message("Constant", {}, {"two"}, {number_attribute("value_float", 2)}), node_message("Mul", {"x", "two"}, {"y"})}));
  EXPECT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].inputs[1], "literal:two");
  EXPECT_THAT(graph.constants.at("literal:two").floats(), ElementsAre(2));
  EXPECT_TRUE(parameters(graph).empty());
  expect_refused(model_of({node_message("Constant", {}, {"y"})}), "one array of numbers");
}

TEST_F(OnnxFile, NamesThatAreMissingOrTwiceAreMade) {
  Writer nameless;
  nameless.bytes(node_field::input, "x").bytes(node_field::output, "a").bytes(node_field::op, "Relu");
  const Graph graph = read(model_of({nameless, node_message("Relu", {"a"}, {"b"}), node_message("Relu", {"b"}, {"y"})}));
  EXPECT_EQ(graph.nodes[0].name, "Relu_0");
  EXPECT_NE(graph.nodes[1].name, graph.nodes[2].name);
}

TEST_F(OnnxFile, UnreadOutputsAreDropped) {
  EXPECT_EQ(read(model_of({node_message("Dropout", {"x"}, {"y", "mask"})})).nodes[0].outputs.size(), 1u);
}

// ---- older and newer operator sets mean what they meant

std::vector<double> run(const Graph& graph, const Shape& shape) {
  Array x{DataType::f32, shape, {}};
  for (std::int64_t i = 0; i < element_count(shape); ++i) x.values.push_back(static_cast<double>(i % 7) - 3);
  return interpret(graph, {{"x", x}}).at("y").values;
}

TEST_F(OnnxFile, OlderOperatorSetsAreBroughtUp) {
  const auto shape_after = [&](const Writer& node, std::int64_t version, const Shape& input) {
    return read(model_of({node}, {.version = version, .inputs = {{"x", input}}})).outputs[0].shape;
  };
  EXPECT_EQ(shape_after(node_message("Squeeze", {"x"}, {"y"}, {integers_attribute("axes", {0})}), 11, {1, 3}), Shape{3});
  EXPECT_EQ(shape_after(node_message("Unsqueeze", {"x"}, {"y"}, {integers_attribute("axes", {0, 2})}), 11, {3}), (Shape{1, 3, 1}));
  EXPECT_EQ(
      shape_after(node_message("ReduceSum", {"x"}, {"y"}, {integers_attribute("axes", {1}), integer_attribute("keepdims", 0)}), 12, {2, 3}),
      Shape{2});
  EXPECT_EQ(shape_after(node_message("Split", {"x"}, {"y", "z"}, {integers_attribute("split", {1, 2})}), 11, {3}), Shape{1});
  EXPECT_EQ(
      shape_after(node_message("Slice", {"x"}, {"y"}, {integers_attribute("starts", {1}), integers_attribute("ends", {3})}), 9, {5, 2}),
      (Shape{2, 2}));
  EXPECT_EQ(shape_after(node_message("Pad", {"x"}, {"y"}, {integers_attribute("pads", {1, 2})}), 10, {3}), Shape{6});
  EXPECT_EQ(shape_after(node_message("Upsample", {"x"}, {"y"}, {numbers_attribute("scales", {1, 1, 2, 3})}), 7, {1, 1, 2, 2}),
            (Shape{1, 1, 4, 6}));
  EXPECT_EQ(shape_after(node_message("Dropout", {"x"}, {"y"}, {number_attribute("ratio", 0.5f)}), 11, {3}), Shape{3});
  const Graph clip =
      read(model_of({node_message("Clip", {"x"}, {"y"}, {number_attribute("min", -1), number_attribute("max", 2)})}, {.version = 10}));
  EXPECT_THAT(run(clip, {2, 3}), ElementsAre(-1, -1, -1, 0, 1, 2));
  const Graph nearest = read(model_of({node_message("Upsample", {"x"}, {"y"}, {numbers_attribute("scales", {1, 1, 2})})},
                                      {.version = 8, .inputs = {{"x", {1, 1, 3}}}}));
  EXPECT_THAT(run(nearest, {1, 1, 3}), ElementsAre(-3, -3, -2, -2, -1, -1));
}

TEST_F(OnnxFile, TheOldSoftmaxNormalisesWholeRows) {
  const Graph graph = read(model_of({node_message("Softmax", {"x"}, {"y"})}, {.version = 12, .inputs = {{"x", {2, 2, 3}}}}));
  EXPECT_EQ(graph.outputs[0].shape, (Shape{2, 2, 3}));
  const auto values = run(graph, {2, 2, 3});
  double first = 0, second = 0;
  for (int i = 0; i < 6; ++i) first += values[static_cast<std::size_t>(i)], second += values[static_cast<std::size_t>(i) + 6];
  EXPECT_NEAR(first, 1, 1e-12);
  EXPECT_NEAR(second, 1, 1e-12);
  EXPECT_NEAR(values[1] / values[0], std::exp(1), 1e-12);
}

TEST_F(OnnxFile, NewerOperatorSetsAreBroughtDown) {
  Writer axes;
  axes.integer(tensor_field::dims, 1).integer(tensor_field::type, 7).bytes(tensor_field::name, "axes").integer(tensor_field::int64s, 1);
  const Graph mean = read(model_of({node_message("ReduceMean", {"x", "axes"}, {"y"})}, {.version = 18, .initializers = {axes}}));
  EXPECT_EQ(mean.outputs[0].shape, (Shape{2, 1}));
  const Graph parts = read(model_of({node_message("Split", {"x"}, {"y", "z"}, {integer_attribute("num_outputs", 2)})}, {.version = 18}));
  EXPECT_EQ(parts.outputs[0].shape, (Shape{1, 3}));
  Writer ones = tensor_message("w", {4}, 1, std::string("\0\0\x80\x3f\0\0\x80\x3f\0\0\x80\x3f\0\0\x80\x3f", 16));
  const Writer group = node_message("GroupNormalization", {"x", "w", "w"}, {"y"}, {integer_attribute("num_groups", 2)});
  EXPECT_NO_THROW(read(model_of({group}, {.version = 21, .inputs = {{"x", {1, 4, 3}}}, .initializers = {ones}})));
  expect_refused(model_of({group}, {.version = 18, .inputs = {{"x", {1, 4, 3}}}, .initializers = {ones}}), "operator set 18");
  expect_refused(model_of({node_message("Resize", {"x", "", "w"}, {"y"}, {integer_attribute("antialias", 1)})},
                          {.version = 18, .initializers = {ones}}),
                 "'antialias'");
}

// ---- our own operators' definitions in opset 17 give what the operators give

// The function's nodes as a model, with the attributes it refers to put in.
Writer model_of_definition(const std::string& name, const std::vector<Writer>& attributes, const std::vector<std::string>& extra_inputs,
                           std::int64_t channels) {
  std::map<std::string, std::string> given;  // by name, without the name
  for (const Writer& attribute : attributes) {
    protobuf::Reader reader({reinterpret_cast<const std::uint8_t*>(attribute.content().data()), attribute.content().size()});
    protobuf::Field field;
    std::string key;
    while (reader.next(field))
      if (field.number == attribute_field::name) key = field.text();
    given[key] = attribute.content();
  }
  const std::string definition = definition_of(name);
  protobuf::Reader function({reinterpret_cast<const std::uint8_t*>(definition.data()), definition.size()});
  protobuf::Field field;
  std::vector<Writer> nodes;
  while (function.next(field)) {
    if (field.number != function_field::node) continue;
    Writer node;
    protobuf::Field part;
    for (protobuf::Reader reader(field.message()); reader.next(part);) {
      if (part.number != node_field::attribute) {
        node.bytes(part.number, part.text());
        continue;
      }
      std::string attribute_name, reference;
      protobuf::Field inner;
      for (protobuf::Reader attribute(part.message()); attribute.next(inner);) {
        if (inner.number == attribute_field::name) attribute_name = inner.text();
        if (inner.number == attribute_field::reference) reference = inner.text();
      }
      if (reference.empty()) {
        node.bytes(node_field::attribute, part.text());
      } else if (given.contains(reference)) {
        Writer renamed;  // the later of two names counts
        node.bytes(node_field::attribute, given.at(reference) + renamed.bytes(attribute_field::name, attribute_name).content());
      }
    }
    nodes.push_back(node);
  }
  ModelOptions options{.inputs = {{"x", {2, channels, 3}}}};
  for (const std::string& input : extra_inputs) options.inputs.emplace_back(input, Shape{channels});
  return model_of(nodes, options);
}

TEST_F(OnnxFile, OwnOperatorsAreDefinedByWhatTheyDo) {
  struct Case {
    std::string op, own;
    std::vector<Writer> attributes;
    std::vector<std::string> inputs;
  };
  Writer by_tanh;
  by_tanh.bytes(attribute_field::name, "approximate")
      .bytes(attribute_field::text, "tanh")
      .integer(attribute_field::type, attribute_type::text);
  const std::vector<Case> cases{{"GroupNormalization",
                                 "GroupNormalization",
                                 {integer_attribute("num_groups", 2), number_attribute("epsilon", 0.5f)},
                                 {"scale", "bias"}},
                                {"GroupNormalization", "GroupNormalization", {integer_attribute("num_groups", 4)}, {"scale", "bias"}},
                                {"Gelu", "Gelu", {}, {}},
                                {"Gelu", "GeluTanh", {by_tanh}, {}},
                                {"Mish", "Mish", {}, {}}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.own);
    const std::int64_t channels = 4;
    std::map<std::string, Array> inputs{{"x", {DataType::f32, {2, channels, 3}, {}}}};
    for (int i = 0; i < 24; ++i) inputs["x"].values.push_back(std::sin(i * 1.7) * 2);
    for (const std::string& name : one.inputs) inputs[name] = {DataType::f32, {channels}, {0.5, -1, 2, name == "scale" ? 1.0 : 0.0}};
    const Graph defined = read(model_of_definition(one.own, one.attributes, one.inputs, channels));
    std::vector<std::string> names{"x"};
    names.insert(names.end(), one.inputs.begin(), one.inputs.end());
    ModelOptions options{.inputs = {{"x", {2, channels, 3}}}};
    for (const std::string& name : one.inputs) options.inputs.emplace_back(name, Shape{channels});
    const Graph direct =
        read(model_of({node_message(one.op == "Gelu" ? one.own : one.op, names, {"y"}, one.attributes, own_domain)}, options));
    EXPECT_EQ(direct.nodes[0].op, one.op);
    const auto expected = interpret(direct, inputs).at("y"), actual = interpret(defined, inputs).at("y");
    ASSERT_EQ(actual.shape, expected.shape);
    for (std::size_t i = 0; i < expected.values.size(); ++i) EXPECT_NEAR(actual.values[i], expected.values[i], 1e-6);
  }
}

TEST(OnnxReference, EveryReadModelSurvivesARoundTrip) {
  const auto root = core::shared_path("reference/networks");
  if (!root) GTEST_SKIP() << "shared/reference/networks is absent: 0 models written";
  core::TemporaryFolder folder;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*root)) {
    if (entry.path().extension() != ".onnx") continue;
    Graph graph;
    try {
      graph = read_onnx(entry.path());
    } catch (const core::InputError&) {
      continue;  // NetworksReference counts them
    }
    write_onnx(folder.path() / "again.onnx", graph);
    EXPECT_EQ(difference(read_onnx(folder.path() / "again.onnx"), graph), "") << entry.path();
    ++count;
  }
  EXPECT_GT(count, 0u);
  std::cout << count << " models written and read again\n";
}

}  // namespace
}  // namespace isocenter::graph
