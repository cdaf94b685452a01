// Softmax and argmax over the channels of channels-last logits.
#pragma once

#include <cstdint>

namespace isocenter::kernels {

// y may be x (same stride). Strides in floats from voxel to voxel; 0: dense.
void softmax(const float* x, std::int64_t voxels, std::int64_t channels, std::int64_t x_stride, float* y, std::int64_t y_stride);

// dx = y (dy - sum y dy), y the softmax; dx may be dy.
void softmax_backward(const float* y, std::int64_t voxels, std::int64_t channels, std::int64_t y_stride, const float* dy,
                      std::int64_t dy_stride, float* dx, std::int64_t dx_stride);

// The channel of the largest value, the first of equals; a NaN is never the largest. At most 65536 channels.
void argmax(const float* x, std::int64_t voxels, std::int64_t channels, std::int64_t x_stride, std::uint16_t* labels);

// sum[voxel][c] += weight[voxel] x[voxel][c]: a window's logits into the accumulator of a scan, one row of voxels at a time.
void accumulate(const float* x, const float* weight, std::int64_t voxels, std::int64_t channels, std::int64_t x_stride, float* sum,
                std::int64_t sum_stride);

}  // namespace isocenter::kernels
