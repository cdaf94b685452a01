// The loss of a segmentation network with deep supervision: Dice plus cross-entropy (kernels/loss.h) at every output, coarser outputs
// against the labels taken at the centres of their voxels, weighted 1, 1/2, 1/4 ..., the coarsest 0, over their sum. Source: Isensee et
// al., nnU-Net (Nature Methods 18, 2021), supplementary note 2.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/loss.h"
#include "kernels/workspace.h"
#include "tensor/aten.h"

namespace isocenter::learning {

// The weights of `outputs` levels, finest first; a single output has weight 1.
std::vector<double> supervision_weights(std::size_t outputs);

// Labels (batch, depth, height, width) on a coarser grid of `size` (depth, height, width): the nearest voxel to each centre.
std::vector<std::uint8_t> coarser_labels(const std::vector<std::uint8_t>& labels, std::int64_t batch,
                                         const std::array<std::int64_t, 3>& from, const std::array<std::int64_t, 3>& to);

struct SegmentationLossValue {
  double total = 0;          // of all outputs, weighted
  double cross_entropy = 0;  // of the finest output
  double mean_dice = 0;      // soft Dice of the finest output
};

class SegmentationLoss {
 public:
  explicit SegmentationLoss(const kernels::DiceCrossEntropyOptions& options = {}) : options_(options) {}

  // outputs: logits, finest first, (batch, classes, spatial...). labels: of the finest grid, batch slowest. gradients[i] is written: of the
  // total with respect to outputs[i], channels-last; undefined where the weight is 0.
  SegmentationLossValue evaluate(const std::vector<at::Tensor>& outputs, const std::vector<std::uint8_t>& labels,
                                 std::vector<at::Tensor>& gradients);

 private:
  kernels::DiceCrossEntropyOptions options_;
  kernels::Workspace workspace_;
};

}  // namespace isocenter::learning
