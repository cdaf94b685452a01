#include "apps/command_line/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>

namespace isocenter::apps {
namespace {

std::string flags_of(const Option& option) { return option.short_name.empty() ? option.name : option.short_name + "," + option.name; }

}  // namespace

const std::vector<Option>& common_options() {
  static const std::vector<Option> options = {
      {"--json", "", "print the result as JSON on standard output, and nothing else there"},
      {"--threads", "N", "processor threads to use", "all cores"},
      {"--quiet", "", "no progress on standard error"},
  };
  return options;
}

Arguments::Arguments(const Verb& verb, const std::vector<std::string>& words) : verb_(verb.name) {
  CLI::App parser;
  parser.set_help_flag();
  std::map<std::string, bool> flags;
  const auto add_option = [&](const Option& option) {
    if (option.value.empty()) {
      parser.add_flag(flags_of(option), flags[option.name]);
      return;
    }
    auto* added =
        parser.add_option(flags_of(option), values_[option.name])->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    if (option.required) added->required();
  };
  for (const auto& option : verb.options) add_option(option);
  for (const auto& option : common_options()) add_option(option);
  for (const auto& positional : verb.positionals) {
    auto* added = parser.add_option(positional.name, values_[positional.name]);
    added->expected(positional.required ? 1 : 0, positional.many ? 1 << 20 : 1)->allow_extra_args(positional.many || !positional.required);
    if (positional.required) added->required();
  }
  std::vector<std::string> reversed(words.rbegin(), words.rend());  // the order CLI11 takes a vector in
  try {
    parser.parse(reversed);
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    if (message.ends_with('\n')) message.pop_back();
    throw UsageError(message);
  }
  const auto check = [&](const std::string& name, const std::vector<std::string>& choices) {
    if (choices.empty()) return;
    for (const auto& value : values_[name])
      if (std::find(choices.begin(), choices.end(), value) == choices.end())
        throw UsageError(fmt::format("{}: '{}' is not one of {}", name, value, fmt::join(choices, ", ")));
  };
  for (const auto& option : verb.options) {
    given_[option.name] = option.value.empty() ? flags[option.name] : !values_[option.name].empty();
    check(option.name, option.choices);
    if (!option.value.empty() && values_[option.name].empty() && !option.otherwise.empty()) values_[option.name] = {option.otherwise};
  }
  for (const auto& option : common_options())
    given_[option.name] = option.value.empty() ? flags[option.name] : !values_[option.name].empty();
  for (const auto& positional : verb.positionals) {
    given_[positional.name] = !values_[positional.name].empty();
    check(positional.name, positional.choices);
  }
}

bool Arguments::given(const std::string& name) const {
  const auto found = given_.find(name);
  if (found == given_.end()) throw std::logic_error(verb_ + " has no argument " + name);
  return found->second;
}

bool Arguments::flag(const std::string& name) const { return given(name); }

std::string Arguments::text(const std::string& name) const {
  given(name);
  const auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? std::string() : found->second.front();
}

std::optional<std::filesystem::path> Arguments::path(const std::string& name) const {
  const std::string value = text(name);
  if (value.empty()) return std::nullopt;
  return std::filesystem::path(value);
}

std::vector<std::string> Arguments::all(const std::string& name) const {
  given(name);
  return values_.at(name);
}

std::int64_t Arguments::integer(const std::string& name, std::int64_t low, std::int64_t high) const {
  const std::string word = text(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || value < low || value > high)
    throw UsageError(fmt::format("{}: '{}' is not a whole number from {} to {}", name, word, low, high));
  return value;
}

double Arguments::number(const std::string& name, double low, double high) const {
  const std::string word = text(name);
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || !(value >= low && value <= high))
    throw UsageError(fmt::format("{}: '{}' is not a number from {} to {}", name, word, low, high));
  return value;
}

core::Progress Arguments::progress() const { return flag("--quiet") ? core::no_progress() : core::terminal_progress(); }

}  // namespace isocenter::apps
