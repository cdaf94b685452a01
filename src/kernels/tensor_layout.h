// How arrays lie in memory, stated once for the whole room.
//
// Activations are f32, channels-last: (batch, depth, height, width, channels), channels adjacent; a 2D image has depth 1. The distance in
// floats from one voxel to the next is its *stride*: equal to the channels when dense, larger when the array is a slice of the channels of
// a wider buffer (a concatenation then costs no copy: each producer writes its slice). Voxels themselves are always consecutive. Weights
// come in the order of ONNX: (out, in / groups, depth, height, width). Triples are (depth, height, width).
#pragma once

#include <array>
#include <cstdint>

namespace isocenter::kernels {

using Size3 = std::array<std::int64_t, 3>;

inline std::int64_t voxels(const Size3& size) { return size[0] * size[1] * size[2]; }

}  // namespace isocenter::kernels
