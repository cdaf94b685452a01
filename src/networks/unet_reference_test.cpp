// The U-Nets beside the reference implementation's: names, shapes, and numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/file.h"
#include "core/npz.h"
#include "core/shared_data.h"
#include "graph/interpreter.h"
#include "graph/safetensors.h"
#include "networks/unet.h"

namespace isocenter::networks {
namespace {

using graph::Constant;
using Weights = std::map<std::string, Constant>;

// A state dict holds every block under several names; these are the ones that a graph has.
Weights plainly_named(const Weights& stored) {
  Weights weights;
  for (const auto& [name, constant] : stored)
    if (name.find("all_modules") == std::string::npos && !name.starts_with("decoder.encoder.") && !name.ends_with("num_batches_tracked"))
      weights.emplace(name, constant);
  return weights;
}

graph::Shape spatial_of(const Constant& weight) { return {weight.shape.begin() + 2, weight.shape.end()}; }

std::int64_t count_of(const Weights& weights, const std::string& prefix, const std::string& suffix) {
  std::int64_t count = 0;
  while (weights.contains(prefix + std::to_string(count) + suffix)) ++count;
  return count;
}

// Everything that the shapes of the weights say about the network.
UNetOptions options_of(const Weights& weights, bool residual) {
  UNetOptions options;
  const std::string block = residual ? ".blocks." : ".0.convs.", convolution = residual ? ".conv1.conv.weight" : ".conv.weight";
  const std::int64_t stages = count_of(weights, "encoder.stages.", block + "0" + convolution);
  for (std::int64_t s = 0; s < stages; ++s) {
    const std::string stage = "encoder.stages." + std::to_string(s) + block;
    const Constant& weight = weights.at(stage + "0" + convolution);
    options.features.push_back(weight.shape[0]);
    options.kernels.push_back(spatial_of(weight));
    options.encoder_blocks.push_back(count_of(weights, stage, convolution));
    if (s == 0) {
      options.input_channels = (residual ? weights.at("encoder.stem.convs.0.conv.weight") : weight).shape[1];
      options.strides.emplace_back(options.kernels[0].size(), 1);
    } else {
      options.strides.push_back(spatial_of(weights.at("decoder.transpconvs." + std::to_string(stages - 1 - s) + ".weight")));
      options.decoder_convolutions.push_back(count_of(weights, "decoder.stages." + std::to_string(s - 1) + ".convs.", ".conv.weight"));
    }
  }
  options.output_channels = weights.at("decoder.seg_layers.0.weight").shape[0];
  options.norm = weights.contains("decoder.stages.0.convs.0.norm.running_mean") ? Norm::batch : Norm::instance;
  options.convolution_bias = weights.contains("decoder.stages.0.convs.0.conv.bias");
  return options;
}

struct Reference {
  std::filesystem::path folder;
  bool residual = false;
};

// Those that say in the table that they are one of the two networks.
std::vector<Reference> references() {
  std::vector<Reference> found;
  const auto root = core::shared_path("reference/networks");
  if (!root) return found;
  for (const auto& entry : nlohmann::json::parse(core::read_text(*root / "networks.json"))) {
    const std::string network = entry.at("network");
    const bool plain = network.starts_with("PlainConvUNet"), residual = network.starts_with("ResidualEncoderUNet");
    if (plain || residual) found.push_back({*root / entry.at("name").get<std::string>(), residual});
  }
  return found;
}

graph::Graph build(const UNetOptions& options, bool residual) {
  return residual ? residual_encoder_unet(options) : plain_conv_unet(options);
}

TEST(UNetReference, ParameterNamesAndShapesAreTheReferenceImplementations) {
  const auto cases = references();
  if (cases.empty()) GTEST_SKIP() << "shared/reference/networks is absent: 0 networks compared";
  for (const Reference& reference : cases) {
    SCOPED_TRACE(reference.folder.filename().string());
    const Weights weights = plainly_named(graph::read_safetensors(reference.folder / "weights.safetensors").tensors);
    UNetOptions options = options_of(weights, reference.residual);
    options.deep_supervision = true;  // heads of all levels are stored
    const graph::Graph net = build(options, reference.residual);
    std::map<std::string, graph::Shape> ours, theirs;
    for (const auto& [name, constant] : net.constants) ours[name] = constant.shape;
    for (const auto& [name, constant] : weights) theirs[name] = constant.shape;
    EXPECT_EQ(ours, theirs);
  }
  std::cout << cases.size() << " networks compared\n";
}

TEST(UNetReference, WithTheReferencesWeightsTheOutputsAreTheReferences) {
  const auto cases = references();
  if (cases.empty()) GTEST_SKIP() << "shared/reference/networks is absent: 0 networks run";
  std::size_t runs = 0;
  for (const Reference& reference : cases) {
    SCOPED_TRACE(reference.folder.filename().string());
    const Weights weights = plainly_named(graph::read_safetensors(reference.folder / "weights.safetensors").tensors);
    graph::Graph net = build(options_of(weights, reference.residual), reference.residual);
    const auto unknown = graph::set_parameters(net, weights, "weights.safetensors");
    EXPECT_THAT(unknown, testing::Each(testing::StartsWith("decoder.seg_layers."))) << "only the heads of the coarser levels are left over";
    const auto arrays = core::read_npz(reference.folder / "io.npz");
    for (int k = 0; arrays.contains("input" + std::to_string(k)); ++k) {
      const auto &input = arrays.at("input" + std::to_string(k)), &output = arrays.at("output" + std::to_string(k));
      net.inputs[0].shape[0] = input.shape[0];
      const auto result = graph::interpret(net, {{"image", {graph::DataType::f32, input.shape, input.as_double()}}}).at("logits");
      ASSERT_EQ(result.shape, output.shape);
      const auto expected = output.as_double();
      double largest = 0, worst = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        largest = std::max(largest, std::fabs(expected[i]));
        worst = std::max(worst, std::fabs(expected[i] - result.values[i]));
      }
      EXPECT_LE(worst, 2e-4 * largest);
      std::cout << "  " << reference.folder.filename().string() << ": largest difference " << worst / largest << " of the largest output\n";
      ++runs;
    }
  }
  EXPECT_GT(runs, 0u);
}

}  // namespace
}  // namespace isocenter::networks
