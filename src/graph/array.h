// A small dense array of any element type with its values as doubles: what the reference interpreter computes with and what shape inference
// knows of constants. Integers are exact up to 2^53; beyond, only the ends of the 64-bit range (ONNX's "to the end") are kept, by
// saturation.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace isocenter::graph {

struct Array {
  DataType type = DataType::f32;
  Shape shape;
  std::vector<double> values;  // C order

  std::vector<std::int64_t> integers() const;
};

bool is_floating(DataType type);
Array to_array(const Constant& constant);
Constant to_constant(const Array& array);  // rounds to the type: to nearest even for floats, saturating for integers

// The same numbers in another type; returns the argument itself (bytes shared) when it has that type already.
Constant convert(const Constant& constant, DataType type);

}  // namespace isocenter::graph
