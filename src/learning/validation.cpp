#include "learning/validation.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace isocenter::learning {

at::Tensor image_batch(const std::vector<Sample>& samples, std::size_t dimensions) {
  const auto& first = samples.at(0);
  const std::int64_t count = static_cast<std::int64_t>(samples.size());
  std::vector<std::int64_t> shape{count, first.channels};
  if (dimensions == 3)
    shape.push_back(first.size[2]);
  else if (first.size[2] != 1)
    throw std::logic_error("image_batch: a 2D network needs samples of one slice");
  shape.push_back(first.size[1]);
  shape.push_back(first.size[0]);
  at::Tensor batch = at::empty(shape, at::TensorOptions().dtype(at::kFloat));
  float* target = batch.data_ptr<float>();
  for (const auto& sample : samples) {
    if (sample.size != first.size || sample.channels != first.channels) throw std::logic_error("image_batch: samples of different sizes");
    std::memcpy(target, sample.image.data(), sample.image.size() * sizeof(float));
    target += sample.image.size();
  }
  return batch.contiguous(dimensions == 3 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast);
}

ValidationScore validate(const tensor::GraphModule& network, const std::vector<Sample>& samples) {
  const at::NoGradGuard no_gradients;
  const std::size_t dimensions = network.graph().inputs.at(0).shape.size() - 2;
  ValidationScore score;
  std::vector<double> sums, counts;
  double total = 0, terms = 0;
  for (const auto& sample : samples) {
    const at::Tensor logits = network.forward({{network.graph().inputs[0].name, image_batch({sample}, dimensions)}}, false).at(0);
    const at::Tensor winner = at::argmax(logits, 1).to(at::kByte).contiguous();
    const std::uint8_t* predicted = winner.data_ptr<std::uint8_t>();
    const std::size_t classes = static_cast<std::size_t>(logits.size(1));
    sums.resize(classes, 0);
    counts.resize(classes, 0);
    std::vector<double> both(classes, 0), either(classes, 0), reference(classes, 0);
    for (std::size_t i = 0; i < sample.labels.size(); ++i) {
      ++either[predicted[i]];
      ++either[sample.labels[i]];
      ++reference[sample.labels[i]];
      if (predicted[i] == sample.labels[i]) ++both[predicted[i]];
    }
    for (std::size_t c = 1; c < classes; ++c) {
      if (reference[c] == 0) continue;
      const double dice = 2 * both[c] / either[c];
      sums[c] += dice;
      counts[c] += 1;
      total += dice;
      terms += 1;
    }
  }
  score.mean_dice = terms > 0 ? total / terms : 0;
  for (std::size_t c = 0; c < sums.size(); ++c)
    score.dice_by_class.push_back(counts[c] > 0 ? sums[c] / counts[c] : std::numeric_limits<double>::quiet_NaN());
  return score;
}

}  // namespace isocenter::learning
