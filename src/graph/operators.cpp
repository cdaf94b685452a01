#include "graph/operators.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace isocenter::graph {

const Value& NodeView::value(std::size_t input) const {
  if (!has(input)) refuse("input {} is missing", input);
  return *inputs_[input];
}

std::optional<std::vector<std::int64_t>> NodeView::known_integers(std::size_t input) const {
  const Array* array = known(input);
  if (array == nullptr) return std::nullopt;
  return array->integers();
}

std::int64_t NodeView::axis(std::int64_t axis, std::size_t rank) const {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) refuse("axis {} is out of range for {} dimensions", axis, rank);
  return axis < 0 ? axis + size : axis;
}

namespace {

using Table = std::map<std::string, Operator, std::less<>>;

const Table& table() {
  static const Table operators = [] {
    Table all;
    for (const auto& group :
         {convolution_operators(), pooling_operators(), normalization_operators(), elementwise_operators(), matrix_operators(),
          layout_operators(), indexing_operators(), reduction_operators(), resize_operators(), einsum_operators()})
      for (const Operator& entry : group)
        if (!all.emplace(std::string(entry.name), entry).second)
          throw std::logic_error("operator table: '" + std::string(entry.name) + "' stands twice");
    return all;
  }();
  return operators;
}

template <class T>
const T& value_of(const Node& node, std::string_view name) {
  const auto found = node.attributes.find(std::string(name));
  if (found != node.attributes.end()) {
    const T* value = std::get_if<T>(&found->second);
    if (value == nullptr) throw core::InputError("node '{}' ({}): attribute '{}' is of another type", node.name, node.op, name);
    return *value;
  }
  if (const Operator* entry = find_operator(node.op)) {
    const auto rule = std::ranges::find(entry->attributes, name, &AttributeRule::name);
    if (rule != entry->attributes.end() && rule->otherwise)
      if (const T* value = std::get_if<T>(&*rule->otherwise)) return *value;
  }
  throw std::logic_error(fmt::format("operator {} has no attribute '{}' with a default of this type", node.op, name));
}

}  // namespace

const Operator* find_operator(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : &found->second;
}

std::vector<std::string_view> operator_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, entry] : table()) names.emplace_back(name);
  return names;
}

std::int64_t integer(const Node& node, std::string_view attribute) { return value_of<std::int64_t>(node, attribute); }
double number(const Node& node, std::string_view attribute) { return value_of<double>(node, attribute); }
std::string text(const Node& node, std::string_view attribute) { return value_of<std::string>(node, attribute); }
std::vector<std::int64_t> integers(const Node& node, std::string_view attribute) {
  return value_of<std::vector<std::int64_t>>(node, attribute);
}

}  // namespace isocenter::graph
