// Shared by the files of the operator table.
#pragma once

#include <string>
#include <vector>

#include "tensor/operators.h"

namespace isocenter::tensor {

Operator find_shape_operator(const std::string& op);

// The numbers of an integer tensor, of any rank.
std::vector<std::int64_t> integers_of(const at::Tensor& tensor);

}  // namespace isocenter::tensor
