#include "engine/program.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "core/error.h"
#include "graph/operators.h"

namespace isocenter::engine {

graph::Shape Tensor::memory_shape() const {
  if (!channels_last) return shape;
  graph::Shape turned;
  turned.push_back(shape[0]);
  turned.insert(turned.end(), shape.begin() + 2, shape.end());
  turned.push_back(shape[1]);
  return turned;
}

int Tensor::memory_axis(int axis) const {
  const int rank = static_cast<int>(shape.size());
  if (!channels_last || axis == 0) return axis;
  return axis == 1 ? rank - 1 : axis - 1;
}

namespace {

template <class Value>
int add_array(Program& program, const std::string& name, graph::Shape shape, const std::vector<Value>& values, graph::DataType type) {
  std::shared_ptr<std::uint8_t> bytes(static_cast<std::uint8_t*>(std::aligned_alloc(64, (values.size() * sizeof(Value) + 127) / 64 * 64)),
                                      std::free);
  if (!bytes) throw core::ResourceError("no memory for constant '{}'", name);
  if (!values.empty()) std::memcpy(bytes.get(), values.data(), values.size() * sizeof(Value));
  Tensor tensor;
  tensor.name = name;
  tensor.type = tensor.graph_type = type;
  tensor.shape = std::move(shape);
  tensor.constant = std::move(bytes);
  return program.add(std::move(tensor));
}

}  // namespace

int Program::add(Tensor tensor) {
  tensors.push_back(std::move(tensor));
  return static_cast<int>(tensors.size()) - 1;
}

int Program::add_constant(const std::string& constant_name, graph::Shape shape, const std::vector<float>& values) {
  return add_array(*this, constant_name, std::move(shape), values, graph::DataType::f32);
}

int Program::add_constant(const std::string& constant_name, graph::Shape shape, const std::vector<std::int64_t>& values) {
  return add_array(*this, constant_name, std::move(shape), values, graph::DataType::i64);
}

bool Program::is_output(int index) const { return std::find(outputs.begin(), outputs.end(), index) != outputs.end(); }

std::vector<int> Program::consumers(int index) const {
  std::vector<int> found;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& operation = operations[i];
    if (operation.residual == index || std::find(operation.inputs.begin(), operation.inputs.end(), index) != operation.inputs.end())
      found.push_back(static_cast<int>(i));
  }
  return found;
}

std::optional<int> Program::producer(int index) const {
  for (std::size_t i = 0; i < operations.size(); ++i)
    if (std::find(operations[i].outputs.begin(), operations[i].outputs.end(), index) != operations[i].outputs.end())
      return static_cast<int>(i);
  return {};
}

void Program::replace_uses(int index, int by) {
  for (Operation& operation : operations) {
    std::replace(operation.inputs.begin(), operation.inputs.end(), index, by);
    if (operation.residual == index) operation.residual = by;
  }
  std::replace(outputs.begin(), outputs.end(), index, by);
}

void Program::remove(const std::vector<bool>& dead) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < operations.size(); ++i)
    if (!dead[i]) {
      if (kept != i) operations[kept] = std::move(operations[i]);
      ++kept;
    }
  operations.resize(kept);
}

double flop_of(const Program& program, const Operation& operation) {
  const graph::Operator* rule = graph::find_operator(operation.op());
  if (!rule || !rule->flop) return 0;
  std::vector<graph::Value> inputs(operation.inputs.size()), outputs;
  std::vector<const graph::Value*> described(operation.inputs.size(), nullptr);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (operation.inputs[k] < 0) continue;
    inputs[k] = program.tensor(operation.inputs[k]).as_value();
    described[k] = &inputs[k];
  }
  for (int output : operation.outputs) outputs.push_back(output < 0 ? graph::Value{} : program.tensor(output).as_value());
  return rule->flop(graph::NodeView(operation.node, described, std::vector<const graph::Array*>(inputs.size(), nullptr)), outputs);
}

void verify(const Program& program, const std::string& after_pass) {
  const auto fail = [&](const Operation& operation, const std::string& what) {
    throw std::logic_error(fmt::format("after pass {}: node '{}' ({}): {}", after_pass, operation.node.name, operation.op(), what));
  };
  std::vector<bool> made(program.tensors.size(), false);
  for (std::size_t i = 0; i < program.tensors.size(); ++i) made[i] = program.tensors[i].is_constant();
  for (int input : program.inputs) made.at(static_cast<std::size_t>(input)) = true;
  for (const Operation& operation : program.operations) {
    auto used = operation.inputs;
    used.push_back(operation.residual);
    for (int input : used) {
      if (input < 0) continue;
      if (static_cast<std::size_t>(input) >= made.size()) fail(operation, "reads a tensor that does not exist");
      if (!made[static_cast<std::size_t>(input)]) fail(operation, "reads '" + program.tensor(input).name + "' before it is made");
    }
    for (int output : operation.outputs) {
      if (output < 0) continue;
      if (made.at(static_cast<std::size_t>(output))) fail(operation, "makes '" + program.tensor(output).name + "' again");
      made[static_cast<std::size_t>(output)] = true;
      const Tensor& tensor = program.tensor(output);
      if (tensor.type != graph::DataType::f32 && tensor.type != graph::DataType::i64) fail(operation, "has an output of no engine type");
      for (std::int64_t size : tensor.shape)
        if (size < 0) fail(operation, "has an output of open shape");
      if (tensor.channels_last && tensor.shape.size() < 3) fail(operation, "is channels-last without spatial axes");
    }
    if (operation.residual >= 0) {
      const Tensor &sum = program.tensor(operation.residual), &output = program.tensor(operation.outputs.at(0));
      if (sum.shape != output.shape || sum.channels_last != output.channels_last)
        fail(operation, "adds a residual of another shape or layout");
    }
  }
  for (int output : program.outputs)
    if (!made.at(static_cast<std::size_t>(output))) throw std::logic_error("after pass " + after_pass + ": an output is never made");
}

}  // namespace isocenter::engine
