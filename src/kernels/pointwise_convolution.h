// Convolutions in which every destination has one source voxel: 1x1x1, and the transposed convolution whose stride is its kernel. A matrix
// product in registers straight from and to the images, without the windows of the direct kernel.
#pragma once

#include "kernels/convolution_kernel.h"

namespace isocenter::kernels {

// A block of destination channels at one tap: its vectors, the lanes of the last that exist, where it begins (floats from the line's first
// destination) and where its weights and bias lie (floats).
struct PointwiseBlock {
  int vectors = 1;
  std::int64_t last_lanes = 0, destination = 0, weights = 0, bias = 0;
};

struct PointwisePlan {
  GatherProblem problem;
  std::int64_t lanes = 0, padded = 0;
  std::int64_t lines = 0, line_voxels = 0;  // source voxels in lines: a row, or a piece of the whole image where nothing is scattered
  std::int64_t voxels = 0;                  // source voxels in all
  std::int64_t destination_step = 0;        // floats between the destinations of neighbouring source voxels
  bool flat = false;                        // one tap
  std::vector<PointwiseBlock> blocks;       // of every tap, in the order in which a line takes them
  int threads = 1;

  // Floats from the start of the destination to a line's first.
  std::int64_t line_start(std::int64_t line) const {
    const GatherProblem& p = problem;
    if (flat) return line * line_voxels * p.destination_stride;
    const std::int64_t h = line % p.source[1], d = line / p.source[1] % p.source[0], n = line / p.source[1] / p.source[0];
    return ((n * p.destination[0] + d * p.phases[0][0].step) * p.destination[1] + h * p.phases[1][0].step) * p.destination[2] *
           p.destination_stride;
  }
};

Made<GatherKernel> make_pointwise(const GatherProblem& problem, int threads);
double pointwise_seconds(const GatherProblem& problem, int threads);

}  // namespace isocenter::kernels
