// Whether two graphs are the same, bit for bit: what a round trip through a file must give.
#pragma once

#include <string>

#include "graph/graph.h"

namespace isocenter::graph {

bool identical(const Constant& a, const Constant& b);

// Empty when the graphs are the same; otherwise where they first differ.
std::string difference(const Graph& a, const Graph& b);

}  // namespace isocenter::graph
