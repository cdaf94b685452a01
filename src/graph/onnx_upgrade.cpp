// What changed between opsets 6 and 21, brought to 17's form. Source: the operator changelog of the ONNX specification.
#include <algorithm>

#include "core/error.h"
#include "graph/onnx_format.h"

namespace isocenter::graph::onnx {
namespace {

template <class T>
std::string add_literal(Graph& graph, const std::string& name, Shape shape, std::vector<T> values) {
  std::string unique = "literal:" + name;
  for (int i = 1; graph.constants.contains(unique); ++i) unique = "literal:" + name + "_" + std::to_string(i);
  graph.constants.emplace(unique, constant(std::move(shape), std::move(values)));
  return unique;
}

void set_input(Node& node, std::size_t place, const std::string& name) {
  if (node.inputs.size() <= place) node.inputs.resize(place + 1);
  if (!node.inputs[place].empty()) throw core::InputError("node '{}' ({}): input {} is given twice", node.name, node.op, place);
  node.inputs[place] = name;
}

// An attribute that became the input at `place`.
void integers_to_input(Graph& graph, Node& node, const std::string& attribute, std::size_t place) {
  if (!node.attributes.contains(attribute)) return;
  const auto values = node.integers(attribute);
  node.attributes.erase(attribute);
  set_input(node, place, add_literal(graph, node.name + "." + attribute, {static_cast<std::int64_t>(values.size())}, values));
}

void number_to_input(Graph& graph, Node& node, const std::string& attribute, std::size_t place) {
  if (!node.attributes.contains(attribute)) return;
  const auto value = static_cast<float>(node.number(attribute, 0));
  node.attributes.erase(attribute);
  set_input(node, place, add_literal(graph, node.name + "." + attribute, {}, std::vector<float>{value}));
}

// The other way: an input that was an attribute before. It must be a constant.
void input_to_integers(const Graph& graph, Node& node, std::size_t place, const std::string& attribute) {
  if (node.inputs.size() <= place || node.inputs[place].empty()) return;
  const auto found = graph.constants.find(node.inputs[place]);
  if (found == graph.constants.end() || found->second.type != DataType::i64)
    throw core::InputError("node '{}' ({}): '{}' depends on the data", node.name, node.op, attribute);
  const auto values = found->second.integers();
  node.attributes[attribute] = std::vector<std::int64_t>(values.begin(), values.end());
  node.inputs.resize(place);
}

// Drops an attribute that says what is so anyway; any other value is refused.
void drop_if(Node& node, const std::string& attribute, std::int64_t expected) {
  if (!node.attributes.contains(attribute)) return;
  if (node.integer(attribute, expected) != expected)
    throw core::InputError("node '{}' ({}): '{}' other than {} is not known", node.name, node.op, attribute, expected);
  node.attributes.erase(attribute);
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
  graph.nodes.push_back({shape, "Shape", {input}, {shape}, {}});
  graph.nodes.push_back({rows, "Flatten", {input}, {rows}, {{"axis", axis}}});
  node.inputs = {rows};
  node.outputs = {flat};
  graph.nodes.push_back(node);
  graph.nodes.push_back({node.name + ".unflatten", "Reshape", {flat, shape}, {output}, {}});
}

// Upsample, and Resize of opset 10: data and scales; out = floor(in * scale), in = floor(out / scale) for nearest and out / scale for
// linear.
void old_resize(Graph& graph, Node& node) {
  if (node.attributes.contains("scales")) {  // Upsample of opset 7
    const auto found = std::get_if<std::vector<double>>(&node.attributes.at("scales"));
    if (found == nullptr) throw core::InputError("node '{}' ({}): attribute 'scales' is of another type", node.name, node.op);
    std::vector<float> scales(found->begin(), found->end());
    node.attributes.erase("scales");
    const Shape shape{static_cast<std::int64_t>(scales.size())};
    set_input(node, 1, add_literal(graph, node.name + ".scales", shape, std::move(scales)));
  }
  if (node.inputs.size() != 2) throw core::InputError("node '{}' ({}) takes an image and its scales", node.name, node.op);
  node.op = "Resize";
  node.inputs.insert(node.inputs.begin() + 1, "");
  node.attributes["coordinate_transformation_mode"] = std::string("asymmetric");
  node.attributes["nearest_mode"] = std::string("floor");
  if (node.text("mode", "nearest") == "bilinear") node.attributes["mode"] = std::string("linear");
}

void from_older(Graph& graph, Node& node, std::int64_t version) {
  const std::string op = node.op;
  if (version < 7 && op == "PRelu")
    throw core::InputError("node '{}': operator '{}' of operator set {} is not read here", node.name, op, version);
  if (version < 9 && op == "BatchNormalization") drop_if(node, "spatial", 1);
  if (version < 10 && op == "Slice") {
    integers_to_input(graph, node, "starts", 1);
    integers_to_input(graph, node, "ends", 2);
    integers_to_input(graph, node, "axes", 3);
  }
  if (version < 11) {
    if (op == "Clip") {
      number_to_input(graph, node, "min", 1);
      number_to_input(graph, node, "max", 2);
    }
    if (op == "Pad") {
      integers_to_input(graph, node, "pads", 1);
      number_to_input(graph, node, "value", 2);
    }
    if (op == "Resize" || op == "Upsample") old_resize(graph, node);
  }
  if (version < 12 && op == "Dropout") node.attributes.erase("ratio");  // inference does not drop
  if (version < 13) {
    if (op == "Squeeze" || op == "Unsqueeze" || op == "ReduceSum") integers_to_input(graph, node, "axes", 1);
    if (op == "Split") integers_to_input(graph, node, "split", 1);
  }
}

void from_newer(const Graph& graph, Node& node, std::int64_t version) {
  const std::string op = node.op;
  if (op.starts_with("Reduce") && op != "ReduceSum") {
    drop_if(node, "noop_with_empty_axes", 0);
    input_to_integers(graph, node, 1, "axes");
  }
  if (op == "Split")
    drop_if(node, "num_outputs", static_cast<std::int64_t>(node.outputs.size()));  // uneven parts are refused by the shape rule
  if (op == "Resize") {
    drop_if(node, "antialias", 0);
    if (node.text("keep_aspect_ratio_policy", "stretch") == "stretch") node.attributes.erase("keep_aspect_ratio_policy");
  }
  if (op == "Cast") drop_if(node, "saturate", 1);
  if (op == "GroupNormalization") {
    if (version < 21)  // its scale was one a group, by mistake, until 21
      throw core::InputError("node '{}': operator '{}' of operator set {} is not read here; export with 17 or 21", node.name, op, version);
    drop_if(node, "stash_type", 1);
  }
}

}  // namespace

void append_upgraded(Graph& graph, Node node, std::int64_t version) {
  if (version < 13 && (node.op == "Softmax" || node.op == "LogSoftmax")) return append_flat_softmax(graph, std::move(node));
  if (version < opset) from_older(graph, node, version);
  if (version > opset) from_newer(graph, node, version);
  graph.nodes.push_back(std::move(node));
}

}  // namespace isocenter::graph::onnx
