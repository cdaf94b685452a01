// Convolution as its definition says, summed in double: what the fast kernels are tested against, and the last in their list.
// Shapes are assumed accepted (convolution.h, refusal); strides of zero mean dense.
#pragma once

#include "kernels/convolution.h"

namespace isocenter::kernels::reference {

// T is float or double; sums are double.
template <class T>
void convolution_forward(const ConvolutionShape& shape, const T* x, const T* weights, const T* bias, T* y);
template <class T>
void convolution_gradient_input(const ConvolutionShape& shape, const T* dy, const T* weights, T* dx);
template <class T>
void convolution_gradient_weights(const ConvolutionShape& shape, const T* x, const T* dy, T* dweights, T* dbias);

}  // namespace isocenter::kernels::reference
