#include "graph/builder.h"

#include <algorithm>
#include <stdexcept>

#include "core/error.h"
#include "graph/operators.h"

namespace isocenter::graph {
namespace {

Shape ones_if_empty(const Shape& values, std::size_t count) { return values.empty() ? Shape(count, 1) : values; }

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

}  // namespace

Builder::Builder(std::string graph_name) { graph_.name = std::move(graph_name); }

std::string Builder::input(const std::string& name, Shape shape, DataType type) {
  Value value{name, type, std::move(shape)};
  if (!values_.emplace(name, value).second) throw std::logic_error("Builder: '" + name + "' exists already");
  graph_.inputs.push_back(std::move(value));
  return name;
}

std::string Builder::fresh(const std::string& stem) { return stem + "_" + std::to_string(counter_++); }

std::string Builder::parameter(const std::string& name, Shape shape) {
  Constant zeros{DataType::f32, shape, nullptr};
  zeros.bytes = allocate_bytes(zeros.byte_count());
  if (!values_.emplace(name, Value{name, DataType::f32, std::move(shape)}).second)
    throw std::logic_error("Builder: '" + name + "' exists already");
  graph_.constants.emplace(name, std::move(zeros));
  return name;
}

std::string Builder::literal(float number) {
  const std::string name = fresh("literal:number");
  graph_.constants.emplace(name, constant({}, std::vector<float>{number}));
  values_.emplace(name, Value{name, DataType::f32, {}});
  literals_.emplace(name, Array{DataType::f32, {}, {number}});
  return name;
}

std::string Builder::literal(const std::vector<std::int64_t>& numbers) {
  const std::string name = fresh("literal:integers");
  const Shape shape{static_cast<std::int64_t>(numbers.size())};
  graph_.constants.emplace(name, constant(shape, numbers));
  values_.emplace(name, Value{name, DataType::i64, shape});
  literals_.emplace(name, to_array(graph_.constants.at(name)));
  return name;
}

std::vector<std::string> Builder::node_with_outputs(const std::string& op, const std::vector<std::string>& inputs, std::size_t outputs,
                                                    std::map<std::string, Attribute> attributes) {
  Node node{fresh(lower(op)), op, inputs, {}, std::move(attributes)};
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(i == 0 ? node.name : node.name + ":" + std::to_string(i));
  const Operator* rule = find_operator(op);
  if (rule == nullptr) throw std::logic_error("Builder: unknown operator '" + op + "'");
  std::vector<const Value*> values;
  std::vector<const Array*> known;
  for (const std::string& name : inputs) {
    if (!name.empty() && !values_.contains(name)) throw std::logic_error("Builder: '" + name + "' was not made here");
    values.push_back(name.empty() ? nullptr : &values_.at(name));
    const auto literal = literals_.find(name);
    known.push_back(literal == literals_.end() ? nullptr : &literal->second);
  }
  auto results = rule->shape(NodeView(node, values, known));
  for (std::size_t i = 0; i < outputs && i < results.size(); ++i) {
    results[i].name = node.outputs[i];
    values_.emplace(node.outputs[i], results[i]);
  }
  graph_.nodes.push_back(node);
  return node.outputs;
}

std::string Builder::node(const std::string& op, const std::vector<std::string>& inputs, std::map<std::string, Attribute> attributes) {
  return node_with_outputs(op, inputs, 1, std::move(attributes)).front();
}

std::string Builder::convolution(const std::string& x, const std::string& name, const ConvolutionOptions& options) {
  const std::size_t axes = options.kernel.size();
  const Shape stride = ones_if_empty(options.stride, axes), dilation = ones_if_empty(options.dilation, axes);
  Shape weight{options.outputs, channels(x) / options.groups}, pads(2 * axes);
  weight.insert(weight.end(), options.kernel.begin(), options.kernel.end());
  for (std::size_t i = 0; i < axes; ++i) pads[i] = pads[i + axes] = (options.kernel[i] - 1) / 2 * dilation.at(i);
  std::vector<std::string> inputs{x, parameter(name + ".weight", weight)};
  if (options.bias) inputs.push_back(parameter(name + ".bias", {options.outputs}));
  std::map<std::string, Attribute> attributes{
      {"kernel_shape", options.kernel}, {"strides", stride}, {"dilations", dilation}, {"pads", pads}};
  attributes["group"] = options.groups;
  return node("Conv", inputs, attributes);
}

std::string Builder::transposed_convolution(const std::string& x, const std::string& name, const ConvolutionOptions& options) {
  const Shape stride = options.stride.empty() ? options.kernel : options.stride;
  if (stride != options.kernel) throw std::logic_error("Builder: a transposed convolution's stride is its kernel");
  Shape weight{channels(x), options.outputs / options.groups};
  weight.insert(weight.end(), options.kernel.begin(), options.kernel.end());
  std::vector<std::string> inputs{x, parameter(name + ".weight", weight)};
  if (options.bias) inputs.push_back(parameter(name + ".bias", {options.outputs}));
  return node("ConvTranspose", inputs, {{"kernel_shape", options.kernel}, {"strides", stride}, {"group", options.groups}});
}

std::string Builder::norm(const std::string& op, const std::string& x, const std::string& name, double epsilon, bool with_statistics) {
  const std::int64_t count = channels(x);
  std::vector<std::string> inputs{x, parameter(name + ".weight", {count}), parameter(name + ".bias", {count})};
  if (with_statistics) {
    inputs.push_back(parameter(name + ".running_mean", {count}));
    inputs.push_back(parameter(name + ".running_var", {count}));
  }
  return node(op, inputs, {{"epsilon", epsilon}});
}

std::string Builder::instance_norm(const std::string& x, const std::string& name, double epsilon) {
  return norm("InstanceNormalization", x, name, epsilon, false);
}

std::string Builder::batch_norm(const std::string& x, const std::string& name, double epsilon) {
  return norm("BatchNormalization", x, name, epsilon, true);
}

std::string Builder::group_norm(const std::string& x, const std::string& name, std::int64_t groups, double epsilon) {
  const std::int64_t count = channels(x);
  return node("GroupNormalization", {x, parameter(name + ".weight", {count}), parameter(name + ".bias", {count})},
              {{"epsilon", epsilon}, {"num_groups", groups}});
}

std::string Builder::layer_norm(const std::string& x, const std::string& name, double epsilon) {
  const std::int64_t count = shape(x).back();
  return node("LayerNormalization", {x, parameter(name + ".weight", {count}), parameter(name + ".bias", {count})},
              {{"axis", std::int64_t{-1}}, {"epsilon", epsilon}});
}

std::string Builder::linear(const std::string& x, const std::string& name, std::int64_t outputs, bool bias) {
  std::vector<std::string> inputs{x, parameter(name + ".weight", {outputs, shape(x).back()})};
  if (bias) inputs.push_back(parameter(name + ".bias", {outputs}));
  return node("Gemm", inputs, {{"transB", std::int64_t{1}}});
}

std::string Builder::leaky_relu(const std::string& x, double slope) { return node("LeakyRelu", {x}, {{"alpha", slope}}); }
std::string Builder::relu(const std::string& x) { return node("Relu", {x}); }
std::string Builder::add(const std::string& a, const std::string& b) { return node("Add", {a, b}); }
std::string Builder::concat(const std::vector<std::string>& parts, std::int64_t axis) { return node("Concat", parts, {{"axis", axis}}); }

std::string Builder::average_pool(const std::string& x, Shape kernel, Shape stride) {
  return node("AveragePool", {x}, {{"kernel_shape", std::move(kernel)}, {"strides", std::move(stride)}});
}

std::string Builder::max_pool(const std::string& x, Shape kernel, Shape stride) {
  return node("MaxPool", {x}, {{"kernel_shape", std::move(kernel)}, {"strides", std::move(stride)}});
}

std::string Builder::softmax(const std::string& x, std::int64_t axis) { return node("Softmax", {x}, {{"axis", axis}}); }

std::string Builder::name(const std::string& x, const std::string& new_name) {
  if (values_.contains(new_name)) throw std::logic_error("Builder: '" + new_name + "' exists already");
  const auto made =
      std::ranges::find_if(graph_.nodes, [&](const Node& node) { return std::ranges::find(node.outputs, x) != node.outputs.end(); });
  if (made == graph_.nodes.end()) throw std::logic_error("Builder: '" + x + "' is made by no node");
  for (Node& node : graph_.nodes) {
    std::ranges::replace(node.inputs, x, new_name);
    std::ranges::replace(node.outputs, x, new_name);
  }
  Value value = values_.at(x);
  values_.erase(x);
  value.name = new_name;
  values_.emplace(new_name, std::move(value));
  return new_name;
}

const Shape& Builder::shape(const std::string& x) const {
  const auto found = values_.find(x);
  if (found == values_.end()) throw std::logic_error("Builder: '" + x + "' was not made here");
  return found->second.shape;
}

std::int64_t Builder::channels(const std::string& x) const {
  const Shape& known = shape(x);
  if (known.size() < 2 || known[1] < 0) throw std::logic_error("Builder: the channels of '" + x + "' are not known");
  return known[1];
}

Graph Builder::finish(const std::vector<std::string>& outputs) {
  graph_.outputs.clear();
  for (const std::string& name : outputs) {
    if (!values_.contains(name)) throw std::logic_error("Builder: '" + name + "' was not made here");
    graph_.outputs.push_back(values_.at(name));
  }
  verify(graph_);
  return std::move(graph_);
}

}  // namespace isocenter::graph
