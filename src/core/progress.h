// How long work tells how far it is. The caller decides what is seen: a line on a terminal, a job's percentage, nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace isocenter::core {

struct ProgressStep {
  std::string_view what;  // "segmenting", "reading 22 slices"
  double share = 0;       // of this step, 0 to 1
};

using Progress = std::function<void(const ProgressStep&)>;

// One line on standard error, rewritten in place, with the time left once a step has run for two seconds; silent when standard error is no
// terminal except for one line a step that took longer than that.
Progress terminal_progress();
inline Progress no_progress() {
  return [](const ProgressStep&) {};
}

// "1 h 12 min", "35 s"
std::string format_duration(double seconds);

}  // namespace isocenter::core
