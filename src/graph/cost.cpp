#include <algorithm>

#include "graph/graph.h"
#include "graph/operators.h"

namespace isocenter::graph {
namespace {

// Sizes still open count as one, and every element as an f32.
std::int64_t bytes_of(const Value& value) {
  double bytes = 4;
  for (const std::int64_t size : value.shape) bytes *= size < 0 ? 1.0 : static_cast<double>(size);
  return static_cast<std::int64_t>(std::min(bytes, 4e18));
}

}  // namespace

double flop_of(const Node& node, const std::map<std::string, Value>& values) {
  const Operator* rule = find_operator(node.op);
  if (rule == nullptr || rule->flop == nullptr) return 0;
  std::vector<const Value*> inputs;
  for (const std::string& name : node.inputs) inputs.push_back(name.empty() ? nullptr : &values.at(name));
  std::vector<Value> outputs;
  for (const std::string& name : node.outputs) outputs.push_back(name.empty() ? Value{} : values.at(name));
  return rule->flop(NodeView(node, inputs, {}), outputs);
}

Cost cost(const Graph& graph, const std::map<std::string, Shape>& input_shapes) {
  const auto values = infer_shapes(graph, input_shapes);
  Cost total;
  for (const std::string& name : parameters(graph)) total.parameters += element_count(graph.constants.at(name).shape);

  // A value is alive from the node that makes it to the last that reads it; inputs from the start, outputs to the end.
  std::map<std::string, std::size_t> last_use;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const std::string& name : graph.nodes[i].inputs) last_use[name] = i;
  for (const Value& output : graph.outputs) last_use[output.name] = graph.nodes.size();

  std::int64_t alive = 0;
  for (const Value& input : graph.inputs) alive += bytes_of(values.at(input.name));
  total.peak_bytes = alive;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    total.flop += flop_of(node, values);
    std::int64_t made = 0;
    for (const std::string& name : node.outputs)
      if (!name.empty()) made += bytes_of(values.at(name));
    total.activation_bytes += made;
    alive += made;
    total.peak_bytes = std::max(total.peak_bytes, alive);
    std::vector<std::string> touched = node.inputs;
    touched.insert(touched.end(), node.outputs.begin(), node.outputs.end());
    std::ranges::sort(touched);
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const std::string& name : touched) {
      if (name.empty() || graph.constants.contains(name)) continue;
      const auto use = last_use.find(name);
      if (use == last_use.end() || use->second <= i) alive -= bytes_of(values.at(name));
    }
  }
  return total;
}

}  // namespace isocenter::graph
