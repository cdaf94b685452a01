// The two errors that are not defects, and what the program exits with.
//
// An operation that cannot go on throws. Expected answers ("no such tag", "kernel does not fit") are values, not exceptions, and a broken
// invariant is a std::logic_error or an assert: a defect of ours. Messages are one line: what is wrong, where, and what to do.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace isocenter::core {

// What the user gave cannot be used: a file, an option, a path that does not exist.
class InputError : public std::runtime_error {
 public:
  explicit InputError(const std::string& message) : std::runtime_error(message) {}
  template <class First, class... Rest>
  InputError(fmt::format_string<First, Rest...> text, First&& first, Rest&&... rest)
      : std::runtime_error(fmt::format(text, std::forward<First>(first), std::forward<Rest>(rest)...)) {}
};

// The machine cannot do it: disk full or read-only, memory, network.
class ResourceError : public std::runtime_error {
 public:
  explicit ResourceError(const std::string& message) : std::runtime_error(message) {}
  template <class First, class... Rest>
  ResourceError(fmt::format_string<First, Rest...> text, First&& first, Rest&&... rest)
      : std::runtime_error(fmt::format(text, std::forward<First>(first), std::forward<Rest>(rest)...)) {}
};

// The process's exit codes; docs/exit-codes.md is the table for users.
enum class ExitCode : int { done = 0, usage = 2, input = 3, resource = 4, partly = 5, defect = 70 };

}  // namespace isocenter::core
