// The graph as the engine compiles it: every shape known, every value a Tensor with a place, every node an Operation, in the order they
// run. Passes (passes.h) turn one Program into a better one; kernels (kernel.h) are chosen for its operations at the end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace isocenter::engine {

// What is done to each value of an operation's result before it is stored.
struct Activation {
  enum class Kind { none, relu, leaky_relu, clip, sigmoid, swish };  // swish: x * sigmoid(x)
  Kind kind = Kind::none;
  float alpha = 0;  // leaky_relu: slope below zero; clip: lower bound
  float beta = 0;   // clip: upper bound
};

struct Tensor {
  std::string name;
  graph::DataType type = graph::DataType::f32;        // f32, or i64 for every integer and boolean type of the graph
  graph::DataType graph_type = graph::DataType::f32;  // what the graph calls it
  graph::Shape shape;                                 // ONNX order: batch, channel, then spatial axes slowest first
  bool channels_last = false;                         // as it lies in memory: batch, spatial axes, channel
  std::shared_ptr<const std::uint8_t> constant;       // its values when they are known at compile time

  // A channel slice of a wider channels-last tensor (concatenation without a copy): its voxels lie `pitch` values apart there.
  int wide = -1;  // index of that tensor
  std::int64_t first_channel = 0;

  bool is_constant() const { return constant != nullptr; }
  std::int64_t count() const { return graph::element_count(shape); }
  std::size_t byte_count() const { return static_cast<std::size_t>(count()) * graph::size_of(type); }
  std::int64_t channels() const { return shape.at(1); }
  graph::Shape memory_shape() const;  // slowest axis first, as it lies
  int memory_axis(int axis) const;    // where ONNX axis `axis` stands in memory_shape()

  graph::Value as_value() const { return {name, graph_type, shape}; }  // as the graph's rules see it
  const float* floats() const { return reinterpret_cast<const float*>(constant.get()); }
  const std::int64_t* integers() const { return reinterpret_cast<const std::int64_t*>(constant.get()); }
};

struct Operation {
  graph::Node node;          // operator, name for messages, attributes; its own lists of value names are not used
  std::vector<int> inputs;   // tensors; -1: left out
  std::vector<int> outputs;  // tensors; -1: not wanted
  Activation activation;     // applied last
  int residual = -1;         // added before the activation: a tensor of the output's shape and layout

  const std::string& op() const { return node.op; }
  bool has(std::size_t input) const { return input < inputs.size() && inputs[input] >= 0; }
};

struct Program {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Operation> operations;
  std::vector<int> inputs, outputs;  // tensors

  int add(Tensor tensor);
  int add_constant(const std::string& name, graph::Shape shape, const std::vector<float>& values);
  int add_constant(const std::string& name, graph::Shape shape, const std::vector<std::int64_t>& values);
  Tensor& tensor(int index) { return tensors.at(static_cast<std::size_t>(index)); }
  const Tensor& tensor(int index) const { return tensors.at(static_cast<std::size_t>(index)); }

  bool is_output(int tensor) const;
  std::vector<int> consumers(int tensor) const;   // operations that read it, in order, residuals included
  std::optional<int> producer(int tensor) const;  // the operation that makes it
  void replace_uses(int tensor, int by);          // in every operation's inputs and residual, and among the outputs
  void remove(const std::vector<bool>& dead);     // operations
};

// By the graph's operator table; 0 for what only moves values.
double flop_of(const Program& program, const Operation& operation);

// The invariants that hold between passes: tensors are made once and before they are used, shapes are whole, constants have their bytes.
// Throws std::logic_error naming the pass and the node.
void verify(const Program& program, const std::string& after_pass);

}  // namespace isocenter::engine
