// Direct convolution in registers: a tile of N neighbouring destinations times NV vectors of destination channels is summed over every tap
// and source channel without leaving the registers. Fits every shape.
//
// The loop over taps along the last axis and over channels is one contiguous run where the source is dense, so one channel costs as little
// overhead as thirty. Tiles whose window leaves the image read a small zero-padded copy of it; all others read the image itself.
#pragma once

#include "kernels/convolution_kernel.h"

namespace isocenter::kernels {

// The geometry a row of destinations is computed from; one for each combination of phases (one in all for a forward pass).
struct DirectClass {
  std::array<const Phase*, 3> axis{};
  std::int64_t packed_offset = 0;  // floats from the start of the packed weights
  std::int64_t taps() const { return static_cast<std::int64_t>(axis[0]->taps.size() * axis[1]->taps.size() * axis[2]->taps.size()); }
  std::int64_t rows(std::int64_t batch) const { return batch * axis[0]->count * axis[1]->count; }
};

struct DirectPlan {
  GatherProblem problem;
  std::vector<DirectClass> classes;
  std::int64_t sources = 0, destinations = 0;  // channels of one group
  std::int64_t lanes = 0;
  std::vector<int> blocks;          // vectors of each block of destination channels, of one group
  std::int64_t padded = 0;          // destination channels rounded up to whole vectors
  bool block_outermost = false;     // weights too large for the cache: each block over all rows before the next
  std::int64_t scratch_floats = 0;  // of one thread
  int threads = 1;
};

Made<GatherKernel> make_direct(const GatherProblem& problem, int threads);
double direct_seconds(const GatherProblem& problem, int threads);

}  // namespace isocenter::kernels
