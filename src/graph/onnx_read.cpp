#include <algorithm>
#include <charconv>
#include <set>

#include "core/error.h"
#include "graph/mapped_file.h"
#include "graph/onnx.h"
#include "graph/onnx_format.h"
#include "graph/onnx_tensor.h"
#include "graph/operators.h"
#include "graph/protobuf.h"

namespace isocenter::graph {
namespace {

using namespace onnx;
using protobuf::Bytes;
using protobuf::Field;
using protobuf::Reader;

// A constant of at most so many elements that comes as a Constant node is a number of the architecture; larger ones are weights that an
// exporter wrote as nodes.
constexpr std::int64_t largest_literal = 64;

struct Source {
  MappedFile file;
  std::filesystem::path folder;
  std::int64_t opset = 0;
  std::map<std::string, std::string> metadata;
};

// Wraps what the wire reader says with where it was.
template <class Body>
auto within(const std::string& where, Body&& body) {
  try {
    return body();
  } catch (const core::InputError& error) {
    throw core::InputError("{}: {}", where, error.what());
  }
}

std::optional<Attribute> read_attribute(const Source& source, Bytes message, std::string& name) {
  std::int64_t type = 0, integer = 0;
  float number = 0;
  std::string text;
  std::optional<Bytes> tensor;
  std::vector<float> numbers;
  std::vector<std::int64_t> integers;
  std::vector<std::string> texts;
  Reader reader(message);
  Field field;
  while (reader.next(field)) {
    switch (field.number) {
      case attribute_field::name:
        name = field.text();
        break;
      case attribute_field::number:
        number = field.number32();
        if (type == 0) type = attribute_type::number;
        break;
      case attribute_field::integer:
        integer = field.integer();
        if (type == 0) type = attribute_type::integer;
        break;
      case attribute_field::text:
        text = field.text();
        if (type == 0) type = attribute_type::text;
        break;
      case attribute_field::tensor:
        tensor = field.message();
        if (type == 0) type = attribute_type::tensor;
        break;
      case attribute_field::numbers:
        protobuf::append_fixed(field, numbers);
        if (type == 0) type = attribute_type::numbers;
        break;
      case attribute_field::integers:
        protobuf::append_varints(field, integers);
        if (type == 0) type = attribute_type::integers;
        break;
      case attribute_field::texts:
        texts.push_back(field.text());
        if (type == 0) type = attribute_type::texts;
        break;
      case attribute_field::type:
        type = field.integer();
        break;
      case attribute_field::reference:
        throw core::InputError("attribute '{}' refers to a function's attribute", name);
      default:
        break;
    }
  }
  switch (type) {
    case attribute_type::number:
      return widened(number);
    case attribute_type::integer:
      return integer;
    case attribute_type::text:
      return text;
    case attribute_type::tensor:
      if (!tensor) throw core::InputError("attribute '{}' holds no tensor", name);
      return read_tensor(*tensor, source.file, source.folder).constant;
    case attribute_type::numbers: {
      std::vector<double> wide;
      for (const float each : numbers) wide.push_back(widened(each));
      return wide;
    }
    case attribute_type::integers:
      return integers;
    case attribute_type::texts:
      return texts;
    default:
      throw core::InputError("attribute '{}' is of kind {}, which no operator here takes", name, type);
  }
}

// Numbers whose digits an f32 does not hold, as our own writer notes them beside. Taken only where they agree with what the node says.
void restore_exact_numbers(const Source& source, const std::string& node, const std::string& name, Attribute& value) {
  const auto found = source.metadata.find(exact_number_key(node, name));
  if (found == source.metadata.end()) return;
  std::vector<double> exact;
  const char *at = found->second.data(), *end = at + found->second.size();
  while (at < end) {
    if (*at == ' ') ++at;
    const bool negative = at < end && *at == '-';
    if (negative) ++at;
    if (end - at > 2 && at[0] == '0' && at[1] == 'x') at += 2;
    double number = 0;
    const auto read = std::from_chars(at, end, number, std::chars_format::hex);
    if (read.ec != std::errc{}) return;
    exact.push_back(negative ? -number : number);
    at = read.ptr;
  }
  const auto agree = [](double precise, double coarse) { return widened(static_cast<float>(precise)) == coarse; };
  if (auto* number = std::get_if<double>(&value); number != nullptr && exact.size() == 1 && agree(exact[0], *number)) *number = exact[0];
  if (auto* numbers = std::get_if<std::vector<double>>(&value);
      numbers != nullptr && std::equal(exact.begin(), exact.end(), numbers->begin(), numbers->end(), agree))
    *numbers = exact;
}

struct ReadNode {
  Node node;
  std::string domain;
};

ReadNode read_node(const Source& source, Bytes message, std::size_t index) {
  ReadNode result;
  Node& node = result.node;
  std::vector<Bytes> attributes;
  Reader reader(message);
  Field field;
  while (reader.next(field)) {
    switch (field.number) {
      case node_field::input:
        node.inputs.push_back(field.text());
        break;
      case node_field::output:
        node.outputs.push_back(field.text());
        break;
      case node_field::name:
        node.name = field.text();
        break;
      case node_field::op:
        node.op = field.text();
        break;
      case node_field::attribute:
        attributes.push_back(field.message());
        break;
      case node_field::domain:
        result.domain = field.text();
        break;
      default:
        break;
    }
  }
  if (node.name.empty()) node.name = node.op + "_" + std::to_string(index);
  // Operators first: a node that nobody can run is better named by its operator than by the attribute that only it takes.
  if (result.domain == own_domain) {
    const auto own = operator_of_own(node.op);
    if (!own) throw core::InputError("node '{}': unknown operator '{}' of domain '{}'", node.name, node.op, result.domain);
    node.op = *own;
  } else if (!result.domain.empty() && result.domain != "ai.onnx") {
    throw core::InputError("node '{}': unknown operator '{}' of domain '{}'", node.name, node.op, result.domain);
  }
  if (node.op != "Constant" && node.op != "Upsample" && find_operator(node.op) == nullptr)
    throw core::InputError("node '{}': unknown operator '{}'", node.name, node.op);
  within("node '" + node.name + "' (" + node.op + ")", [&] {
    for (const Bytes each : attributes) {
      std::string name;
      auto value = read_attribute(source, each, name);
      restore_exact_numbers(source, node.name, name, *value);
      if (!node.attributes.emplace(name, std::move(*value)).second) throw core::InputError("attribute '{}' stands twice", name);
    }
  });
  return result;
}

// What a Constant node holds.
Constant constant_of(const Node& node) {
  if (node.attributes.size() == 1 && node.outputs.size() == 1 && node.inputs.empty()) {
    const auto& [name, value] = *node.attributes.begin();
    if (const auto* tensor = std::get_if<Constant>(&value); tensor != nullptr && name == "value") return *tensor;
    if (const auto* number = std::get_if<double>(&value); number != nullptr && name == "value_float")
      return constant({}, std::vector<float>{static_cast<float>(*number)});
    if (const auto* integer = std::get_if<std::int64_t>(&value); integer != nullptr && name == "value_int")
      return constant({}, std::vector<std::int64_t>{*integer});
    if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value); integers != nullptr && name == "value_ints")
      return constant({static_cast<std::int64_t>(integers->size())}, *integers);
    if (const auto* numbers = std::get_if<std::vector<double>>(&value); numbers != nullptr && name == "value_floats")
      return constant({static_cast<std::int64_t>(numbers->size())}, std::vector<float>(numbers->begin(), numbers->end()));
  }
  throw core::InputError("node '{}' (Constant): it does not hold one array of numbers", node.name);
}

std::int64_t read_dimension(Bytes message) {
  std::int64_t size = -1;
  Reader reader(message);
  Field field;
  while (reader.next(field))
    if (field.number == value_field::size) size = field.integer();
  return size < 0 ? -1 : size;
}

struct ReadValue {
  Value value;
  bool has_shape = false;
};

ReadValue read_value(Bytes message) {
  ReadValue result;
  std::optional<Bytes> type, tensor, shape;
  std::int64_t element = 0;
  Reader reader(message);
  Field field;
  while (reader.next(field)) {
    if (field.number == value_field::name) result.value.name = field.text();
    if (field.number == value_field::type) type = field.message();
  }
  within("value '" + result.value.name + "'", [&] {
    for (Reader inner(type.value_or(Bytes{})); inner.next(field);)
      if (field.number == value_field::tensor_type) tensor = field.message();
    if (!tensor) throw core::InputError("it is not an array");
    for (Reader inner(*tensor); inner.next(field);) {
      if (field.number == value_field::element_type) element = field.integer();
      if (field.number == value_field::shape) shape = field.message();
    }
    const auto known = type_of_number(element);
    if (!known) throw core::InputError("element type {} is not known", element);
    result.value.type = *known;
    if (!shape) return;
    result.has_shape = true;
    for (Reader inner(*shape); inner.next(field);)
      if (field.number == value_field::dimension) result.value.shape.push_back(read_dimension(field.message()));
    if (result.value.shape.size() > 32) throw core::InputError("it has {} dimensions", result.value.shape.size());
  });
  return result;
}

// Constant nodes become constants of the graph. Small ones are marked as literals, which renames them where they are used.
void lift_constants(Graph& graph, std::vector<Node>& nodes) {
  std::set<std::string> outputs;
  for (const Value& output : graph.outputs) outputs.insert(output.name);
  std::map<std::string, std::string> renamed;
  for (const Node& node : nodes) {
    if (node.op != "Constant") continue;
    Constant value = constant_of(node);
    std::string name = node.outputs[0];
    if (element_count(value.shape) <= largest_literal && !outputs.contains(name)) {
      name = "literal:" + name;
      renamed[node.outputs[0]] = name;
    }
    if (!graph.constants.emplace(name, std::move(value)).second)
      throw core::InputError("node '{}' (Constant) makes '{}', which exists already", node.name, name);
  }
  std::erase_if(nodes, [](const Node& node) { return node.op == "Constant"; });
  for (Node& node : nodes)
    for (std::string& input : node.inputs)
      if (const auto found = renamed.find(input); found != renamed.end()) input = found->second;
}

// A dropout's mask, a layer norm's mean: outputs beyond those that the operator makes here go when nobody reads them.
void drop_unread_outputs(const Graph& graph, std::vector<Node>& nodes) {
  std::set<std::string> read;
  for (const Node& node : nodes) read.insert(node.inputs.begin(), node.inputs.end());
  for (const Value& output : graph.outputs) read.insert(output.name);
  for (Node& node : nodes) {
    const Operator* rule = find_operator(node.op);
    while (rule != nullptr && static_cast<int>(node.outputs.size()) > rule->most_outputs && !read.contains(node.outputs.back()))
      node.outputs.pop_back();
  }
}

void make_names_unique(std::vector<Node>& nodes) {
  std::set<std::string> taken;
  std::map<std::string, int> next;  // number to try for a name that was taken
  for (Node& node : nodes) {
    std::string name = node.name;
    while (!taken.insert(name).second) name = node.name + "_" + std::to_string(++next[node.name]);
    node.name = name;
  }
}

Graph read_graph(const Source& source, Bytes message) {
  Graph graph;
  std::vector<Node> nodes;
  std::vector<ReadValue> inputs, outputs;
  Reader reader(message);
  Field field;
  while (reader.next(field)) {
    switch (field.number) {
      case graph_field::node:
        nodes.push_back(read_node(source, field.message(), nodes.size()).node);
        break;
      case graph_field::name:
        graph.name = field.text();
        break;
      case graph_field::initializer: {
        NamedConstant tensor = read_tensor(field.message(), source.file, source.folder);
        if (!graph.constants.emplace(tensor.name, std::move(tensor.constant)).second)
          throw core::InputError("tensor '{}' stands twice", tensor.name);
        break;
      }
      case graph_field::input:
        inputs.push_back(read_value(field.message()));
        break;
      case graph_field::output:
        outputs.push_back(read_value(field.message()));
        break;
      case graph_field::sparse_initializer:
        throw core::InputError("a sparse tensor, which is not read here");
      default:
        break;
    }
  }
  for (ReadValue& input : inputs) {
    if (graph.constants.contains(input.value.name)) continue;  // before IR version 4 weights were listed as inputs too
    if (!input.has_shape) throw core::InputError("input '{}' has no shape", input.value.name);
    graph.inputs.push_back(std::move(input.value));
  }
  bool all_shaped = true;
  for (ReadValue& output : outputs) {
    all_shaped = all_shaped && output.has_shape;
    graph.outputs.push_back(std::move(output.value));
  }
  lift_constants(graph, nodes);
  drop_unread_outputs(graph, nodes);
  make_names_unique(nodes);
  for (Node& node : nodes) append_upgraded(graph, std::move(node), source.opset);
  verify(graph);
  if (!all_shaped) {
    const auto values = infer_shapes(graph);
    for (Value& output : graph.outputs) output = values.at(output.name);
  }
  return graph;
}

std::int64_t read_opset(Bytes message, std::string& domain) {
  std::int64_t version = 0;
  Reader reader(message);
  Field field;
  while (reader.next(field)) {
    if (field.number == opset_id::domain) domain = field.text();
    if (field.number == opset_id::version) version = field.integer();
  }
  return version;
}

Graph read_model(Source& source) {
  std::optional<Bytes> graph;
  std::int64_t ir = 0;
  Reader reader(source.file.view());
  Field field;
  while (reader.next(field)) {
    switch (field.number) {
      case model::ir_version:
        ir = field.integer();
        break;
      case model::graph:
        graph = field.message();
        break;
      case model::opset_import: {
        std::string domain;
        const std::int64_t version = read_opset(field.message(), domain);
        if (domain.empty() || domain == "ai.onnx") source.opset = version;
        break;
      }
      case model::metadata: {
        Reader pair(field.message());
        Field part;
        std::string key, value;
        while (pair.next(part)) {
          if (part.number == entry::key) key = part.text();
          if (part.number == entry::value) value = part.text();
        }
        source.metadata[key] = value;
        break;
      }
      default:
        break;
    }
  }
  if (!graph || ir < 1) throw core::InputError("not an ONNX model: it holds no graph");
  if (source.opset < oldest_opset || source.opset > newest_opset)
    throw core::InputError("operator set {} is not read here; export the model with one of {} to {}", source.opset, oldest_opset,
                           newest_opset);
  return read_graph(source, *graph);
}

}  // namespace

Graph read_onnx(const std::filesystem::path& path) {
  Source source{.file = map_file(path), .folder = path.parent_path(), .opset = 0, .metadata = {}};
  return within(path.string(), [&] { return read_model(source); });
}

}  // namespace isocenter::graph
