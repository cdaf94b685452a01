// The plain reference: a graph computed with simple loops in double precision, in ONNX layout. Slow, for small inputs; both runners
// (`tensor`, `engine`) are judged by it, so it shares no code with them. Values of floating types are not rounded to their type in between.
//
//   const auto outputs = interpret(net, {{"image", {DataType::f32, {1, 1, 8, 8, 8}, values}}});
//   outputs.at("logits").values
#pragma once

#include <map>
#include <string>

#include "graph/array.h"
#include "graph/graph.h"

namespace isocenter::graph {

struct InterpreterOptions {
  bool keep_all = false;  // return every value, not the outputs alone
};

// Throws core::InputError when an input is missing or does not fit, or the graph does not verify.
std::map<std::string, Array> interpret(const Graph& graph, const std::map<std::string, Array>& inputs,
                                       const InterpreterOptions& options = {});

}  // namespace isocenter::graph
