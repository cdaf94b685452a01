// --precision, the same in every verb that runs a model.
#pragma once

#include "apps/command_line/arguments.h"
#include "engine/plan.h"

namespace isocenter::apps {

inline Option precision_option() { return {"--precision", "P", "arithmetic of the network", "auto", {"auto", "f32", "bf16"}}; }

inline engine::Precision chosen_precision(const Arguments& arguments) {
  const std::string name = arguments.text("--precision");
  if (name == "f32") return engine::Precision::f32;
  if (name == "bf16") return engine::Precision::bf16;
  return engine::Precision::automatic;
}

}  // namespace isocenter::apps
