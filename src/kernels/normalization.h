// Normalisation with the activation that follows it, forward and backward, each in as few passes over memory as there can be:
//   y = activation(scale[c] (x - mean) inverse_deviation + bias[c]),   inverse_deviation = 1 / sqrt(variance + epsilon)
// with the biased variance. Statistics are those of each image and channel (instance), of each channel over the batch (batch), or of each
// image and group of adjacent channels (group); layer normalisation (of each voxel over its channels) has functions of its own. Sums are
// taken in f32 over short pieces and in double over the pieces. Source: Ioffe and Szegedy (2015); Ba, Kiros and Hinton (2016); Ulyanov et
// al. (2016); Wu and He (2018).
//
// What the backward pass needs stored: x (the input of forward), mean and inverse_deviation; the normalised and the activated value are
// recomputed. `*_from_output` needs y in the place of x: then x need not be kept and forward may run in place. It inverts scale and slope,
// so both must be away from zero; channels with |scale| < 1e-4 get the gradient of x as if x were at its mean.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/tensor_layout.h"

namespace isocenter::kernels {

struct NormalizationShape {
  std::int64_t batch = 1, voxels = 1, channels = 1;
  std::int64_t x_stride = 0, y_stride = 0;    // floats from voxel to voxel; 0: dense
  std::int64_t dx_stride = 0, dy_stride = 0;  // 0: as x_stride, y_stride
};

enum class Statistics { instance, batch, group };

// Leaky ReLU of slope `leaky_slope` for negative values: 1 means no activation, 0 ReLU.
struct NormalizationOptions {
  double epsilon = 1e-5;
  double leaky_slope = 0.01;
  Statistics statistics = Statistics::instance;
  std::int64_t groups = 1;  // of Statistics::group: divides the channels
};

std::size_t normalization_workspace_bytes(const NormalizationShape& shape);

// scale, bias: channels values each, or null for ones and zeros. mean, inverse_deviation: batch * channels values, written (repeated where
// images or channels share their statistics). y may be x (with the same stride).
void norm_forward(const NormalizationShape& shape, const NormalizationOptions& options, const float* x, const float* scale,
                  const float* bias, float* y, float* mean, float* inverse_deviation, void* workspace);

// dscale, dbias: channels values, written, or null. dx may be dy (with the same stride).
void norm_backward(const NormalizationShape& shape, const NormalizationOptions& options, const float* x, const float* scale,
                   const float* bias, const float* mean, const float* inverse_deviation, const float* dy, float* dx, float* dscale,
                   float* dbias, void* workspace);
void norm_backward_from_output(const NormalizationShape& shape, const NormalizationOptions& options, const float* y, const float* scale,
                               const float* bias, const float* inverse_deviation, const float* dy, float* dx, float* dscale, float* dbias,
                               void* workspace);

// With statistics of `channels` values that are given: batch normalisation at inference.
void norm_apply(const NormalizationShape& shape, const NormalizationOptions& options, const float* x, const float* scale, const float* bias,
                const float* mean, const float* inverse_deviation, float* y, void* workspace);

// The same with instance statistics, whatever options.statistics says.
void instance_norm_forward(const NormalizationShape& shape, const NormalizationOptions& options, const float* x, const float* scale,
                           const float* bias, float* y, float* mean, float* inverse_deviation, void* workspace);
void instance_norm_backward(const NormalizationShape& shape, const NormalizationOptions& options, const float* x, const float* scale,
                            const float* bias, const float* mean, const float* inverse_deviation, const float* dy, float* dx, float* dscale,
                            float* dbias, void* workspace);
void instance_norm_backward_from_output(const NormalizationShape& shape, const NormalizationOptions& options, const float* y,
                                        const float* scale, const float* bias, const float* inverse_deviation, const float* dy, float* dx,
                                        float* dscale, float* dbias, void* workspace);

// Layer normalisation: statistics of each voxel over its channels. mean, inverse_deviation: batch * voxels values. No activation.
void layer_norm_forward(const NormalizationShape& shape, double epsilon, const float* x, const float* scale, const float* bias, float* y,
                        float* mean, float* inverse_deviation);
void layer_norm_backward(const NormalizationShape& shape, const float* x, const float* scale, const float* mean,
                         const float* inverse_deviation, const float* dy, float* dx, float* dscale, float* dbias, void* workspace);

}  // namespace isocenter::kernels
