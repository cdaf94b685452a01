// Resize, nearest and linear.
#include "graph/operators/support.h"

namespace isocenter::graph {

std::vector<Operator> resize_operators() { return {}; }

}  // namespace isocenter::graph
