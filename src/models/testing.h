// Packages made for a test: a folder with a model.toml and the weights of a random or hand-made network.
#pragma once

#include <string>

#include "core/file.h"
#include "core/hash.h"
#include "graph/builder.h"
#include "graph/onnx.h"
#include "graph/safetensors.h"
#include "networks/unet.h"

namespace isocenter::models::testing {

inline const char* const kLabels = R"(
[[label]]
value = 0
name = "background"
[[label]]
value = 17
name = "left ball"
structure = "ball"
side = "left"
code = { scheme = "SCT", value = "5366008", meaning = "Hippocampus" }
color = [240, 214, 50]
volume_ml = [1, 1000]
[[label]]
value = 53
name = "right ball"
structure = "ball"
side = "right"
code = { scheme = "SCT", value = "5366008", meaning = "Hippocampus" }
[[sum]]
name = "balls"
labels = ["left ball", "right ball"]
[presence]
sum = "balls"
least_ml = 30
absent = "the field of view holds no ball"
)";

inline std::string head(const std::string& network) {
  return R"(schema = 1
name = "made-for-a-test"
version = "1"
title = "Balls"
task = "segmentation"
license = "Apache-2.0"
[input]
modalities = ["MR"]
spacing_mm = [2, 2.0, 2]
minimum_extent_mm = 20
intensity = "percentile"
[run]
window = [32, 32, 32]
size_multiple = 4
)" + network;
}

inline const char* const kUNet = R"([network]
kind = "plain_conv_unet"
classes = 3
features = [4, 8, 8]
encoder_blocks = [1, 1, 1]
decoder_convolutions = [1, 1]
)";

inline networks::UNetOptions unet_options() {
  networks::UNetOptions options;
  options.output_channels = 3;
  options.features = {4, 8, 8};
  options.kernels = {{3, 3, 3}, {3, 3, 3}, {3, 3, 3}};
  options.strides = {{1, 1, 1}, {2, 2, 2}, {2, 2, 2}};
  options.encoder_blocks = {1, 1, 1};
  options.decoder_convolutions = {1, 1};
  options.deep_supervision = true;  // as trained: the weights hold the heads of all levels
  return options;
}

inline graph::Graph random_unet(std::uint64_t seed) {
  auto net = networks::plain_conv_unet(unet_options());
  networks::initialize(net, seed);
  return net;
}

inline void write_card(const std::filesystem::path& folder) {
  core::write_text(folder / "card.md", "# A test\n");
  core::write_text(folder / "card.json", "{}");
}

inline std::string file_hash(const std::filesystem::path& file) { return core::sha256_hex(core::read_bytes(file)); }

// A whole package in order, of a small random U-Net.
inline void write_unet_package(const std::filesystem::path& folder, std::uint64_t seed = 1) {
  std::filesystem::create_directories(folder);
  graph::write_safetensors(folder / "weights.safetensors", {random_unet(seed).constants, {}});
  core::write_text(folder / "model.toml",
                   head(kUNet) + "[weights]\nsha256 = \"" + file_hash(folder / "weights.safetensors") + "\"\n" + kLabels);
  write_card(folder);
}

// One 1x1x1 convolution: scores are scale[c] * value + offset[c], so what comes out is known.
inline void write_pointwise_package(const std::filesystem::path& folder, const std::vector<float>& scale, const std::vector<float>& offset,
                                    const std::string& labels = kLabels) {
  graph::Builder builder("pointwise");
  auto x = builder.input("image", {1, 1, -1, -1, -1});
  const auto classes = static_cast<std::int64_t>(scale.size());
  x = builder.convolution(x, "head", {.outputs = classes, .kernel = {1, 1, 1}});
  auto net = builder.finish({x});
  net.constants["head.weight"] = graph::constant({classes, 1, 1, 1, 1}, scale);
  net.constants["head.bias"] = graph::constant({classes}, offset);
  std::filesystem::create_directories(folder);
  graph::write_onnx(folder / "graph.onnx", net);
  core::write_text(folder / "model.toml", head("[network]\nkind = \"onnx\"\nfile = \"graph.onnx\"\n") + labels);
}

}  // namespace isocenter::models::testing
