// Activations over plain rows of floats.
#pragma once

#include <cstdint>

#include "engine/program.h"

namespace isocenter::engine {

// values[i] = activation(values[i]). NaN stays NaN.
void activate(float* values, std::int64_t count, const Activation& activation);

// The same in parallel, for whole tensors.
void activate_all(float* values, std::int64_t count, const Activation& activation);

}  // namespace isocenter::engine
