// Inside the room: the gradient of the weights in the Winograd domain; winograd.h has the equations.
#pragma once

#include "kernels/winograd_plan.h"

namespace isocenter::kernels {

struct WinogradWeightGradientPlan {
  WinogradPlan forward;     // grid, blocks and problem of the forward pass; destination_stride is dy's
  std::int64_t pieces = 1;  // blocks summed before they are added to the total
};

}  // namespace isocenter::kernels
