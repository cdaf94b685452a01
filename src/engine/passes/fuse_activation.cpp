// An activation joins the operation before it when nothing else reads the value in between; a residual sum joins the normalization before
// it.
#include <algorithm>
#include <array>
#include <optional>

#include "engine/passes.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

using Kind = Activation::Kind;

constexpr std::array<std::string_view, 8> kTakesActivation = {
    "Conv", "ConvTranspose", "InstanceNormalization", "ChannelAffine", "Add", "Mul", "Sub", "Gemm"};

bool takes_activation(const Operation& operation) {
  return operation.activation.kind == Kind::none &&
         std::find(kTakesActivation.begin(), kTakesActivation.end(), operation.op()) != kTakesActivation.end();
}

std::optional<float> constant_scalar(const Program& program, const Operation& operation, std::size_t input, float otherwise) {
  if (!operation.has(input)) return otherwise;
  const Tensor& tensor = program.tensor(operation.inputs[input]);
  if (!tensor.is_constant() || tensor.count() != 1 || tensor.type != graph::DataType::f32) return {};
  return tensor.floats()[0];
}

std::optional<Activation> activation_of(const Program& program, const Operation& operation) {
  if (operation.op() == "Relu") return Activation{Kind::relu};
  if (operation.op() == "LeakyRelu") return Activation{Kind::leaky_relu, static_cast<float>(graph::number(operation.node, "alpha"))};
  if (operation.op() == "Sigmoid") return Activation{Kind::sigmoid};
  if (operation.op() == "Clip") {
    const auto low = constant_scalar(program, operation, 1, -std::numeric_limits<float>::infinity());
    const auto high = constant_scalar(program, operation, 2, std::numeric_limits<float>::infinity());
    if (low && high && program.tensor(operation.outputs[0]).type == graph::DataType::f32) return Activation{Kind::clip, *low, *high};
  }
  return {};
}

// x * Sigmoid(x), x made by an operation that takes an activation and read by these two alone.
bool fuse_swish(Program& program, std::vector<bool>& dead) {
  bool any = false;
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    const Operation& product = program.operations[i];
    if (dead[i] || product.op() != "Mul" || product.activation.kind != Kind::none) continue;
    for (std::size_t side = 0; side < 2; ++side) {
      const int x = product.inputs[side], gate = product.inputs[1 - side];
      const auto source = program.producer(x), sigmoid = program.producer(gate);
      if (!source || !sigmoid) continue;
      Operation& first = program.operations[static_cast<std::size_t>(*source)];
      const Operation& second = program.operations[static_cast<std::size_t>(*sigmoid)];
      if (second.op() != "Sigmoid" || second.inputs[0] != x || !takes_activation(first)) continue;
      if (program.consumers(x).size() != 2 || program.consumers(gate).size() != 1 || program.is_output(x) || program.is_output(gate))
        continue;
      first.activation = {Kind::swish};
      dead[i] = dead[static_cast<std::size_t>(*sigmoid)] = true;
      program.replace_uses(product.outputs[0], x);
      any = true;
      break;
    }
  }
  return any;
}

// Add(normalized, other) of equal shapes: the normalization adds `other` itself, at the place of the sum, where `other` is made for
// certain.
void fuse_residual(Program& program, std::vector<bool>& dead) {
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    const Operation sum = program.operations[i];
    if (dead[i] || sum.op() != "Add" || sum.inputs[0] == sum.inputs[1]) continue;
    for (std::size_t side = 0; side < 2; ++side) {
      const int normalized = sum.inputs[side], other = sum.inputs[1 - side];
      const auto source = program.producer(normalized);
      if (!source || program.consumers(normalized).size() != 1 || program.is_output(normalized)) continue;
      Operation& normalization = program.operations[static_cast<std::size_t>(*source)];
      if (normalization.op() != "InstanceNormalization" || normalization.activation.kind != Kind::none || normalization.residual >= 0)
        continue;
      if (program.tensor(normalized).shape != program.tensor(other).shape || program.tensor(other).is_constant()) continue;
      Operation fused = normalization;
      fused.residual = other;
      fused.outputs = sum.outputs;
      dead[static_cast<std::size_t>(*source)] = true;
      program.operations[i] = fused;
      break;
    }
  }
}

}  // namespace

void fuse_activation(Program& program) {
  std::vector<bool> dead(program.operations.size(), false);
  fuse_swish(program, dead);
  program.remove(dead);
  dead.assign(program.operations.size(), false);
  fuse_residual(program, dead);
  program.remove(dead);
  dead.assign(program.operations.size(), false);
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    const Operation& operation = program.operations[i];
    const auto activation = activation_of(program, operation);
    if (!activation) continue;
    const int value = operation.inputs[0];
    const auto source = program.producer(value);
    if (!source || program.consumers(value).size() != 1 || program.is_output(value)) continue;
    Operation& before = program.operations[static_cast<std::size_t>(*source)];
    if (!takes_activation(before) || program.tensor(value).type != graph::DataType::f32) continue;
    before.activation = *activation;
    program.replace_uses(operation.outputs[0], value);
    dead[i] = true;
  }
  program.remove(dead);
}

void drop_bias_before_instance_norm(Program& program) {
  for (const Operation& normalization : program.operations) {
    if (normalization.op() != "InstanceNormalization") continue;
    const int value = normalization.inputs[0];
    const auto source = program.producer(value);
    if (!source || program.consumers(value).size() != 1 || program.is_output(value)) continue;
    Operation& before = program.operations[static_cast<std::size_t>(*source)];
    const bool convolution = before.op() == "Conv" || before.op() == "ConvTranspose";
    if (convolution && before.has(2) && before.activation.kind == Kind::none) before.inputs[2] = -1;
  }
}

}  // namespace isocenter::engine
