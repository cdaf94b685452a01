// The verbs of `isocenter-learn`, one function and one file each.
#pragma once

#include "apps/command_line/usage.h"

namespace isocenter::apps {

Verb learn_train_verb();
Verb learn_package_verb();

}  // namespace isocenter::apps
