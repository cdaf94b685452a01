// Optimizers over flat arrays (GraphModule's values and gradients): plain loops in a fixed order, so that the same gradients give the same
// bits.
//
//   tensor::AdamW optimizer(network.pieces(), network.values().size(), {.weight_decay = 1e-2});
//   tensor::clip_norm(network.gradients(), 12);
//   optimizer.step(network.values(), network.gradients(), learning_rate);
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/graph_module.h"

namespace isocenter::tensor {

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual void step(std::span<float> values, std::span<const float> gradients, double learning_rate) = 0;

  // What it remembers between steps, each array laid out as the values: to be saved and restored whole, with `steps`.
  virtual std::map<std::string, std::span<float>> state() = 0;
  std::int64_t steps = 0;  // taken so far
};

// Stochastic gradient descent with momentum as PyTorch and nnU-Net have it: g += weight_decay * w; v = momentum * v + g;
// w -= rate * (g + momentum * v) with Nesterov's look-ahead, w -= rate * v without.
struct SgdOptions {
  double momentum = 0.99;
  bool nesterov = true;
  double weight_decay = 3e-5;  // of all parameters
};
class Sgd : public Optimizer {
 public:
  Sgd(std::size_t count, const SgdOptions& options);
  void step(std::span<float> values, std::span<const float> gradients, double learning_rate) override;
  std::map<std::string, std::span<float>> state() override { return {{"momentum", velocity_}}; }

 private:
  SgdOptions options_;
  std::vector<float> velocity_;
};

// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019, algorithm 2). Parameters of rank 0 or 1 (biases, scales of
// normalisations) are not decayed.
struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 1e-2;
};
class AdamW : public Optimizer {
 public:
  AdamW(const std::vector<ParameterPiece>& pieces, std::size_t count, const AdamWOptions& options);
  void step(std::span<float> values, std::span<const float> gradients, double learning_rate) override;
  std::map<std::string, std::span<float>> state() override { return {{"first_moment", first_}, {"second_moment", second_}}; }

 private:
  AdamWOptions options_;
  std::vector<ParameterPiece> pieces_;
  std::vector<float> first_, second_;
};

// Scales the gradients so that their Euclidean norm is at most `limit` (0: no limit); returns the norm before.
double clip_norm(std::span<float> gradients, double limit);

// average = decay * average + (1 - decay) * values, where decay grows to its limit over the first steps:
// min(limit, (1 + step) / (10 + step)), so that the average is not held back by the random start.
void update_average(std::span<float> average, std::span<const float> values, double limit, std::int64_t step);

}  // namespace isocenter::tensor
