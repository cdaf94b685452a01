#include "tensor/graph_module.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <stdexcept>
#include <unordered_map>

#include "core/error.h"
#include "tensor/operators.h"

namespace isocenter::tensor {
namespace {

constexpr std::size_t alignment_floats = 16;  // pieces begin at cache lines

at::Tensor copy_of(const graph::Constant& constant, const std::string& name) {
  at::ScalarType type = at::kFloat;
  if (constant.type == graph::DataType::i64)
    type = at::kLong;
  else if (constant.type == graph::DataType::i32)
    type = at::kInt;
  else if (constant.type == graph::DataType::boolean)
    type = at::kBool;
  else if (constant.type != graph::DataType::f32)
    throw core::InputError("constant {}: type {} cannot be trained", name, graph::name_of(constant.type));
  at::Tensor tensor = at::empty(constant.shape, at::TensorOptions().dtype(type));
  std::memcpy(tensor.data_ptr(), constant.bytes.get(), constant.byte_count());
  return tensor;
}

graph::Constant constant_of(const graph::Shape& shape, const float* values, std::size_t count) {
  return graph::constant(shape, std::vector<float>(values, values + count));
}

// Which constants are learned: those that enter an operator as weights. Limits of a Clip, factors of a Resize and the like are not.
std::set<std::string> trainable_names(const graph::Graph& graph) {
  static const std::unordered_map<std::string, std::vector<std::size_t>> weights_of = {{"Conv", {1, 2}},
                                                                                       {"ConvTranspose", {1, 2}},
                                                                                       {"InstanceNormalization", {1, 2}},
                                                                                       {"BatchNormalization", {1, 2}},
                                                                                       {"Gemm", {1, 2}},
                                                                                       {"LayerNormalization", {1, 2}},
                                                                                       {"MatMul", {0, 1}},
                                                                                       {"PRelu", {1}},
                                                                                       {"Gather", {0}},
                                                                                       {"Concat", {0, 1, 2, 3}},
                                                                                       {"Expand", {0}}};
  std::set<std::string> names;
  for (const auto& node : graph.nodes) {
    std::vector<std::size_t> indices;
    if (const auto found = weights_of.find(node.op); found != weights_of.end()) indices = found->second;
    if (node.op == "Add" || node.op == "Mul" || node.op == "Sub") indices = {0, 1};
    const bool elementwise = node.op == "Add" || node.op == "Mul" || node.op == "Sub";
    for (std::size_t index : indices) {
      if (index >= node.inputs.size()) continue;
      const auto found = graph.constants.find(node.inputs[index]);
      if (found == graph.constants.end() || found->second.type != graph::DataType::f32) continue;
      if (elementwise && graph::element_count(found->second.shape) < 2) continue;  // a plain factor
      names.insert(found->first);
    }
  }
  return names;
}

std::set<std::string> running_statistics(const graph::Graph& graph) {
  std::set<std::string> names;
  for (const auto& node : graph.nodes)
    if (node.op == "BatchNormalization") names.insert({node.inputs.at(3), node.inputs.at(4)});
  return names;
}

}  // namespace

Kernels kernels_named(const std::string& name) {
  if (name == "libtorch") return Kernels::libtorch;
  if (name == "own") return Kernels::own;
  throw core::InputError("kernels \"{}\" are not known: own or libtorch", name);
}

GraphModule::GraphModule(const graph::Graph& graph, Kernels kernels) : graph_(graph), kernels_(kernels) {
  for (const auto& node : graph_.nodes)
    if (!find_operator(node.op)) throw core::InputError("node {}: operator {} cannot be trained", node.name, node.op);
  plan();
  const auto trainable = trainable_names(graph_), statistics = running_statistics(graph_);
  std::size_t total = 0;
  for (const auto& [name, constant] : graph_.constants) {
    if (trainable.count(name)) {
      const std::size_t count = static_cast<std::size_t>(graph::element_count(constant.shape));
      pieces_.push_back({name, constant.shape, total, count});
      total += (count + alignment_floats - 1) / alignment_floats * alignment_floats;
    } else if (statistics.count(name)) {
      buffers_[name] = copy_of(constant, name);
    } else {
      constants_[name] = copy_of(constant, name);
    }
  }
  const auto floats = at::TensorOptions().dtype(at::kFloat);
  values_ = at::zeros({static_cast<std::int64_t>(total)}, floats);
  gradients_ = at::zeros({static_cast<std::int64_t>(total)}, floats);
  for (const auto& piece : pieces_) {
    float* values = values_.data_ptr<float>() + piece.offset;
    std::memcpy(values, graph_.constants.at(piece.name).bytes.get(), piece.count * sizeof(float));
    // Tensors over memory that values_ and gradients_ own; a defined gradient is added to in place, so it stays in its piece.
    at::Tensor leaf = at::from_blob(values, piece.shape, floats);
    leaf.set_requires_grad(true);
    leaf.mutable_grad() = at::from_blob(gradients_.data_ptr<float>() + piece.offset, piece.shape, floats);
    leaves_[piece.name] = leaf;
  }
}

// With own kernels: a leaky ReLU whose only source is an instance normalisation is computed with it, and the bias of a convolution that
// feeds nothing but an instance normalisation is left out.
void GraphModule::plan() {
  std::unordered_map<std::string, std::vector<const graph::Node*>> readers;
  for (const auto& node : graph_.nodes)
    for (const auto& name : node.inputs) readers[name].push_back(&node);
  std::set<std::string> outputs;
  for (const auto& output : graph_.outputs) outputs.insert(output.name);
  const auto only_reader = [&](const graph::Node& node) -> const graph::Node* {
    const auto& all = readers[node.outputs.at(0)];
    return all.size() == 1 && !outputs.count(node.outputs[0]) ? all[0] : nullptr;
  };
  std::set<const graph::Node*> fused;
  for (const auto& node : graph_.nodes) {
    if (fused.count(&node)) continue;
    Step step;
    step.node = &node;
    if (kernels_ == Kernels::own) {
      const graph::Node* next = only_reader(node);
      if (node.op == "InstanceNormalization" && next && (next->op == "LeakyRelu" || next->op == "Relu")) {
        step.leaky_slope = next->op == "Relu" ? 0 : next->number("alpha", 0.01);
        step.fused_output = next->outputs.at(0);
        fused.insert(next);
      }
      step.bias_cancels = node.op == "Conv" && next && next->op == "InstanceNormalization" && next->inputs.at(0) == node.outputs[0];
    }
    steps_.push_back(step);
  }
}

std::span<float> GraphModule::values() const { return {values_.data_ptr<float>(), static_cast<std::size_t>(values_.numel())}; }
std::span<float> GraphModule::gradients() const { return {gradients_.data_ptr<float>(), static_cast<std::size_t>(gradients_.numel())}; }
void GraphModule::clear_gradients() const { std::memset(gradients_.data_ptr<float>(), 0, gradients().size_bytes()); }

const at::Tensor& GraphModule::parameter(const std::string& name) const {
  const auto found = leaves_.find(name);
  if (found == leaves_.end()) throw std::logic_error("GraphModule: no parameter " + name);
  return found->second;
}

std::vector<at::Tensor> GraphModule::forward(const std::map<std::string, at::Tensor>& inputs, bool training) const {
  // Values are dropped after their last use, so that memory which autograd does not need is free again.
  std::unordered_map<std::string, int> uses;
  for (const auto& node : graph_.nodes)
    for (const auto& name : node.inputs) ++uses[name];
  for (const auto& output : graph_.outputs) ++uses[output.name];

  std::unordered_map<std::string, at::Tensor> values;
  for (const auto& input : graph_.inputs) {
    const auto found = inputs.find(input.name);
    if (found == inputs.end()) throw std::logic_error("GraphModule: input " + input.name + " is not given");
    values[input.name] = found->second;
  }
  const auto value_of = [&](const std::string& name) -> at::Tensor {
    if (name.empty()) return {};
    if (const auto found = values.find(name); found != values.end()) return found->second;
    if (const auto found = leaves_.find(name); found != leaves_.end()) return found->second;
    if (const auto found = buffers_.find(name); found != buffers_.end()) return found->second;
    return constants_.at(name);
  };
  for (const auto& step : steps_) {
    const graph::Node& node = *step.node;
    std::vector<at::Tensor> arguments;
    for (const auto& name : node.inputs) arguments.push_back(value_of(name));
    auto results = find_operator(node.op)({node, arguments, training, kernels_, step.leaky_slope, step.bias_cancels});
    if (!step.fused_output.empty())
      values[step.fused_output] = std::move(results[0]);
    else
      for (std::size_t i = 0; i < node.outputs.size() && i < results.size(); ++i)
        if (!node.outputs[i].empty()) values[node.outputs[i]] = std::move(results[i]);
    for (const auto& name : node.inputs)
      if (--uses[name] == 0) values.erase(name);
  }
  std::vector<at::Tensor> outputs;
  for (const auto& output : graph_.outputs) outputs.push_back(value_of(output.name));
  return outputs;
}

void GraphModule::load(const std::map<std::string, graph::Constant>& weights, const std::string& file) {
  const auto copy = [&](const std::string& name, const graph::Shape& shape, float* target) {
    const auto found = weights.find(name);
    if (found == weights.end()) throw core::InputError("{}: no tensor {}, which the network needs", file, name);
    if (found->second.shape != shape || found->second.type != graph::DataType::f32)
      throw core::InputError("{}: tensor {} has shape [{}] of type {}, the network needs [{}] of type f32", file, name,
                             fmt::format("{}", fmt::join(found->second.shape, ", ")), graph::name_of(found->second.type),
                             fmt::format("{}", fmt::join(shape, ", ")));
    std::memcpy(target, found->second.bytes.get(), found->second.byte_count());
  };
  for (const auto& piece : pieces_) copy(piece.name, piece.shape, values_.data_ptr<float>() + piece.offset);
  for (const auto& [name, buffer] : buffers_) copy(name, buffer.sizes().vec(), buffer.data_ptr<float>());
}

std::map<std::string, graph::Constant> GraphModule::save(std::span<const float> values) const {
  std::map<std::string, graph::Constant> weights;
  for (const auto& piece : pieces_) weights[piece.name] = constant_of(piece.shape, values.data() + piece.offset, piece.count);
  for (const auto& [name, buffer] : buffers_)
    weights[name] = constant_of(buffer.sizes().vec(), buffer.data_ptr<float>(), static_cast<std::size_t>(buffer.numel()));
  return weights;
}

}  // namespace isocenter::tensor
