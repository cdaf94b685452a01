// The safetensors file format: 8 bytes of little-endian header length, a JSON header, raw little-endian arrays.
//
// Reading maps the file and checks every offset against the file's size before anything is used: a hostile file is a core::InputError that
// names the file and the fault.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "graph/graph.h"

namespace isocenter::graph {

struct Safetensors {
  std::map<std::string, Constant> tensors;
  std::map<std::string, std::string> metadata;
};

Safetensors read_safetensors(const std::filesystem::path& path);
void write_safetensors(const std::filesystem::path& path, const Safetensors& content);

// Puts the values of `weights` into the graph's constants of the same name. Throws core::InputError when one is missing or of another shape
// (naming it, both shapes and `file`); names that the graph does not know are returned.
std::vector<std::string> set_parameters(Graph& graph, const std::map<std::string, Constant>& weights, const std::string& file);

}  // namespace isocenter::graph
