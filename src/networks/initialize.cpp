#include <cmath>
#include <set>

#include "core/random.h"
#include "networks/unet.h"

namespace isocenter::networks {
namespace {

graph::Constant filled(const graph::Shape& shape, float value) {
  return graph::constant(shape, std::vector<float>(static_cast<std::size_t>(graph::element_count(shape)), value));
}

// He et al. (ICCV 2015) for a leaky rectifier of slope 0.01: deviation sqrt(2 / (1 + slope^2) / fan_in). The fan-in is counted as PyTorch's
// kaiming_normal_ does, from the weight's second size, for transposed convolutions too (theirs is the number of output channels).
graph::Constant he_normal(const graph::Shape& shape, std::uint64_t seed, const std::string& name) {
  constexpr double slope = 0.01;
  double fan_in = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= static_cast<double>(shape[i]);
  const auto deviation = static_cast<float>(std::sqrt(2 / (1 + slope * slope) / fan_in));
  std::vector<float> values(static_cast<std::size_t>(graph::element_count(shape)));
  core::Random(seed, 0, name).fill_normal(values.data(), values.size());
  for (float& value : values) value *= deviation;
  return graph::constant(shape, std::move(values));
}

}  // namespace

void initialize(graph::Graph& graph, std::uint64_t seed) {
  const auto set = [&](const graph::Node& node, std::size_t input, auto&& value) {
    if (input >= node.inputs.size()) return;
    const auto found = graph.constants.find(node.inputs[input]);
    if (found != graph.constants.end() && found->second.type == graph::DataType::f32)
      found->second = value(found->second.shape, node.inputs[input]);
  };
  const auto zeros = [](const graph::Shape& shape, const std::string&) { return filled(shape, 0); };
  const auto ones = [](const graph::Shape& shape, const std::string&) { return filled(shape, 1); };
  const auto normal = [seed](const graph::Shape& shape, const std::string& name) { return he_normal(shape, seed, name); };
  for (const graph::Node& node : graph.nodes) {
    if (node.op == "Conv" || node.op == "ConvTranspose") {
      set(node, 1, normal);
      set(node, 2, zeros);
    } else if (node.op.ends_with("Normalization")) {
      // A residual block begins as its skip alone, because the norm before the addition begins at zero: nnU-Net's choice.
      const bool before_addition = node.inputs.size() > 1 && node.inputs[1].ends_with(".conv2.norm.weight");
      if (before_addition)
        set(node, 1, zeros);
      else
        set(node, 1, ones);
      set(node, 2, zeros);
      set(node, 3, zeros);  // batch norm's running mean and variance
      set(node, 4, ones);
    }
  }
}

}  // namespace isocenter::networks
