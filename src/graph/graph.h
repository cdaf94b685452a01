// A network as data: nodes with ONNX operator names and ONNX meaning (default domain, opset 17), values told apart by name.
//
//   graph::Builder net("tiny");
//   auto x = net.input("image", {1, 1, -1, -1, -1});
//   x = net.convolution(x, "stem.conv", {.outputs = 8, .kernel = {3, 3, 3}});
//   graph::Graph g = net.finish({x});
//
// One Graph is run by two runners (`tensor` with autograd, `engine` for inference), so what is trained is what is deployed. Layout in a
// graph is ONNX's: batch, channel, then depth, height, width (slowest first); runners keep activations channels-last. Parameters are
// constants held in `constants` under the reference implementation's parameter names ("encoder.stages.0.0.convs.0.conv.weight").
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace isocenter::graph {

using Shape = std::vector<std::int64_t>;  // -1: not known until run

enum class DataType { f32, f64, f16, bf16, i8, u8, i16, u16, i32, u32, i64, u64, boolean };
std::size_t size_of(DataType type);
std::string name_of(DataType type);  // "f32", ... "bool"

std::int64_t element_count(const Shape& shape);  // throws std::logic_error on -1 or overflow

// An array that is part of the graph. The bytes are shared, little-endian, C order; `keep_alive` may own a memory map.
struct Constant {
  DataType type = DataType::f32;
  Shape shape;
  std::shared_ptr<const std::uint8_t> bytes;  // element_count(shape) * size_of(type) of them, aligned to at least 8
  std::size_t byte_count() const { return static_cast<std::size_t>(element_count(shape)) * size_of(type); }
  std::span<const float> floats() const;           // throws std::logic_error when type is not f32
  std::span<const std::int64_t> integers() const;  // i64 only
};
Constant constant(Shape shape, std::vector<float> values);
Constant constant(Shape shape, std::vector<std::int64_t> values);
std::shared_ptr<std::uint8_t> allocate_bytes(std::size_t count);  // zeros, aligned to 64; core::ResourceError when there is no memory

using Attribute =
    std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>, Constant>;

struct Node {
  std::string name;                 // unique in the graph
  std::string op;                   // "Conv", "InstanceNormalization", ...
  std::vector<std::string> inputs;  // value names; "" for an optional input left out
  std::vector<std::string> outputs;
  std::map<std::string, Attribute> attributes;

  std::int64_t integer(const std::string& key, std::int64_t otherwise) const;
  double number(const std::string& key, double otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  std::vector<std::int64_t> integers(const std::string& key, std::vector<std::int64_t> otherwise = {}) const;
};

struct Value {
  std::string name;
  DataType type = DataType::f32;
  Shape shape;
};

struct Graph {
  std::string name;
  std::vector<Value> inputs;
  std::vector<Value> outputs;
  std::vector<Node> nodes;  // in an order that can be run
  std::map<std::string, Constant> constants;
};

// Throws core::InputError naming node and reason: a value used before it is made, made twice, unknown operator, wrong number of inputs or
// outputs, an attribute that the operator does not have, that is missing or of another type.
void verify(const Graph& graph);

// Floating constants are parameters, except those that are statistics (a batch norm's running mean and variance) and literals: numbers of
// the architecture itself, as the 2 of a square, whose names begin with "literal:".
bool is_literal(const std::string& name);
std::vector<std::string> parameters(const Graph& graph);  // names, in the order of first use
std::vector<std::string> statistics(const Graph& graph);  // the same

// Shapes and types of every value, given the inputs' shapes (those of the graph, or overridden by name). Throws core::InputError naming the
// node whose shapes do not fit.
std::map<std::string, Value> infer_shapes(const Graph& graph, const std::map<std::string, Shape>& input_shapes = {});

// Multiply-adds counted as two; parameters; bytes of all activations and the peak of those alive at once, at f32.
struct Cost {
  double flop = 0;
  std::int64_t parameters = 0;
  std::int64_t activation_bytes = 0;
  std::int64_t peak_bytes = 0;
};
Cost cost(const Graph& graph, const std::map<std::string, Shape>& input_shapes = {});

// FLOP of one node, given the shapes that `infer_shapes` returned.
double flop_of(const Node& node, const std::map<std::string, Value>& values);

}  // namespace isocenter::graph
