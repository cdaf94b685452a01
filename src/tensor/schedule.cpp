#include "tensor/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace isocenter::tensor {

Decay decay_named(const std::string& name) {
  if (name == "constant") return Decay::constant;
  if (name == "polynomial") return Decay::polynomial;
  if (name == "cosine") return Decay::cosine;
  throw core::InputError("learning-rate schedule \"{}\" is not known: constant, polynomial or cosine", name);
}

double Schedule::at(std::int64_t step) const {
  if (step < warm_up_steps) return peak * static_cast<double>(step + 1) / static_cast<double>(warm_up_steps);
  const double length = static_cast<double>(std::max<std::int64_t>(steps - warm_up_steps, 1));
  const double t = std::clamp(static_cast<double>(step - warm_up_steps) / length, 0.0, 1.0);
  switch (decay) {
    case Decay::polynomial:
      return last + (peak - last) * std::pow(1 - t, exponent);
    case Decay::cosine:
      return last + (peak - last) * (1 + std::cos(std::numbers::pi * t)) / 2;
    case Decay::constant:
      break;
  }
  return peak;
}

}  // namespace isocenter::tensor
