// Everything that decides what a training run does, read from a TOML file that a person can read and edit (docs/training.md lists the
// keys).
//
//   [network] kind = "plain_conv_unet" ...   [source] kind = "brain-id" ...   [optimizer] ...   [[stage]] size, spacing_mm, steps ...
//
// read_recipe throws core::InputError naming file, table and key: missing, of the wrong type, unknown, or out of its range.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "kernels/loss.h"
#include "learning/settings.h"
#include "networks/unet.h"
#include "tensor/graph_module.h"
#include "tensor/optimizer.h"
#include "tensor/schedule.h"

namespace isocenter::learning {

// A stretch of training on patches of one size and spacing; the network is the same through all stages.
struct StageRecipe {
  std::array<std::int64_t, 3> size{1, 1, 1};  // x, y, z
  std::array<double, 3> spacing_mm{1, 1, 1};
  std::int64_t steps = 0;
  std::int64_t batch = 1;
  tensor::Schedule schedule;
};

enum class OptimizerKind { sgd, adamw };

struct TrainingRecipe {
  std::filesystem::path file;
  std::string name;
  std::uint64_t seed = 0;

  std::string network_kind;  // plain_conv_unet, residual_encoder_unet
  networks::UNetOptions network;

  std::string source_kind;
  Settings source;

  OptimizerKind optimizer = OptimizerKind::sgd;
  tensor::SgdOptions sgd;
  tensor::AdamWOptions adamw;
  double clip_norm = 12;
  double average_decay = 0.999;
  kernels::DiceCrossEntropyOptions loss;

  std::int64_t validation_every_steps = 500;
  std::int64_t validation_samples = 4;  // of the source's, at most

  double checkpoint_minutes = 10;
  int threads = 1;
  int prefetch_threads = 1;
  tensor::Kernels kernels = tensor::Kernels::own;
  std::optional<std::filesystem::path> start_from;  // weights of a package or a checkpoint; the network alone
  std::optional<std::filesystem::path> grow_from;   // weights of the same U-Net without its finest level (grow.h)

  std::vector<StageRecipe> stages;
  std::int64_t total_steps() const;
};

TrainingRecipe read_recipe(const std::filesystem::path& file);

// The network as a graph, with its random start.
graph::Graph build_network(const TrainingRecipe& recipe);

}  // namespace isocenter::learning
