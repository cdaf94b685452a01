#include "learning/settings.h"

#include "core/error.h"

namespace isocenter::learning {

const Settings::Value* Settings::find(const std::string& key) const {
  used_.insert(key);
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

void Settings::refuse(const std::string& key, const char* wanted) const {
  throw core::InputError("{}: \"{}\" must be {}", where_, key, wanted);
}

double Settings::number(const std::string& key, double otherwise) const {
  const Value* value = find(key);
  if (!value) return otherwise;
  if (const auto* number = std::get_if<double>(value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(value)) return static_cast<double>(*integer);
  refuse(key, "a number");
}

std::int64_t Settings::integer(const std::string& key, std::int64_t otherwise) const {
  const Value* value = find(key);
  if (!value) return otherwise;
  if (const auto* integer = std::get_if<std::int64_t>(value)) return *integer;
  refuse(key, "a whole number");
}

bool Settings::flag(const std::string& key, bool otherwise) const {
  const Value* value = find(key);
  if (!value) return otherwise;
  if (const auto* flag = std::get_if<bool>(value)) return *flag;
  refuse(key, "true or false");
}

std::string Settings::text(const std::string& key) const {
  const Value* value = find(key);
  if (!value) throw core::InputError("{}: \"{}\" is missing", where_, key);
  if (const auto* text = std::get_if<std::string>(value)) return *text;
  refuse(key, "a text");
}

std::string Settings::text(const std::string& key, const std::string& otherwise) const { return find(key) ? text(key) : otherwise; }

std::vector<double> Settings::numbers(const std::string& key, std::vector<double> otherwise) const {
  const Value* value = find(key);
  if (!value) return otherwise;
  if (const auto* numbers = std::get_if<std::vector<double>>(value)) return *numbers;
  refuse(key, "a list of numbers");
}

std::vector<std::string> Settings::texts(const std::string& key, std::vector<std::string> otherwise) const {
  const Value* value = find(key);
  if (!value) return otherwise;
  if (const auto* texts = std::get_if<std::vector<std::string>>(value)) return *texts;
  if (const auto* numbers = std::get_if<std::vector<double>>(value); numbers && numbers->empty()) return {};
  refuse(key, "a list of texts");
}

void Settings::refuse_unused() const {
  for (const auto& [key, value] : values_)
    if (!used_.count(key)) throw core::InputError("{}: \"{}\" is not a known key", where_, key);
}

}  // namespace isocenter::learning
