#include <fstream>
#include <limits>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "graph/onnx.h"
#include "graph/onnx_format.h"
#include "graph/operators.h"
#include "graph/protobuf.h"

namespace isocenter::graph {
namespace {

using namespace onnx;
using protobuf::Writer;

constexpr std::uint64_t largest_file = std::numeric_limits<std::int32_t>::max();  // protobuf's own limit

Writer tensor_of(const std::string& name, const Constant& constant) {
  Writer tensor;
  for (const std::int64_t size : constant.shape) tensor.integer(tensor_field::dims, size);
  tensor.integer(tensor_field::type, number_of_type(constant.type));
  if (!name.empty()) tensor.bytes(tensor_field::name, name);
  tensor.bytes(tensor_field::raw, {reinterpret_cast<const char*>(constant.bytes.get()), constant.byte_count()});
  return tensor;
}

Writer attribute_of(const std::string& name, const Attribute& value) {
  Writer attribute;
  attribute.bytes(attribute_field::name, name);
  std::int64_t type = 0;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    type = attribute_type::integer;
    attribute.integer(attribute_field::integer, *integer);
  } else if (const auto* number = std::get_if<double>(&value)) {
    type = attribute_type::number;
    attribute.number32(attribute_field::number, static_cast<float>(*number));
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    type = attribute_type::text;
    attribute.bytes(attribute_field::text, *text);
  } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) {
    type = attribute_type::integers;
    for (const std::int64_t each : *integers) attribute.integer(attribute_field::integers, each);
  } else if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
    type = attribute_type::numbers;
    for (const double each : *numbers) attribute.number32(attribute_field::numbers, static_cast<float>(each));
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    type = attribute_type::texts;
    for (const std::string& each : *texts) attribute.bytes(attribute_field::texts, each);
  } else if (const auto* constant = std::get_if<Constant>(&value)) {
    type = attribute_type::tensor;
    attribute.message(attribute_field::tensor, tensor_of("", *constant));
  }
  attribute.integer(attribute_field::type, type);
  return attribute;
}

Writer node_of(const Node& node) {
  Writer message;
  for (const std::string& input : node.inputs) message.bytes(node_field::input, input);
  for (const std::string& output : node.outputs) message.bytes(node_field::output, output);
  const auto own = own_operator(node);
  message.bytes(node_field::name, node.name).bytes(node_field::op, own.value_or(node.op));
  for (const auto& [name, value] : node.attributes) message.message(node_field::attribute, attribute_of(name, value));
  if (own) message.bytes(node_field::domain, own_domain);
  return message;
}

// A size that is open is a dimension without a value.
Writer value_of(const Value& value) {
  Writer shape;
  for (const std::int64_t size : value.shape) {
    Writer dimension;
    if (size >= 0) dimension.integer(value_field::size, size);
    shape.message(value_field::dimension, dimension);
  }
  Writer tensor, type, info;
  tensor.integer(value_field::element_type, number_of_type(value.type)).message(value_field::shape, shape);
  type.message(value_field::tensor_type, tensor);
  info.bytes(value_field::name, value.name).message(value_field::type, type);
  return info;
}

void add_opset(Writer& model_message, const char* domain, std::int64_t version) {
  Writer id;
  id.bytes(opset_id::domain, domain).integer(opset_id::version, version);
  model_message.message(model::opset_import, id);
}

void add_metadata(Writer& model_message, const std::string& key, const std::string& value) {
  Writer pair;
  pair.bytes(entry::key, key).bytes(entry::value, value);
  model_message.message(model::metadata, pair);
}

// ONNX keeps numbers as f32. Those that do not come back from that are written out beside, so that reading gives the same graph.
void add_exact_numbers(Writer& model_message, const Graph& graph) {
  for (const Node& node : graph.nodes)
    for (const auto& [name, value] : node.attributes) {
      std::vector<double> numbers;
      if (const auto* number = std::get_if<double>(&value)) numbers = {*number};
      if (const auto* many = std::get_if<std::vector<double>>(&value)) numbers = *many;
      bool survive = true;
      for (const double each : numbers)
        survive = survive && std::bit_cast<std::uint64_t>(widened(static_cast<float>(each))) == std::bit_cast<std::uint64_t>(each);
      if (!survive) add_metadata(model_message, exact_number_key(node.name, name), fmt::format("{:a}", fmt::join(numbers, " ")));
    }
}

}  // namespace

void write_onnx(const std::filesystem::path& path, const Graph& graph) {
  verify(graph);
  std::uint64_t bytes = 0;
  for (const auto& [name, constant] : graph.constants) bytes += constant.byte_count();
  if (bytes > largest_file)
    throw core::InputError("{}: {} bytes of weights are more than an ONNX file holds; write a model package instead", path.string(), bytes);

  Writer net;
  std::set<std::string> own_names;
  for (const Node& node : graph.nodes) {
    net.message(graph_field::node, node_of(node));
    if (const auto own = own_operator(node)) own_names.insert(*own);
  }
  net.bytes(graph_field::name, graph.name);
  for (const auto& [name, constant] : graph.constants) net.message(graph_field::initializer, tensor_of(name, constant));
  for (const Value& input : graph.inputs) net.message(graph_field::input, value_of(input));
  for (const Value& output : graph.outputs) net.message(graph_field::output, value_of(output));

  Writer message;
  message.integer(model::ir_version, ir_version).bytes(model::producer_name, "isocenter").message(model::graph, net);
  add_opset(message, "", opset);
  if (!own_names.empty()) add_opset(message, own_domain, 1);
  add_exact_numbers(message, graph);
  for (const std::string& name : own_names) message.bytes(model::functions, definition_of(name));
  core::write_bytes(path, {reinterpret_cast<const std::uint8_t*>(message.content().data()), message.content().size()});
}

}  // namespace isocenter::graph
