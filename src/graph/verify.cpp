#include <algorithm>
#include <set>

#include "core/error.h"
#include "graph/graph.h"
#include "graph/operators.h"

namespace isocenter::graph {
namespace {

bool holds(const Attribute& attribute, AttributeKind kind) {
  switch (kind) {
    case AttributeKind::integer:
      return std::holds_alternative<std::int64_t>(attribute);
    case AttributeKind::number:
      return std::holds_alternative<double>(attribute);
    case AttributeKind::text:
      return std::holds_alternative<std::string>(attribute);
    case AttributeKind::integers:
      return std::holds_alternative<std::vector<std::int64_t>>(attribute);
    case AttributeKind::numbers:
      return std::holds_alternative<std::vector<double>>(attribute);
    case AttributeKind::texts:
      return std::holds_alternative<std::vector<std::string>>(attribute);
    case AttributeKind::constant:
      return std::holds_alternative<Constant>(attribute);
  }
  return false;
}

std::string range(int least, int most) {
  if (least == most) return std::to_string(least);
  if (most == Operator::any) return std::to_string(least) + " or more";
  return fmt::format("{} to {}", least, most);
}

void verify_attributes(const Node& node, const Operator& rule) {
  for (const auto& [key, value] : node.attributes) {
    const auto found = std::ranges::find(rule.attributes, std::string_view(key), &AttributeRule::name);
    if (found == rule.attributes.end())
      throw core::InputError("node '{}' ({}): the operator has no attribute '{}'", node.name, node.op, key);
    if (!holds(value, found->kind)) throw core::InputError("node '{}' ({}): attribute '{}' is of another type", node.name, node.op, key);
  }
  for (const AttributeRule& attribute : rule.attributes)
    if (attribute.required && !node.attributes.contains(std::string(attribute.name)))
      throw core::InputError("node '{}' ({}): attribute '{}' is missing", node.name, node.op, attribute.name);
}

void verify_constant(const std::string& name, const Constant& constant) {
  if (name.empty()) throw core::InputError("a constant has no name");
  if (std::ranges::any_of(constant.shape, [](std::int64_t size) { return size < 0; }))
    throw core::InputError("constant '{}': a size is negative", name);
  if (constant.bytes == nullptr) throw core::InputError("constant '{}' has no values", name);
}

}  // namespace

void verify(const Graph& graph) {
  std::set<std::string> made, node_names;
  for (const auto& [name, constant] : graph.constants) {
    verify_constant(name, constant);
    made.insert(name);
  }
  for (const Value& input : graph.inputs) {
    if (input.name.empty()) throw core::InputError("an input of graph '{}' has no name", graph.name);
    if (!made.insert(input.name).second) throw core::InputError("input '{}' has the name of another input or constant", input.name);
    if (std::ranges::any_of(input.shape, [](std::int64_t size) { return size < -1; }))
      throw core::InputError("input '{}': a size is negative", input.name);
  }
  for (const Node& node : graph.nodes) {
    if (node.name.empty() || !node_names.insert(node.name).second)
      throw core::InputError("node '{}' ({}): the name is empty or taken by another node", node.name, node.op);
    const Operator* rule = find_operator(node.op);
    if (rule == nullptr) throw core::InputError("node '{}': unknown operator '{}'", node.name, node.op);
    const int inputs = static_cast<int>(node.inputs.size()), outputs = static_cast<int>(node.outputs.size());
    if (inputs < rule->least_inputs || inputs > rule->most_inputs)
      throw core::InputError("node '{}' ({}) has {} inputs; the operator takes {}", node.name, node.op, inputs,
                             range(rule->least_inputs, rule->most_inputs));
    if (outputs < rule->least_outputs || outputs > rule->most_outputs)
      throw core::InputError("node '{}' ({}) has {} outputs; the operator makes {}", node.name, node.op, outputs,
                             range(rule->least_outputs, rule->most_outputs));
    verify_attributes(node, *rule);
    for (int i = 0; i < inputs; ++i) {
      const std::string& name = node.inputs[static_cast<std::size_t>(i)];
      if (name.empty()) {
        if (i < rule->least_inputs) throw core::InputError("node '{}' ({}): input {} must not be left out", node.name, node.op, i);
      } else if (!made.contains(name)) {
        throw core::InputError("node '{}' ({}) uses '{}' before it is made", node.name, node.op, name);
      }
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const std::string& name = node.outputs[i];
      if (name.empty()) {
        if (static_cast<int>(i) < rule->least_outputs)
          throw core::InputError("node '{}' ({}): output {} must not be left out", node.name, node.op, i);
      } else if (!made.insert(name).second) {
        throw core::InputError("node '{}' ({}) makes '{}', which exists already", node.name, node.op, name);
      }
    }
  }
  if (graph.outputs.empty()) throw core::InputError("graph '{}' has no outputs", graph.name);
  std::set<std::string> output_names;
  for (const Value& output : graph.outputs) {
    if (!made.contains(output.name)) throw core::InputError("output '{}' of graph '{}' is made by no node", output.name, graph.name);
    if (!output_names.insert(output.name).second)
      throw core::InputError("output '{}' of graph '{}' is listed twice", output.name, graph.name);
  }
}

}  // namespace isocenter::graph
