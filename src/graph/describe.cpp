#include "graph/describe.h"

#include <algorithm>
#include <set>

#include "graph/operators.h"

namespace isocenter::graph {
namespace {

std::string shape_text(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::vector<std::string> sizes;
  for (const std::int64_t size : shape) sizes.push_back(size < 0 ? "?" : std::to_string(size));
  return fmt::format("{}", fmt::join(sizes, " x "));
}

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::string amount(double value, const char* unit) {
  constexpr const char* prefixes[] = {"", "k", "M", "G", "T", "P"};
  int step = 0;
  for (; value >= 1000 && step < 5; ++step) value /= 1000;
  return fmt::format("{:.{}f} {}{}", value, step == 0 ? 0 : 1, prefixes[step], unit);
}

bool is_closed(const Shape& shape) {
  return std::ranges::all_of(shape, [](std::int64_t size) { return size >= 0; });
}

// The attributes that tell layers apart: kernel, stride, groups.
std::string operator_text(const Node& node) {
  std::string text = node.op;
  const auto sizes = [&](const char* key) { return fmt::format("{}", fmt::join(node.integers(key), "x")); };
  if (node.attributes.contains("kernel_shape")) text.append(" ").append(sizes("kernel_shape"));
  const auto strides = node.integers("strides");
  if (std::ranges::any_of(strides, [](std::int64_t stride) { return stride != 1; })) text.append(" /").append(sizes("strides"));
  if (node.attributes.contains("group") && node.integer("group", 1) != 1) text += fmt::format(" in {} groups", node.integer("group", 1));
  return text;
}

}  // namespace

std::string describe(const Graph& graph, const std::map<std::string, Shape>& input_shapes) {
  const auto values = infer_shapes(graph, input_shapes);
  const Cost total = cost(graph, input_shapes);
  const bool closed = std::ranges::all_of(values, [](const auto& value) { return is_closed(value.second.shape); });

  std::string text =
      fmt::format("{}: {} nodes, {} parameters", graph.name.empty() ? "graph" : graph.name, graph.nodes.size(), grouped(total.parameters));
  if (closed)
    text += fmt::format(", {}, {} of activations ({} at once)", amount(total.flop, "FLOP"),
                        amount(static_cast<double>(total.activation_bytes), "B"), amount(static_cast<double>(total.peak_bytes), "B"));
  text += "\n";
  for (const Value& input : graph.inputs)
    text += fmt::format("input   {}  {} {}\n", input.name, name_of(input.type), shape_text(values.at(input.name).shape));

  std::size_t name_width = 0, operator_width = 0, shape_width = 0;
  for (const Node& node : graph.nodes) {
    name_width = std::max(name_width, node.name.size());
    operator_width = std::max(operator_width, operator_text(node).size());
    if (!node.outputs.empty() && !node.outputs[0].empty())
      shape_width = std::max(shape_width, shape_text(values.at(node.outputs[0]).shape).size());
  }
  const auto names = parameters(graph);
  std::set<std::string> left(names.begin(), names.end());  // a shared parameter is counted where it is met first
  for (const Node& node : graph.nodes) {
    std::int64_t count = 0;
    for (const std::string& name : node.inputs)
      if (left.erase(name) > 0) count += element_count(graph.constants.at(name).shape);
    std::vector<std::string> shapes;
    for (const std::string& name : node.outputs)
      if (!name.empty()) shapes.push_back(shape_text(values.at(name).shape));
    std::string line = fmt::format("  {:<{}}  {:<{}}  {:<{}}", node.name, name_width, operator_text(node), operator_width,
                                   fmt::format("{}", fmt::join(shapes, ", ")), shape_width);
    if (count > 0) line += fmt::format("  {} parameters", grouped(count));
    const double flop = closed ? flop_of(node, values) : 0;
    if (flop > 0) line += fmt::format("  {}", amount(flop, "FLOP"));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  for (const Value& output : graph.outputs)
    text += fmt::format("output  {}  {} {}\n", output.name, name_of(output.type), shape_text(values.at(output.name).shape));
  return text;
}

}  // namespace isocenter::graph
