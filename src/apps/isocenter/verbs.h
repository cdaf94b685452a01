// The verbs of `isocenter`, one function and one file each.
#pragma once

#include "apps/command_line/usage.h"

namespace isocenter::apps {

Verb report_verb();
Verb segment_verb();
Verb synthesize_verb();
Verb evaluate_verb();
Verb train_verb();
Verb models_verb();
Verb methods_verb();
Verb convert_verb();
Verb info_verb();

}  // namespace isocenter::apps
