// The sum of each channel over the voxels: the gradient of a bias.
#pragma once

#include <cstddef>
#include <cstdint>

namespace isocenter::kernels {

std::size_t channel_sums_workspace_bytes(std::int64_t channels, int threads);

// sums: `channels` values, written. In f32 over short pieces, in double over the pieces; one order for one number of threads.
void channel_sums(const float* values, std::int64_t voxels, std::int64_t channels, std::int64_t stride, float* sums, int threads,
                  void* workspace);

}  // namespace isocenter::kernels
