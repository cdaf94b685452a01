// How well a network does on the source's fixed validation samples.
#pragma once

#include <vector>

#include "learning/sources.h"
#include "tensor/graph_module.h"

namespace isocenter::learning {

struct ValidationScore {
  double mean_dice = 0;               // over samples and the classes that occur in them, background left out
  std::vector<double> dice_by_class;  // mean over the samples that hold the class; NaN for one that never occurs
};
ValidationScore validate(const tensor::GraphModule& network, const std::vector<Sample>& samples);

// Samples as the network's input (batch, channels, depth, height, width), channels-last; `dimensions` 2 drops the depth, which must be 1.
at::Tensor image_batch(const std::vector<Sample>& samples, std::size_t dimensions);

}  // namespace isocenter::learning
