#include "graph/compare.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace isocenter::graph {
namespace {

// Numbers by their bits, so that a NaN is itself and the zeros differ.
bool identical_number(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool identical_attribute(const Attribute& a, const Attribute& b) {
  if (a.index() != b.index()) return false;
  if (const auto* constant = std::get_if<Constant>(&a)) return identical(*constant, std::get<Constant>(b));
  if (const auto* number = std::get_if<double>(&a)) return identical_number(*number, std::get<double>(b));
  if (const auto* numbers = std::get_if<std::vector<double>>(&a)) {
    const auto& others = std::get<std::vector<double>>(b);
    return std::equal(numbers->begin(), numbers->end(), others.begin(), others.end(), identical_number);
  }
  if (const auto* integer = std::get_if<std::int64_t>(&a)) return *integer == std::get<std::int64_t>(b);
  if (const auto* text = std::get_if<std::string>(&a)) return *text == std::get<std::string>(b);
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&a)) return *integers == std::get<std::vector<std::int64_t>>(b);
  return std::get<std::vector<std::string>>(a) == std::get<std::vector<std::string>>(b);
}

std::string value_difference(const std::vector<Value>& a, const std::vector<Value>& b, const char* what) {
  if (a.size() != b.size()) return fmt::format("{} and {} {}", a.size(), b.size(), what);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].name != b[i].name || a[i].type != b[i].type || a[i].shape != b[i].shape)
      return fmt::format("{} {}: '{}' and '{}'", what, i, a[i].name, b[i].name);
  return {};
}

std::string node_difference(const Node& a, const Node& b) {
  if (a.name != b.name || a.op != b.op) return fmt::format("node '{}' ({}) and '{}' ({})", a.name, a.op, b.name, b.op);
  if (a.inputs != b.inputs) return fmt::format("inputs of node '{}'", a.name);
  if (a.outputs != b.outputs) return fmt::format("outputs of node '{}'", a.name);
  if (a.attributes.size() != b.attributes.size()) return fmt::format("attributes of node '{}'", a.name);
  for (const auto& [key, value] : a.attributes) {
    const auto other = b.attributes.find(key);
    if (other == b.attributes.end() || !identical_attribute(value, other->second))
      return fmt::format("attribute '{}' of node '{}'", key, a.name);
  }
  return {};
}

}  // namespace

bool identical(const Constant& a, const Constant& b) {
  return a.type == b.type && a.shape == b.shape && (a.byte_count() == 0 || std::memcmp(a.bytes.get(), b.bytes.get(), a.byte_count()) == 0);
}

std::string difference(const Graph& a, const Graph& b) {
  if (a.name != b.name) return fmt::format("names '{}' and '{}'", a.name, b.name);
  if (std::string found = value_difference(a.inputs, b.inputs, "inputs"); !found.empty()) return found;
  if (std::string found = value_difference(a.outputs, b.outputs, "outputs"); !found.empty()) return found;
  if (a.nodes.size() != b.nodes.size()) return fmt::format("{} and {} nodes", a.nodes.size(), b.nodes.size());
  for (std::size_t i = 0; i < a.nodes.size(); ++i)
    if (std::string found = node_difference(a.nodes[i], b.nodes[i]); !found.empty()) return found;
  if (a.constants.size() != b.constants.size()) return fmt::format("{} and {} constants", a.constants.size(), b.constants.size());
  for (const auto& [name, constant] : a.constants) {
    const auto other = b.constants.find(name);
    if (other == b.constants.end() || !identical(constant, other->second)) return fmt::format("constant '{}'", name);
  }
  return {};
}

}  // namespace isocenter::graph
