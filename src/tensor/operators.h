// Every operator that GraphModule runs: ONNX name to function over at::Tensor. To add one, write its function in operators.cpp (or
// operators_shape.cpp for those that only move data) and name it in the table there; graph_module_test.cpp runs the reference networks over
// it.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "tensor/aten.h"
#include "tensor/graph_module.h"

namespace isocenter::tensor {

struct OperatorCall {
  const graph::Node& node;
  const std::vector<at::Tensor>& inputs;  // undefined where an optional input is left out
  bool training = true;
  Kernels kernels = Kernels::libtorch;
  double leaky_slope = 1;     // of a leaky ReLU that follows and is computed with this node; 1: none
  bool bias_cancels = false;  // what follows takes the mean away, so that the bias changes nothing and has gradient 0

  bool has(std::size_t index) const { return index < inputs.size() && inputs[index].defined(); }
  at::Tensor optional(std::size_t index) const { return has(index) ? inputs[index] : at::Tensor(); }
};

using Operator = std::vector<at::Tensor> (*)(const OperatorCall& call);

// Nothing when the operator is not known.
Operator find_operator(const std::string& op);

}  // namespace isocenter::tensor
