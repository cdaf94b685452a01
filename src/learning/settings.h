// Named values from a recipe's table, of a source or a method: `number("left_out", 2)`. Keys that nobody asked for are refused, so that a
// misspelt one does not silently leave a default in place.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace isocenter::learning {

class Settings {
 public:
  using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<double>, std::vector<std::string>>;

  Settings() = default;
  Settings(std::string where, std::map<std::string, Value> values) : where_(std::move(where)), values_(std::move(values)) {}

  // Throw core::InputError when the value is of another type; those without `otherwise` also when it is absent.
  double number(const std::string& key, double otherwise) const;
  std::int64_t integer(const std::string& key, std::int64_t otherwise) const;
  bool flag(const std::string& key, bool otherwise) const;
  std::string text(const std::string& key) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  std::vector<double> numbers(const std::string& key, std::vector<double> otherwise) const;
  std::vector<std::string> texts(const std::string& key, std::vector<std::string> otherwise) const;

  // Throws core::InputError naming the first key that was never asked for.
  void refuse_unused() const;
  const std::string& where() const { return where_; }

 private:
  const Value* find(const std::string& key) const;
  [[noreturn]] void refuse(const std::string& key, const char* wanted) const;

  std::string where_ = "settings";
  std::map<std::string, Value> values_;
  mutable std::set<std::string> used_;
};

}  // namespace isocenter::learning
