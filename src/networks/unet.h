// nnU-Net's two networks as graphs, with the reference implementation's parameter names (encoder.stages.0.0.convs.0.conv.weight ...).
// Source: Isensee et al., nnU-Net (Nature Methods 18, 2021) and nnU-Net Revisited (2024); MIC-DKFZ dynamic-network-architectures as
// described in its model folders.
#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "graph/graph.h"

namespace isocenter::networks {

enum class Norm { instance, batch, none };

struct UNetOptions {
  std::int64_t input_channels = 1;
  std::int64_t output_channels = 2;
  std::vector<std::int64_t> features;              // a stage each, finest first
  std::vector<graph::Shape> kernels;               // a stage each; 2 or 3 numbers
  std::vector<graph::Shape> strides;               // a stage each; the first is usually all ones
  std::vector<std::int64_t> encoder_blocks;        // convolutions (plain) or residual blocks a stage
  std::vector<std::int64_t> decoder_convolutions;  // one fewer than stages, coarsest first
  Norm norm = Norm::instance;
  double norm_epsilon = 1e-5;
  double leaky_slope = 0.01;
  bool convolution_bias = true;
  bool deep_supervision = false;  // outputs: finest first, then the coarser levels except the bottleneck
};

// Input "image" (1 x input_channels x spatial, spatial sizes open), outputs "logits", and with deep supervision "logits_1", "logits_2", ...
graph::Graph plain_conv_unet(const UNetOptions& options);
graph::Graph residual_encoder_unet(const UNetOptions& options);

// He-normal convolution weights with leaky slope 0.01 (nnU-Net's), zero biases, norms one and zero, except the second norm of each residual
// block, which begins at zero. The same seed gives the same weights, whatever other layers the graph has.
void initialize(graph::Graph& graph, std::uint64_t seed);

}  // namespace isocenter::networks
