#include "learning/segmentation_loss.h"

#include <algorithm>
#include <stdexcept>

namespace isocenter::learning {
namespace {

std::array<std::int64_t, 3> spatial_size(const at::Tensor& x) {
  std::array<std::int64_t, 3> size{1, 1, 1};
  for (std::int64_t axis = 2; axis < x.dim(); ++axis) size[static_cast<std::size_t>(axis + 3 - x.dim())] = x.size(axis);
  return size;
}

at::Tensor channels_last(const at::Tensor& x) {
  if (x.dim() == 5) return x.contiguous(at::MemoryFormat::ChannelsLast3d);
  if (x.dim() == 4) return x.contiguous(at::MemoryFormat::ChannelsLast);
  throw std::logic_error("SegmentationLoss: logits need two or three spatial axes");
}

}  // namespace

std::vector<double> supervision_weights(std::size_t outputs) {
  if (outputs == 1) return {1.0};
  std::vector<double> weights(outputs);
  double sum = 0, weight = 1;
  for (std::size_t i = 0; i + 1 < outputs; ++i, weight /= 2) sum += weights[i] = weight;
  for (double& value : weights) value /= sum;
  return weights;
}

std::vector<std::uint8_t> coarser_labels(const std::vector<std::uint8_t>& labels, std::int64_t batch,
                                         const std::array<std::int64_t, 3>& from, const std::array<std::int64_t, 3>& to) {
  if (from == to) return labels;
  const auto source_of = [&](std::size_t axis, std::int64_t index) { return (2 * index + 1) * from[axis] / (2 * to[axis]); };
  std::vector<std::uint8_t> coarse(static_cast<std::size_t>(batch * to[0] * to[1] * to[2]));
  std::size_t at = 0;
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t z = 0; z < to[0]; ++z)
      for (std::int64_t y = 0; y < to[1]; ++y) {
        const std::int64_t row = ((b * from[0] + source_of(0, z)) * from[1] + source_of(1, y)) * from[2];
        for (std::int64_t x = 0; x < to[2]; ++x) coarse[at++] = labels[static_cast<std::size_t>(row + source_of(2, x))];
      }
  return coarse;
}

SegmentationLossValue SegmentationLoss::evaluate(const std::vector<at::Tensor>& outputs, const std::vector<std::uint8_t>& labels,
                                                 std::vector<at::Tensor>& gradients) {
  const auto weights = supervision_weights(outputs.size());
  const auto finest = spatial_size(outputs.at(0));
  const std::int64_t batch = outputs[0].size(0);
  if (static_cast<std::int64_t>(labels.size()) != batch * finest[0] * finest[1] * finest[2])
    throw std::logic_error("SegmentationLoss: labels of another size than the finest output");
  SegmentationLossValue value;
  gradients.assign(outputs.size(), at::Tensor());
  for (std::size_t level = 0; level < outputs.size(); ++level) {
    if (weights[level] == 0) continue;
    const at::Tensor logits = channels_last(outputs[level].detach());
    const auto size = spatial_size(logits);
    const auto target = level == 0 ? std::vector<std::uint8_t>() : coarser_labels(labels, batch, finest, size);
    const kernels::LossShape shape{.batch = batch, .voxels = size[0] * size[1] * size[2], .classes = logits.size(1)};
    gradients[level] = at::empty_like(logits);
    const auto part = kernels::dice_cross_entropy(shape, options_, logits.data_ptr<float>(), level == 0 ? labels.data() : target.data(),
                                                  gradients[level].data_ptr<float>(), weights[level],
                                                  workspace_.reserve(kernels::dice_cross_entropy_workspace_bytes(shape)));
    value.total += weights[level] * part.total;
    if (level == 0) {
      value.cross_entropy = part.cross_entropy;
      value.mean_dice = -part.dice;
    }
  }
  return value;
}

}  // namespace isocenter::learning
