// Activations of whole arrays, value by value, and their gradients from the input. Where a normalisation comes first, normalization.h does
// both in one pass.
#pragma once

#include <cstdint>

namespace isocenter::kernels {

enum class Activation { leaky_relu, gelu, sigmoid };  // gelu: x Phi(x), by erf in the form of Abramowitz and Stegun 7.1.26 (error 1.5e-7)

// y may be x. slope: of leaky_relu (0: ReLU).
void activation_forward(Activation activation, float slope, const float* x, float* y, std::int64_t count);
// dx = dy activation'(x); dx may be dy or x.
void activation_backward(Activation activation, float slope, const float* x, const float* dy, float* dx, std::int64_t count);

}  // namespace isocenter::kernels
