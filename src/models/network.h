// The network that a package's [network] table names, with the weights beside it.
#pragma once

#include <filesystem>

#include "graph/graph.h"
#include "models/toml_table.h"

namespace isocenter::models {

struct PackageNetwork {
  std::string kind;
  graph::Graph graph;
};

// `weights`: the package's weights.safetensors; values stored as f16 or bf16 become f32. Not read for an ONNX network, which brings its
// own. Throws core::InputError naming key or tensor.
PackageNetwork read_network(const TomlTable& table, const std::filesystem::path& folder, const std::filesystem::path& weights);

}  // namespace isocenter::models
