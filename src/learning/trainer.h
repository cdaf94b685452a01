// The training loop: samples, forward, loss, backward, clipping, optimizer, moving average; validation, checkpoints, exact resume.
//
// In the run folder: `checkpoint.safetensors` (and the one before it), `best.safetensors` (averaged weights of the best validation),
// `log.csv`, `validation.csv`, `recipe.toml` (a copy). With the same recipe and number of threads, a run that was killed and resumed gives
// the same weights, bit for bit, as one that was not.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "learning/recipe.h"

namespace isocenter::learning {

struct TrainingStep {  // what the progress line says
  std::int64_t step = 0, total_steps = 0;
  std::size_t stage = 0;
  double loss = 0, mean_dice = 0, learning_rate = 0, seconds_per_step = 0, seconds_left = 0, waited_share = 0;
  std::optional<double> validation_dice;
};

struct TrainingOptions {
  bool resume = false;                                // from the run folder's checkpoint; without one it is an InputError
  std::optional<int> threads;                         // instead of the recipe's
  std::optional<std::int64_t> last_step;              // stop after this step, with a checkpoint
  std::optional<tensor::Kernels> kernels;             // instead of the recipe's
  const std::atomic<bool>* stop = nullptr;            // set by a signal: checkpoint after the current step and return
  std::function<void(const TrainingStep&)> progress;  // after every step
};

struct TrainingSummary {
  std::int64_t step = 0;
  bool finished = false;
  double mean_loss = 0;  // over the last hundred steps
  std::optional<double> best_validation_dice;
};

// Throws core::InputError for a run folder that holds a run already (when not resuming), core::ResourceError when the disk is full.
TrainingSummary train(const TrainingRecipe& recipe, const std::filesystem::path& run_folder, const TrainingOptions& options = {});

// The averaged weights of a run (its best validation, or its last checkpoint) as `weights.safetensors` in the package folder, in half
// precision: half the size, and an error far below what training leaves.
void write_package_weights(const TrainingRecipe& recipe, const std::filesystem::path& run_folder,
                           const std::filesystem::path& package_folder, bool best = false);

}  // namespace isocenter::learning
