// Inside the room: trying kernels once and remembering, for the process, which was the fastest.
#pragma once

#include <string>
#include <vector>

#include "kernels/convolution_kernel.h"

namespace isocenter::kernels {

// The name of the fastest of `names` (kernels that fit, best expected first) for a shape and pass on so many threads, arrays random. The
// first call for a shape takes a few runs of each; later ones look it up.
std::string fastest_gather(const std::vector<std::string>& names, const GatherProblem& problem, int threads);
std::string fastest_weight_gradient(const std::vector<std::string>& names, const ConvolutionShape& shape, int threads);

}  // namespace isocenter::kernels
