// Convolutions and normalisations of the room `kernels` as differentiable functions over at::Tensor. Tensors are (batch, channel,
// spatial...) with two or three spatial axes, channels-last in memory; a channel slice of a wider channels-last tensor is taken as it is,
// anything else is copied first.
#pragma once

#include <vector>

#include "tensor/aten.h"

namespace isocenter::tensor {

// One number a spatial axis; padding_low before, padding_high behind.
struct ConvolutionWindow {
  std::vector<std::int64_t> stride, dilation, padding_low, padding_high;
  std::int64_t groups = 1;
};

at::Tensor own_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const ConvolutionWindow& window);

// Stride equal to the kernel, no padding, one group.
at::Tensor own_transposed_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// Instance normalisation and leaky ReLU in one pass each way; slope 1 leaves the ReLU out.
at::Tensor own_instance_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& bias, double epsilon, double leaky_slope);

}  // namespace isocenter::tensor
