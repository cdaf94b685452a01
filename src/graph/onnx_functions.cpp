// Operators newer than opset 17, defined in its terms as model-local functions, so that any reader of ONNX files can run what we write.
#include <stdexcept>

#include "graph/onnx_format.h"
#include "graph/operators.h"
#include "graph/protobuf.h"

namespace isocenter::graph::onnx {
namespace {

using protobuf::Writer;

Writer named_attribute(const std::string& name, std::int64_t type) {
  Writer attribute;
  attribute.bytes(attribute_field::name, name).integer(attribute_field::type, type);
  return attribute;
}

// One FunctionProto, node by node.
class Function {
 public:
  Function(const std::string& name, const std::vector<std::string>& inputs, const std::vector<std::string>& attributes) {
    message_.bytes(function_field::name, name);
    for (const std::string& input : inputs) message_.bytes(function_field::input, input);
    message_.bytes(function_field::output, "y");
    for (const std::string& attribute : attributes) message_.bytes(function_field::attribute, attribute);
  }

  Function& node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
                 const std::vector<Writer>& attributes = {}) {
    Writer node;
    for (const std::string& input : inputs) node.bytes(node_field::input, input);
    node.bytes(node_field::output, output).bytes(node_field::op, op);
    for (const Writer& attribute : attributes) node.message(node_field::attribute, attribute);
    message_.message(function_field::node, node);
    return *this;
  }

  Function& integers(const std::string& output, std::int64_t value) {
    Writer attribute = named_attribute("value_ints", attribute_type::integers);
    attribute.integer(attribute_field::integers, value);
    return node("Constant", {}, output, {attribute});
  }

  Function& number(const std::string& output, float value) {
    Writer attribute = named_attribute("value_float", attribute_type::number);
    attribute.number32(attribute_field::number, value);
    return node("Constant", {}, output, {attribute});
  }

  std::string finish() {
    Writer version;
    version.bytes(opset_id::domain, "").integer(opset_id::version, opset);
    message_.message(function_field::opset_import, version).bytes(function_field::domain, own_domain);
    return message_.content();
  }

 private:
  Writer message_;
};

Writer referring(const std::string& name, std::int64_t type, const std::string& to) {
  Writer attribute = named_attribute(name, type);
  attribute.bytes(attribute_field::reference, to);
  return attribute;
}

Writer one_as_filler() {
  Writer tensor;
  tensor.integer(tensor_field::dims, 1).integer(tensor_field::type, number_of_type(DataType::f32)).number32(tensor_field::floats, 1);
  Writer attribute = named_attribute("value", attribute_type::tensor);
  attribute.message(attribute_field::tensor, tensor);
  return attribute;
}

Writer first_axis() {
  Writer attribute = named_attribute("axis", attribute_type::integer);
  attribute.integer(attribute_field::integer, 0);
  return attribute;
}

// An instance norm over (batch, groups, rest), then scale and bias over (batch, channels, rest).
std::string group_normalization() {
  Function f("GroupNormalization", {"x", "scale", "bias"}, {"num_groups", "epsilon"});
  f.integers("zero", 0).integers("one", 1).integers("rest", -1);
  f.node("Constant", {}, "group_number", {referring("value_int", attribute_type::integer, "num_groups")});
  f.node("Reshape", {"group_number", "one"}, "groups");
  f.node("Concat", {"zero", "groups", "rest"}, "grouped_shape", {first_axis()});
  f.node("Reshape", {"x", "grouped_shape"}, "grouped");
  f.node("ConstantOfShape", {"groups"}, "ones", {one_as_filler()});
  f.node("ConstantOfShape", {"groups"}, "zeros");
  f.node("InstanceNormalization", {"grouped", "ones", "zeros"}, "normalized", {referring("epsilon", attribute_type::number, "epsilon")});
  f.node("Shape", {"scale"}, "channels").node("Concat", {"zero", "channels", "rest"}, "channel_shape", {first_axis()});
  f.node("Reshape", {"normalized", "channel_shape"}, "by_channel");
  f.node("Unsqueeze", {"scale", "one"}, "scale_column").node("Unsqueeze", {"bias", "one"}, "bias_column");
  f.node("Mul", {"by_channel", "scale_column"}, "scaled").node("Add", {"scaled", "bias_column"}, "shifted");
  f.node("Shape", {"x"}, "shape").node("Reshape", {"shifted", "shape"}, "y");
  return f.finish();
}

// x / 2 * (1 + erf(x / sqrt 2))
std::string gelu() {
  Function f("Gelu", {"x"}, {"approximate"});
  f.number("half", 0.5f).number("one", 1).number("root", 1.41421356f);
  f.node("Div", {"x", "root"}, "scaled").node("Erf", {"scaled"}, "error").node("Add", {"error", "one"}, "sum");
  f.node("Mul", {"x", "sum"}, "product").node("Mul", {"product", "half"}, "y");
  return f.finish();
}

// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
std::string gelu_by_tanh() {
  Function f("GeluTanh", {"x"}, {"approximate"});
  f.number("half", 0.5f).number("one", 1).number("factor", 0.797884561f).number("share", 0.044715f).number("three", 3);
  f.node("Pow", {"x", "three"}, "cube").node("Mul", {"cube", "share"}, "part").node("Add", {"x", "part"}, "inner");
  f.node("Mul", {"inner", "factor"}, "scaled").node("Tanh", {"scaled"}, "bent").node("Add", {"bent", "one"}, "sum");
  f.node("Mul", {"x", "sum"}, "product").node("Mul", {"product", "half"}, "y");
  return f.finish();
}

// x * tanh(log(1 + exp(x)))
std::string mish() {
  Function f("Mish", {"x"}, {});
  f.node("Softplus", {"x"}, "soft").node("Tanh", {"soft"}, "bent").node("Mul", {"x", "bent"}, "y");
  return f.finish();
}

}  // namespace

std::optional<std::string> own_operator(const Node& node) {
  if (node.op == "Gelu") return text(node, "approximate") == "tanh" ? "GeluTanh" : "Gelu";
  if (node.op == "GroupNormalization" || node.op == "Mish") return node.op;
  return std::nullopt;
}

std::optional<std::string> operator_of_own(std::string_view name) {
  if (name == "GeluTanh" || name == "Gelu") return "Gelu";
  if (name == "GroupNormalization" || name == "Mish") return std::string(name);
  return std::nullopt;
}

std::string definition_of(const std::string& own_name) {
  if (own_name == "GroupNormalization") return group_normalization();
  if (own_name == "Gelu") return gelu();
  if (own_name == "GeluTanh") return gelu_by_tanh();
  if (own_name == "Mish") return mish();
  throw std::logic_error("definition_of: no own operator " + own_name);
}

}  // namespace isocenter::graph::onnx
