#include "tensor/optimizer.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace isocenter::tensor {
namespace {

void check_length(std::span<const float> values, std::span<const float> gradients, std::size_t expected) {
  if (values.size() != expected || gradients.size() != expected) throw std::logic_error("optimizer: arrays of another length");
}

}  // namespace

Sgd::Sgd(std::size_t count, const SgdOptions& options) : options_(options), velocity_(count, 0.0f) {}

void Sgd::step(std::span<float> values, std::span<const float> gradients, double learning_rate) {
  check_length(values, gradients, velocity_.size());
  const float momentum = static_cast<float>(options_.momentum), decay = static_cast<float>(options_.weight_decay);
  const float rate = static_cast<float>(learning_rate);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float gradient = gradients[i] + decay * values[i];
    velocity_[i] = momentum * velocity_[i] + gradient;
    values[i] -= rate * (options_.nesterov ? gradient + momentum * velocity_[i] : velocity_[i]);
  }
  ++steps;
}

AdamW::AdamW(const std::vector<ParameterPiece>& pieces, std::size_t count, const AdamWOptions& options)
    : options_(options), pieces_(pieces), first_(count, 0.0f), second_(count, 0.0f) {}

void AdamW::step(std::span<float> values, std::span<const float> gradients, double learning_rate) {
  check_length(values, gradients, first_.size());
  ++steps;
  const double correction1 = 1 - std::pow(options_.beta1, static_cast<double>(steps));
  const double correction2 = 1 - std::pow(options_.beta2, static_cast<double>(steps));
  const float beta1 = static_cast<float>(options_.beta1), beta2 = static_cast<float>(options_.beta2);
  const float rate = static_cast<float>(learning_rate / correction1), root = static_cast<float>(1 / std::sqrt(correction2));
  const float epsilon = static_cast<float>(options_.epsilon);
  for (const auto& piece : pieces_) {
    const float kept = piece.shape.size() > 1 ? static_cast<float>(1 - learning_rate * options_.weight_decay) : 1.0f;
    for (std::size_t i = piece.offset; i < piece.offset + piece.count; ++i) {
      const float gradient = gradients[i];
      first_[i] = beta1 * first_[i] + (1 - beta1) * gradient;
      second_[i] = beta2 * second_[i] + (1 - beta2) * gradient * gradient;
      values[i] = kept * values[i] - rate * first_[i] / (std::sqrt(second_[i]) * root + epsilon);
    }
  }
}

double clip_norm(std::span<float> gradients, double limit) {
  double squares = 0;
  for (float gradient : gradients) squares += static_cast<double>(gradient) * gradient;
  const double norm = std::sqrt(squares);
  if (limit > 0 && norm > limit) {
    const float factor = static_cast<float>(limit / (norm + 1e-6));
    for (float& gradient : gradients) gradient *= factor;
  }
  return norm;
}

void update_average(std::span<float> average, std::span<const float> values, double limit, std::int64_t step) {
  const double now = static_cast<double>(step);
  const float kept = static_cast<float>(std::min(limit, (1 + now) / (10 + now)));
  for (std::size_t i = 0; i < average.size(); ++i) average[i] = kept * average[i] + (1 - kept) * values[i];
}

}  // namespace isocenter::tensor
