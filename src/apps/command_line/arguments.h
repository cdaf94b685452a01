// What the user wrote, checked against a Verb. Defaults are filled in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "apps/command_line/usage.h"
#include "core/progress.h"

namespace isocenter::apps {

// The command line itself is wrong: exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Arguments {
 public:
  Arguments(const Verb& verb, const std::vector<std::string>& words);  // throws UsageError

  bool flag(const std::string& name) const;
  std::string text(const std::string& name) const;  // of an option or positional; "" when absent
  std::optional<std::filesystem::path> path(const std::string& name) const;
  std::vector<std::string> all(const std::string& name) const;                               // of a positional that takes many
  std::int64_t integer(const std::string& name, std::int64_t low, std::int64_t high) const;  // throws UsageError outside of [low, high]
  double number(const std::string& name, double low, double high) const;
  bool given(const std::string& name) const;

  bool json() const { return flag("--json"); }
  core::Progress progress() const;

 private:
  std::string verb_;
  std::map<std::string, std::vector<std::string>> values_;
  std::map<std::string, bool> given_;
};

}  // namespace isocenter::apps
