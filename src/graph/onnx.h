// ONNX files in and out (IR version 8, opset 17 written; opsets 6 to 21 read and brought to 17's form). Reading parses the protobuf wire
// format with bounds checked; a damaged file or an operator that no runner knows is a core::InputError naming it. write then read gives the
// same graph, bit for bit.
#pragma once

#include <filesystem>

#include "graph/graph.h"

namespace isocenter::graph {

Graph read_onnx(const std::filesystem::path& path);
void write_onnx(const std::filesystem::path& path, const Graph& graph);

}  // namespace isocenter::graph
