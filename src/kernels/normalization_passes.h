// Inside the room: what the backward passes of a normalisation know of each channel.
#pragma once

#include <cstdint>

#include "kernels/normalization.h"

namespace isocenter::kernels {

// normalized = (u' - center) gain, u' the stored value (its activation undone where it is the output);
// dx = factor g - mean_gradient - normalized mean_product, g the gradient before the activation.
struct NormalizationBackward {
  std::int64_t channels = 0, u_stride = 0, dy_stride = 0, dx_stride = 0;
  bool from_output = false;
  float slope = 1;
  const float *center = nullptr, *gain = nullptr, *scale = nullptr, *bias = nullptr;
  const float *factor = nullptr, *mean_gradient = nullptr, *mean_product = nullptr;
};

struct LayerBackwardPass {
  std::int64_t channels = 0, padded = 0, x_stride = 0, dy_stride = 0, dx_stride = 0;
  const float* scale = nullptr;
};

std::size_t layer_norm_workspace_bytes(const NormalizationShape& shape);

}  // namespace isocenter::kernels
