// A table of a TOML file, read key by key; every fault names file, line, table and key. Keys that nobody asked for are refused, so that a
// misspelt one does not silently leave a default in place. Included by .cpp files of this room alone.
#pragma once

#include <toml++/toml.h>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"

namespace isocenter::models {

class TomlTable {
 public:
  TomlTable(const toml::table& table, std::string file, std::string name)
      : table_(&table), file_(std::move(file)), name_(std::move(name)) {}

  bool has(const std::string& key) const { return table_->contains(key); }

  // The value, or an error when it is missing or of another type. Whole numbers are taken where numbers are asked for.
  std::string text(const std::string& key) const { return need<std::string>(key, "a text"); }
  double number(const std::string& key) const { return need<double>(key, "a number"); }
  std::int64_t integer(const std::string& key) const { return need<std::int64_t>(key, "a whole number"); }
  bool flag(const std::string& key) const { return need<bool>(key, "true or false"); }
  std::vector<std::string> texts(const std::string& key) const { return list<std::string>(key, "a list of texts"); }
  std::vector<double> numbers(const std::string& key) const { return list<double>(key, "a list of numbers"); }
  std::vector<std::int64_t> integers(const std::string& key) const { return list<std::int64_t>(key, "a list of whole numbers"); }

  std::string text(const std::string& key, const std::string& otherwise) const { return has(key) ? text(key) : otherwise; }
  double number(const std::string& key, double otherwise) const { return has(key) ? number(key) : otherwise; }
  std::int64_t integer(const std::string& key, std::int64_t otherwise) const { return has(key) ? integer(key) : otherwise; }
  bool flag(const std::string& key, bool otherwise) const { return has(key) ? flag(key) : otherwise; }

  TomlTable table(const std::string& key) const {
    const toml::node& node = find(key);
    if (!node.is_table()) refuse(key, "must be a table");
    return {*node.as_table(), file_, name_.empty() ? key : name_ + "." + key};
  }
  std::vector<TomlTable> tables(const std::string& key) const {
    const toml::node& node = find(key);
    const toml::array* array = node.as_array();
    if (!array) refuse(key, "must be a list of tables");
    std::vector<TomlTable> result;
    for (const toml::node& element : *array) {
      if (!element.is_table()) refuse(key, "must be a list of tables");
      result.emplace_back(*element.as_table(), file_, (name_.empty() ? key : name_ + "." + key) + " " + std::to_string(result.size() + 1));
    }
    return result;
  }

  [[noreturn]] void refuse(const std::string& key, const std::string& why) const {
    const toml::node* node = table_->get(key);
    const auto line = (node ? node->source() : table_->source()).begin.line;
    throw core::InputError("{}, line {}: {}'{}' {}", file_, line, name_.empty() ? "" : "[" + name_ + "] ", key, why);
  }

  void refuse_unused() const {
    for (const auto& [key, value] : *table_)
      if (!used_.count(std::string(key.str()))) refuse(std::string(key.str()), "is not a key of this format");
  }

 private:
  const toml::table* table_;
  std::string file_, name_;
  mutable std::set<std::string> used_;

  const toml::node& find(const std::string& key) const {
    used_.insert(key);
    const toml::node* node = table_->get(key);
    if (!node) refuse(key, "is missing");
    return *node;
  }

  template <class Value>
  static std::optional<Value> value_of(const toml::node& node) {
    if constexpr (std::is_same_v<Value, double>) {
      if (node.is_integer()) return static_cast<double>(node.as_integer()->get());
    }
    return node.value_exact<Value>();
  }

  template <class Value>
  Value need(const std::string& key, const char* wanted) const {
    const auto value = value_of<Value>(find(key));
    if (!value) refuse(key, std::string("must be ") + wanted);
    return *value;
  }

  template <class Value>
  std::vector<Value> list(const std::string& key, const char* wanted) const {
    const toml::array* array = find(key).as_array();
    if (!array) refuse(key, std::string("must be ") + wanted);
    std::vector<Value> values;
    for (const toml::node& element : *array) {
      const auto value = value_of<Value>(element);
      if (!value) refuse(key, std::string("must be ") + wanted);
      values.push_back(*value);
    }
    return values;
  }
};

}  // namespace isocenter::models
