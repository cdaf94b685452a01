// The learning rate over a stretch of training.
#pragma once

#include <cstdint>
#include <string>

namespace isocenter::tensor {

enum class Decay {
  constant,    // peak
  polynomial,  // last + (peak - last) * (1 - t)^exponent; nnU-Net: exponent 0.9, last 0
  cosine,      // last + (peak - last) * (1 + cos(pi t)) / 2
};
Decay decay_named(const std::string& name);  // throws core::InputError

struct Schedule {
  Decay decay = Decay::polynomial;
  double peak = 1e-2, last = 0;
  double exponent = 0.9;
  std::int64_t steps = 1;
  std::int64_t warm_up_steps = 0;  // linear from peak / warm_up_steps to peak; the decay covers the rest

  // At step 0 ... steps - 1; t = (step - warm_up_steps) / (steps - warm_up_steps).
  double at(std::int64_t step) const;
};

}  // namespace isocenter::tensor
