// Shape inference. Values that do not depend on data (constants, shapes of known arrays and what is computed from them) are evaluated along
// the way, because exported networks compute the arguments of Reshape, Slice and Expand that way.
#include <algorithm>

#include "core/error.h"
#include "graph/graph.h"
#include "graph/operators.h"

namespace isocenter::graph {
namespace {

constexpr std::int64_t most_known_elements = 1 << 16;  // a shape has a few numbers, a table of positions some thousands
constexpr double most_known_flop = 1e7;

bool is_known(const Value& value) {
  return std::ranges::all_of(value.shape, [](std::int64_t size) { return size >= 0; });
}

// A size of zero does not make the others small: whoever walks over the array walks over them.
bool is_small(const Value& value) {
  double count = 1;
  for (const std::int64_t size : value.shape) count *= static_cast<double>(std::max<std::int64_t>(size, 1));
  return is_known(value) && count <= static_cast<double>(most_known_elements);
}

// Bounds under which products of sizes with strides and sums of bytes stay inside 64 bits.
constexpr std::int64_t largest_size = std::int64_t{1} << 40;
constexpr double largest_bytes = 70e12;

void check_size(const std::string& where, const Value& value) {
  double bytes = static_cast<double>(size_of(value.type));
  for (const std::int64_t size : value.shape) {
    if (size > largest_size) throw core::InputError("{}: a size of {} is out of range", where, size);
    bytes *= size < 0 ? 1.0 : static_cast<double>(size);
  }
  if (bytes > largest_bytes) throw core::InputError("{}: an array of {:.3g} bytes is out of range", where, bytes);
}

}  // namespace

std::map<std::string, Value> infer_shapes(const Graph& graph, const std::map<std::string, Shape>& input_shapes) {
  std::map<std::string, Value> values;
  std::map<std::string, Array> known;
  for (const auto& [name, shape] : input_shapes)
    if (std::ranges::find(graph.inputs, name, &Value::name) == graph.inputs.end())
      throw core::InputError("graph '{}' has no input '{}'", graph.name, name);
  for (const Value& input : graph.inputs) {
    Value value = input;
    if (const auto given = input_shapes.find(input.name); given != input_shapes.end()) {
      const Shape& shape = given->second;
      bool fits = shape.size() == input.shape.size();
      for (std::size_t i = 0; fits && i < shape.size(); ++i)
        fits = shape[i] >= -1 && (input.shape[i] < 0 || shape[i] < 0 || input.shape[i] == shape[i]);
      if (!fits)
        throw core::InputError("input '{}' takes shape ({}), not ({})", input.name, fmt::join(input.shape, ", "), fmt::join(shape, ", "));
      for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] >= 0) value.shape[i] = shape[i];
    }
    check_size(fmt::format("input '{}'", input.name), value);
    values.emplace(input.name, value);
  }
  for (const auto& [name, constant] : graph.constants) {
    const Value value{name, constant.type, constant.shape};
    check_size(fmt::format("constant '{}'", name), value);
    values.emplace(name, value);
  }

  for (const Node& node : graph.nodes) {
    const Operator* rule = find_operator(node.op);
    if (rule == nullptr) throw core::InputError("node '{}': unknown operator '{}'", node.name, node.op);
    std::vector<const Value*> inputs;
    std::vector<const Array*> arrays;
    bool all_known = true;
    for (const std::string& name : node.inputs) {
      if (name.empty()) {
        inputs.push_back(nullptr);
        arrays.push_back(nullptr);
        continue;
      }
      const auto found = values.find(name);
      if (found == values.end()) throw core::InputError("node '{}' ({}) uses '{}' before it is made", node.name, node.op, name);
      inputs.push_back(&found->second);
      auto array = known.find(name);
      if (array == known.end())
        if (const auto constant = graph.constants.find(name); constant != graph.constants.end() && is_small(found->second))
          array = known.emplace(name, to_array(constant->second)).first;
      arrays.push_back(array == known.end() ? nullptr : &array->second);
      all_known = all_known && array != known.end();
    }
    const NodeView view(node, inputs, arrays);
    std::vector<Value> outputs = rule->shape(view);
    // `Shape` needs its input's shape alone.
    const bool evaluable = rule->evaluate != nullptr && (all_known || (rule->needs_shape_alone && is_known(view.value(0)))) &&
                           std::ranges::all_of(outputs, is_small) && (rule->flop == nullptr || rule->flop(view, outputs) < most_known_flop);
    std::vector<Array> results;
    if (evaluable) results = rule->evaluate(view, outputs);
    for (std::size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i) {
      const std::string& name = node.outputs[i];
      if (name.empty()) continue;
      check_size(fmt::format("node '{}' ({})", node.name, node.op), outputs[i]);
      outputs[i].name = name;
      if (!values.emplace(name, outputs[i]).second)
        throw core::InputError("node '{}' ({}) makes '{}', which exists already", node.name, node.op, name);
      if (i < results.size()) known.emplace(name, std::move(results[i]));
    }
  }
  return values;
}

}  // namespace isocenter::graph
