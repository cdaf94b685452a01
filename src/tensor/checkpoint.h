// A training run at one moment, complete: what continues from it is bit-equal to what was never interrupted (at the same number of
// threads).
//
// One safetensors file. Arrays: "weights/<parameter>", "average/<parameter>" (their moving average), "<optimizer array>/<parameter>",
// "buffers/<name>"; metadata: step, optimizer steps, best score, and what the trainer adds. Written to a temporary name and renamed; the
// file that was there before stays as "<name>.previous".
//
// load_* throw core::InputError naming the file and what is missing or of another shape.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tensor/graph_module.h"
#include "tensor/optimizer.h"

namespace isocenter::tensor {

void save_checkpoint(const std::filesystem::path& path, const GraphModule& network, std::span<const float> average, Optimizer& optimizer,
                     std::map<std::string, std::string> metadata);

// Everything back into place; returns the metadata that was given to save_checkpoint. When `path` is damaged, the previous one is read.
std::map<std::string, std::string> load_checkpoint(const std::filesystem::path& path, GraphModule& network, std::vector<float>& average,
                                                   Optimizer& optimizer);

// The network's weights alone, from a checkpoint (its average) or from a package's weights.safetensors.
std::map<std::string, graph::Constant> read_weights(const std::filesystem::path& path);
void load_weights(const std::filesystem::path& path, GraphModule& network);

// The averaged weights as a package keeps them.
void save_weights(const std::filesystem::path& path, const GraphModule& network, std::span<const float> average,
                  const std::map<std::string, std::string>& metadata);

}  // namespace isocenter::tensor
