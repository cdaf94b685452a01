// Batch normalization at inference is a multiply-add a channel with known factors: after a convolution it goes into its weights and bias,
// elsewhere it stays one BatchNormalization with scale and bias folded (mean 0, variance 1).
#include <cmath>

#include "engine/passes.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

struct ChannelAffine {
  std::vector<float> scale, bias;
};

bool all_constant(const Program& program, const Operation& operation, std::size_t from) {
  for (std::size_t i = from; i < operation.inputs.size(); ++i)
    if (!operation.has(i) || !program.tensor(operation.inputs[i]).is_constant()) return false;
  return true;
}

ChannelAffine affine_of(const Program& program, const Operation& normalization) {
  const auto values = [&](std::size_t input) { return program.tensor(normalization.inputs[input]).floats(); };
  const std::int64_t channels = program.tensor(normalization.inputs[1]).count();
  const double epsilon = graph::number(normalization.node, "epsilon");
  ChannelAffine affine;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double scale = values(1)[c] / std::sqrt(values(4)[c] + epsilon);
    affine.scale.push_back(static_cast<float>(scale));
    affine.bias.push_back(static_cast<float>(values(2)[c] - values(3)[c] * scale));
  }
  return affine;
}

// The convolution whose weights can take the factors: weights known, one reader, groups only where the output axis leads.
bool takes_factors(const Program& program, const Operation& convolution) {
  if (convolution.op() == "ConvTranspose" && graph::integer(convolution.node, "group") != 1) return false;
  if (convolution.op() != "Conv" && convolution.op() != "ConvTranspose") return false;
  return convolution.activation.kind == Activation::Kind::none && all_constant(program, convolution, 1) &&
         program.consumers(convolution.outputs[0]).size() == 1 && !program.is_output(convolution.outputs[0]);
}

void scale_weights(Program& program, Operation& convolution, const ChannelAffine& affine) {
  const Tensor weights = program.tensor(convolution.inputs[1]);
  const bool output_leads = convolution.op() == "Conv";
  const std::int64_t outputs = static_cast<std::int64_t>(affine.scale.size());
  const std::int64_t leading = output_leads ? 1 : weights.shape[0];
  const std::int64_t inner = weights.count() / (leading * outputs);
  std::vector<float> scaled(weights.floats(), weights.floats() + weights.count());
  for (std::int64_t l = 0; l < leading; ++l)
    for (std::int64_t o = 0; o < outputs; ++o)
      for (std::int64_t i = 0; i < inner; ++i)
        scaled[static_cast<std::size_t>((l * outputs + o) * inner + i)] *= affine.scale[static_cast<std::size_t>(o)];

  std::vector<float> bias = affine.bias;
  if (convolution.has(2)) {
    const float* before = program.tensor(convolution.inputs[2]).floats();
    for (std::size_t o = 0; o < bias.size(); ++o) bias[o] += before[o] * affine.scale[o];
  }
  convolution.inputs.resize(3, -1);
  convolution.inputs[1] = program.add_constant(weights.name + " (normalized)", weights.shape, scaled);
  convolution.inputs[2] = program.add_constant(convolution.node.name + " bias (normalized)", {outputs}, bias);
}

}  // namespace

void fold_batch_normalization(Program& program) {
  std::vector<bool> dead(program.operations.size(), false);
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    Operation& normalization = program.operations[i];
    if (normalization.op() != "BatchNormalization" || !all_constant(program, normalization, 1)) continue;
    const ChannelAffine affine = affine_of(program, normalization);
    const auto before = program.producer(normalization.inputs[0]);
    if (before && takes_factors(program, program.operations[static_cast<std::size_t>(*before)])) {
      Operation& convolution = program.operations[static_cast<std::size_t>(*before)];
      scale_weights(program, convolution, affine);
      program.replace_uses(normalization.outputs[0], convolution.outputs[0]);
      dead[i] = true;
      continue;
    }
    const auto channels = static_cast<std::int64_t>(affine.scale.size());
    const std::string name = normalization.node.name;
    normalization.inputs = {normalization.inputs[0], program.add_constant(name + " scale", {channels}, affine.scale),
                            program.add_constant(name + " bias", {channels}, affine.bias)};
    normalization.node.op = "ChannelAffine";
  }
  program.remove(dead);
}

}  // namespace isocenter::engine
