// Inside the room: what the passes over the logits share.
#pragma once

#include <cstdint>

namespace isocenter::kernels {

struct LossPass {
  std::int64_t classes = 0, logits_stride = 0, gradient_stride = 0;
};

// Sums of one image over a thread's voxels, one value a class (padded to whole vectors); `piece` and `voxel` are scratch of the same
// length.
struct LossTotals {
  double *intersection, *predicted, *truth, *negative_log;
  float *piece, *voxel;
};

}  // namespace isocenter::kernels
