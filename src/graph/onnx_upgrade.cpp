// What changed between opsets 11 and 17, brought to 17's form. Source: the operator changelog of the ONNX specification.
#include "core/error.h"
#include "graph/onnx_format.h"

namespace isocenter::graph::onnx {
namespace {

std::string add_literal(Graph& graph, const std::string& name, std::vector<std::int64_t> values) {
  const Shape shape{static_cast<std::int64_t>(values.size())};
  std::string unique = "literal:" + name;
  for (int i = 1; graph.constants.contains(unique); ++i) unique = "literal:" + name + "_" + std::to_string(i);
  graph.constants.emplace(unique, constant(shape, std::move(values)));
  return unique;
}

// An attribute that became the input at `place`.
void attribute_to_input(Graph& graph, Node& node, const std::string& attribute, std::size_t place) {
  const auto found = node.attributes.find(attribute);
  if (found == node.attributes.end()) return;
  const auto values = node.integers(attribute);
  node.attributes.erase(found);
  if (node.inputs.size() > place) throw core::InputError("node '{}' ({}): '{}' is given twice", node.name, node.op, attribute);
  node.inputs.resize(place);
  node.inputs.push_back(add_literal(graph, node.name + "." + attribute, values));
}

// Before opset 13 a softmax at `axis` flattened the array into rows there and normalised each row as a whole. Along the last axis both are
// the same.
void append_flat_softmax(Graph& graph, Node node) {
  const std::int64_t axis = node.integer("axis", 1);
  node.attributes["axis"] = std::int64_t{-1};
  if (axis == -1) {
    graph.nodes.push_back(std::move(node));
    return;
  }
  if (node.inputs.size() != 1 || node.outputs.size() != 1) throw core::InputError("node '{}' ({}) takes one input", node.name, node.op);
  const std::string input = node.inputs[0], output = node.outputs[0], shape = node.name + ".shape", rows = node.name + ".rows",
                    flat = node.name + ".flat";
  graph.nodes.push_back({node.name + ".shape", "Shape", {input}, {shape}, {}});
  graph.nodes.push_back({node.name + ".rows", "Flatten", {input}, {rows}, {{"axis", axis}}});
  node.inputs = {rows};
  node.outputs = {flat};
  graph.nodes.push_back(node);
  graph.nodes.push_back({node.name + ".unflatten", "Reshape", {flat, shape}, {output}, {}});
}

}  // namespace

void append_upgraded(Graph& graph, Node node, std::int64_t version) {
  const std::string& op = node.op;
  if (version < 13) {
    if (op == "Squeeze" || op == "Unsqueeze" || op == "ReduceSum") attribute_to_input(graph, node, "axes", 1);
    if (op == "Split") attribute_to_input(graph, node, "split", 1);
    if (op == "Softmax" || op == "LogSoftmax") return append_flat_softmax(graph, std::move(node));
  }
  if (version < 12 && op == "Dropout") node.attributes.erase("ratio");  // inference does not drop
  graph.nodes.push_back(std::move(node));
}

}  // namespace isocenter::graph::onnx
