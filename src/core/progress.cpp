#include "core/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>

namespace isocenter::core {

std::string format_duration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "unknown";
  const long whole = std::lround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

Progress terminal_progress() {
  using Clock = std::chrono::steady_clock;
  struct State {
    std::string what;
    Clock::time_point started, drawn;
    bool terminal = isatty(STDERR_FILENO) != 0;
    bool open = false;
  };
  auto state = std::make_shared<State>();
  return [state](const ProgressStep& step) {
    const auto now = Clock::now();
    if (step.what != state->what) {
      if (state->open) std::fputc('\n', stderr);
      state->what = step.what;
      state->started = state->drawn = now;
      state->open = false;
    }
    const double seconds = std::chrono::duration<double>(now - state->started).count();
    const bool finished = step.share >= 1;
    if (seconds < 2) return;
    if (!state->terminal) {
      if (finished && !state->open) fmt::print(stderr, "{}: {}\n", state->what, format_duration(seconds));
      return;
    }
    if (!finished && std::chrono::duration<double>(now - state->drawn).count() < 0.2) return;
    state->drawn = now;
    state->open = true;
    if (finished)
      fmt::print(stderr, "\r\033[K{}: {}", state->what, format_duration(seconds));
    else
      fmt::print(stderr, "\r\033[K{}: {:.0f} %, {} left", state->what, 100 * step.share,
                 step.share > 0 ? format_duration(seconds * (1 - step.share) / step.share) : "unknown");
    std::fflush(stderr);
    if (finished) {
      std::fputc('\n', stderr);
      state->open = false;
    }
  };
}

}  // namespace isocenter::core
