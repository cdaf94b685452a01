#include "graph/interpreter.h"

#include <algorithm>

#include "core/error.h"
#include "graph/operators.h"

namespace isocenter::graph {
namespace {

std::map<std::string, Array> checked_inputs(const Graph& graph, const std::map<std::string, Array>& inputs) {
  for (const auto& [name, array] : inputs)
    if (std::ranges::find(graph.inputs, name, &Value::name) == graph.inputs.end())
      throw core::InputError("graph '{}' has no input '{}'", graph.name, name);
  for (const Value& input : graph.inputs) {
    const auto given = inputs.find(input.name);
    if (given == inputs.end()) throw core::InputError("input '{}' of graph '{}' is not given", input.name, graph.name);
    const Array& array = given->second;
    if (array.type != input.type)
      throw core::InputError("input '{}' is of type {}, not {}", input.name, name_of(input.type), name_of(array.type));
    if (static_cast<std::int64_t>(array.values.size()) != element_count(array.shape))
      throw core::InputError("input '{}': the number of values does not fit the shape", input.name);
    bool fits = array.shape.size() == input.shape.size();
    for (std::size_t i = 0; fits && i < array.shape.size(); ++i) fits = input.shape[i] < 0 || input.shape[i] == array.shape[i];
    if (!fits)
      throw core::InputError("input '{}' takes shape ({}), not ({})", input.name, fmt::join(input.shape, ", "),
                             fmt::join(array.shape, ", "));
  }
  return inputs;
}

}  // namespace

std::map<std::string, Array> interpret(const Graph& graph, const std::map<std::string, Array>& inputs, const InterpreterOptions& options) {
  verify(graph);
  std::map<std::string, Array> arrays = checked_inputs(graph, inputs);
  std::map<std::string, std::size_t> last_use;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const std::string& name : graph.nodes[i].inputs) last_use[name] = i;
  for (const Value& output : graph.outputs) last_use[output.name] = graph.nodes.size();

  const auto array_of = [&](const std::string& name) -> const Array& {
    auto found = arrays.find(name);
    if (found == arrays.end()) found = arrays.emplace(name, to_array(graph.constants.at(name))).first;
    return found->second;
  };
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const Operator& rule = *find_operator(node.op);
    std::vector<Value> values;
    values.reserve(node.inputs.size());
    std::vector<const Value*> pointers;
    std::vector<const Array*> known;
    for (const std::string& name : node.inputs) {
      known.push_back(name.empty() ? nullptr : &array_of(name));
      values.push_back(name.empty() ? Value{} : Value{name, known.back()->type, known.back()->shape});
      pointers.push_back(name.empty() ? nullptr : &values.back());
    }
    const NodeView view(node, pointers, known);
    const auto outputs = rule.shape(view);
    auto results = rule.evaluate(view, outputs);
    for (std::size_t k = 0; k < node.outputs.size() && k < results.size(); ++k)
      if (!node.outputs[k].empty()) arrays[node.outputs[k]] = std::move(results[k]);
    if (!options.keep_all)
      for (const std::string& name : node.inputs)
        if (last_use.at(name) <= i) arrays.erase(name);
  }
  if (options.keep_all) return arrays;
  std::map<std::string, Array> outputs;
  for (const Value& output : graph.outputs) outputs.emplace(output.name, array_of(output.name));
  return outputs;
}

}  // namespace isocenter::graph
