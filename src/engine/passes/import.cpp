// graph::Graph to Program: names become indices, types the engine's two, shapes whole.
#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "engine/kernel.h"
#include "engine/passes.h"
#include "graph/array.h"
#include "graph/graph.h"

namespace isocenter::engine {
namespace {

graph::DataType engine_type(graph::DataType type) { return graph::is_floating(type) ? graph::DataType::f32 : graph::DataType::i64; }

Tensor constant_tensor(const std::string& name, const graph::Constant& constant) {
  const graph::Constant converted = graph::convert(constant, engine_type(constant.type));
  Tensor tensor;
  tensor.name = name;
  tensor.type = converted.type;
  tensor.graph_type = constant.type;
  tensor.shape = converted.shape;
  tensor.constant = converted.bytes;
  // An empty array has no bytes to share; its pointer must still say "known".
  if (!tensor.constant) tensor.constant = std::make_shared<std::uint8_t>();
  return tensor;
}

}  // namespace

Program import_graph(const graph::Graph& graph, const std::map<std::string, graph::Shape>& input_shapes) {
  graph::verify(graph);
  for (const auto& [name, shape] : input_shapes) {
    const auto known = [&](const graph::Value& input) { return input.name == name; };
    if (std::none_of(graph.inputs.begin(), graph.inputs.end(), known))
      throw core::InputError("network '{}' has no input '{}'", graph.name, name);
    for (std::int64_t size : shape)
      if (size < 1) throw core::InputError("network '{}': the size of input '{}' must be stated whole", graph.name, name);
  }
  const auto values = graph::infer_shapes(graph, input_shapes);

  Program program;
  program.name = graph.name;
  std::map<std::string, int> index;
  const auto computed = [&](const std::string& name, const std::string& where) {
    const graph::Value& value = values.at(name);
    for (std::int64_t size : value.shape)
      if (size < 0) throw core::InputError("{}: the shape of '{}' is not known before the run; the engine needs it", where, name);
    Tensor tensor;
    tensor.name = name;
    tensor.type = engine_type(value.type);
    tensor.graph_type = value.type;
    tensor.shape = value.shape;
    return index[name] = program.add(std::move(tensor));
  };
  for (const graph::Value& input : graph.inputs) program.inputs.push_back(computed(input.name, "input '" + input.name + "'"));
  for (const auto& [name, constant] : graph.constants)
    if (!index.count(name)) index[name] = program.add(constant_tensor(name, constant));
  for (const graph::Node& node : graph.nodes) {
    if (!find_operator(node.op)) throw core::InputError("node '{}': the engine does not know the operator '{}'", node.name, node.op);
    Operation operation;
    operation.node = node;
    for (const std::string& input : node.inputs) operation.inputs.push_back(input.empty() ? -1 : index.at(input));
    for (const std::string& output : node.outputs)
      operation.outputs.push_back(output.empty() ? -1 : computed(output, "node '" + node.name + "' (" + node.op + ")"));
    program.operations.push_back(std::move(operation));
  }
  for (const graph::Value& output : graph.outputs) program.outputs.push_back(index.at(output.name));
  return program;
}

}  // namespace isocenter::engine
