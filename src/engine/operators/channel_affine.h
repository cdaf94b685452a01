// y = activation(x * scale[c] + bias[c] + residual) over channels-last voxels: what normalizations of every kind end in.
#pragma once

#include <cstdint>

#include "engine/program.h"

namespace isocenter::engine {

// Voxels of a channels-last array: `pitch` floats from one to the next (the channels, or more within a wider tensor).
struct VoxelRows {
  std::int64_t voxels = 0, channels = 0;
  std::int64_t x_pitch = 0, y_pitch = 0, residual_pitch = 0;
};

// Runs in parallel. `residual` may be null; y may be x or residual.
void channel_affine(const VoxelRows& rows, const float* x, const float* residual, float* y, const float* scale, const float* bias,
                    const Activation& activation);

// Sum of (x - pivot[c]) and of its square a channel, in double; the same number of threads gives the same bits. `sums`: 2 * channels
// values.
void channel_sums(const VoxelRows& rows, const float* x, const float* pivot, double* sums);

// Floats from a voxel of the tensor to the next.
std::int64_t pitch_of(const Program& program, int tensor);

}  // namespace isocenter::engine
