#include "graph/graph.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <set>
#include <stdexcept>

#include "core/error.h"
#include "graph/array.h"
#include "graph/operators.h"

namespace isocenter::graph {

std::size_t size_of(DataType type) {
  switch (type) {
    case DataType::f64:
    case DataType::i64:
    case DataType::u64:
      return 8;
    case DataType::f32:
    case DataType::i32:
    case DataType::u32:
      return 4;
    case DataType::f16:
    case DataType::bf16:
    case DataType::i16:
    case DataType::u16:
      return 2;
    case DataType::i8:
    case DataType::u8:
    case DataType::boolean:
      return 1;
  }
  throw std::logic_error("size_of: no such data type");
}

std::string name_of(DataType type) {
  switch (type) {
    case DataType::f32:
      return "f32";
    case DataType::f64:
      return "f64";
    case DataType::f16:
      return "f16";
    case DataType::bf16:
      return "bf16";
    case DataType::i8:
      return "i8";
    case DataType::u8:
      return "u8";
    case DataType::i16:
      return "i16";
    case DataType::u16:
      return "u16";
    case DataType::i32:
      return "i32";
    case DataType::u32:
      return "u32";
    case DataType::i64:
      return "i64";
    case DataType::u64:
      return "u64";
    case DataType::boolean:
      return "bool";
  }
  throw std::logic_error("name_of: no such data type");
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t size : shape) {
    if (size < 0) throw std::logic_error("element_count: a size is not known");
    empty = empty || size == 0;
    if (!empty && count > std::numeric_limits<std::int64_t>::max() / size) throw std::logic_error("element_count: the product overflows");
    count *= empty ? 1 : size;
  }
  return empty ? 0 : count;
}

std::shared_ptr<std::uint8_t> allocate_bytes(std::size_t count) {
  constexpr std::size_t alignment = 64;
  void* memory = ::operator new (std::max<std::size_t>(count, 1), std::align_val_t{alignment}, std::nothrow);
  if (memory == nullptr) throw core::ResourceError("not enough memory for an array of {} bytes", count);
  std::memset(memory, 0, count);
  return {static_cast<std::uint8_t*>(memory), [](std::uint8_t* bytes) { ::operator delete (bytes, std::align_val_t{alignment}); }};
}

std::span<const float> Constant::floats() const {
  if (type != DataType::f32) throw std::logic_error("Constant::floats: the type is " + name_of(type));
  return {reinterpret_cast<const float*>(bytes.get()), static_cast<std::size_t>(element_count(shape))};
}

std::span<const std::int64_t> Constant::integers() const {
  if (type != DataType::i64) throw std::logic_error("Constant::integers: the type is " + name_of(type));
  return {reinterpret_cast<const std::int64_t*>(bytes.get()), static_cast<std::size_t>(element_count(shape))};
}

namespace {
template <class T>
Constant constant_of(DataType type, Shape shape, const std::vector<T>& values) {
  if (element_count(shape) != static_cast<std::int64_t>(values.size()))
    throw std::logic_error("constant: the number of values does not fit the shape");
  const auto bytes = allocate_bytes(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(bytes.get(), values.data(), values.size() * sizeof(T));
  return {type, std::move(shape), bytes};
}

template <class T>
const T* attribute_of(const Node& node, const std::string& key) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return nullptr;
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) throw core::InputError("node '{}' ({}): attribute '{}' is of another type", node.name, node.op, key);
  return value;
}
}  // namespace

Constant constant(Shape shape, std::vector<float> values) { return constant_of(DataType::f32, std::move(shape), values); }
Constant constant(Shape shape, std::vector<std::int64_t> values) { return constant_of(DataType::i64, std::move(shape), values); }

std::int64_t Node::integer(const std::string& key, std::int64_t otherwise) const {
  const auto* value = attribute_of<std::int64_t>(*this, key);
  return value != nullptr ? *value : otherwise;
}

double Node::number(const std::string& key, double otherwise) const {
  const auto* value = attribute_of<double>(*this, key);
  return value != nullptr ? *value : otherwise;
}

std::string Node::text(const std::string& key, const std::string& otherwise) const {
  const auto* value = attribute_of<std::string>(*this, key);
  return value != nullptr ? *value : otherwise;
}

std::vector<std::int64_t> Node::integers(const std::string& key, std::vector<std::int64_t> otherwise) const {
  const auto* value = attribute_of<std::vector<std::int64_t>>(*this, key);
  return value != nullptr ? *value : otherwise;
}

bool is_literal(const std::string& name) { return name.starts_with("literal:"); }

namespace {
std::vector<std::string> floating_constants(const Graph& graph, bool wanted_as_statistics) {
  std::vector<std::string> names;
  std::set<std::string> seen, used_as_statistics;
  const auto is_statistic = [](const Operator* rule, std::size_t input) {
    return rule != nullptr && std::ranges::find(rule->state_inputs, static_cast<int>(input)) != rule->state_inputs.end();
  };
  for (const Node& node : graph.nodes) {
    const Operator* rule = find_operator(node.op);
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (is_statistic(rule, i)) used_as_statistics.insert(node.inputs[i]);
  }
  for (const Node& node : graph.nodes) {
    for (const std::string& name : node.inputs) {
      const auto found = graph.constants.find(name);
      if (found == graph.constants.end() || !is_floating(found->second.type) || is_literal(name)) continue;
      if (used_as_statistics.contains(name) == wanted_as_statistics && seen.insert(name).second) names.push_back(name);
    }
  }
  return names;
}
}  // namespace

std::vector<std::string> parameters(const Graph& graph) { return floating_constants(graph, false); }
std::vector<std::string> statistics(const Graph& graph) { return floating_constants(graph, true); }

}  // namespace isocenter::graph
