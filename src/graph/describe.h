// A graph in words: what `isocenter info model.onnx` prints.
//
//   describe(net, {{"image", {1, 1, 64, 64, 64}}})
//
//   plain_conv_unet: 31,195,594 parameters, 147.0 GFLOP, 1.2 GB of activations (410.3 MB at once)
//   input   image             f32 1 x 1 x 64 x 64 x 64
//   conv_0  Conv 3x3x3        1 x 32 x 64 x 64 x 64      896 parameters   0.45 GFLOP
#pragma once

#include <string>

#include "graph/graph.h"

namespace isocenter::graph {

// Sizes left open are printed as ?; FLOP is then not known and left out. Throws core::InputError when the shapes do not fit.
std::string describe(const Graph& graph, const std::map<std::string, Shape>& input_shapes = {});

}  // namespace isocenter::graph
