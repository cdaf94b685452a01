// Cross-entropy plus soft Dice over channels-last logits, value and gradient (nnU-Net's training loss).
//   p = softmax(logits) per voxel; cross-entropy = sum w[l] (-log p[l]) / sum w[l] over the voxels whose label l is not ignored;
//   Dice of a class = (2 sum p t + smooth) / max(sum p + sum t + smooth, 1e-8), t the one-hot label; loss = -mean Dice over the classes
//   (background left out unless asked for) and over the batch, or, with batch_dice, of sums taken over the whole batch.
//   total = cross_entropy_weight * cross-entropy + dice_weight * (-mean Dice).
// Source: Isensee et al., nnU-Net (Nature Methods 18, 2021); Milletari et al., V-Net (2016).
// Where all voxels are ignored the cross-entropy is 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace isocenter::kernels {

struct LossShape {
  std::int64_t batch = 1, voxels = 1, classes = 2;
  std::int64_t logits_stride = 0;    // floats from voxel to voxel; 0: dense
  std::int64_t gradient_stride = 0;  // 0: as logits_stride
};

struct DiceCrossEntropyOptions {
  double cross_entropy_weight = 1, dice_weight = 1;
  double smooth = 1e-5;
  bool batch_dice = false;
  bool dice_of_background = false;
  std::optional<int> ignore_label;
  const float* class_weights = nullptr;  // of the cross-entropy; `classes` values
};

struct LossValue {
  double total = 0, cross_entropy = 0, dice = 0;  // dice: the loss, -mean Dice
};

std::size_t dice_cross_entropy_workspace_bytes(const LossShape& shape);

// gradient: of total with respect to the logits, multiplied by gradient_scale; written (zeros at ignored voxels); null: the value alone.
// A label that is neither a class nor the ignored one throws core::InputError stating it. Label is std::uint8_t, std::uint16_t or
// std::int64_t.
template <class Label>
LossValue dice_cross_entropy(const LossShape& shape, const DiceCrossEntropyOptions& options, const float* logits, const Label* labels,
                             float* gradient, double gradient_scale, void* workspace);

}  // namespace isocenter::kernels
