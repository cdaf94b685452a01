#include "formats/volume/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/file.h"

namespace isocenter::formats {
using core::InputError;
namespace {

std::string_view stripped(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<double> parsed(std::string_view text) {
  text = stripped(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || std::isnan(value)) return std::nullopt;
  return value;
}

// Goes through the text once; each call gives one record, and `line` is where it began.
struct Scanner {
  std::string_view text;
  const std::string& source;
  char separator;
  std::size_t at = 0, line = 1;

  std::vector<std::string> record() {
    std::vector<std::string> fields(1);
    const std::size_t began = line;
    bool quoted = false, closed = false;
    for (; at < text.size(); ++at) {
      const char letter = text[at];
      if (quoted) {
        if (letter == '"' && at + 1 < text.size() && text[at + 1] == '"') {
          fields.back() += '"';
          ++at;
        } else if (letter == '"') {
          quoted = false, closed = true;
        } else {
          if (letter == '\n') ++line;
          fields.back() += letter;
        }
      } else if (letter == separator) {
        fields.emplace_back();
        closed = false;
      } else if (letter == '\n' || (letter == '\r' && (at + 1 == text.size() || text[at + 1] == '\n'))) {
        at += letter == '\r' && at + 1 < text.size() ? 2 : 1;
        ++line;
        return fields;
      } else if (letter == '"' && fields.back().empty() && !closed) {
        quoted = true;
      } else if (closed) {
        throw InputError("{}: line {}: letters stand behind a closing quote", source, line);
      } else {
        fields.back() += letter;
      }
    }
    if (quoted) throw InputError("{}: line {}: a quote is opened and never closed", source, began);
    return fields;
  }
};

std::string quoted_where_needed(const std::string& field) {
  const bool plain =
      field.find_first_of(",\"\r\n") == std::string::npos && (field.empty() || (field.front() != ' ' && field.back() != ' '));
  if (plain) return field;
  std::string quoted = "\"";
  for (char letter : field) quoted += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  return quoted + '"';
}

}  // namespace

std::optional<std::size_t> Table::find_column(std::string_view name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

std::size_t Table::column(std::string_view name) const {
  if (const auto found = find_column(name)) return *found;
  std::string known;
  for (std::size_t i = 0; i < columns.size() && i < 20; ++i) known += (i == 0 ? "" : ", ") + columns[i];
  throw InputError("{}: has no column '{}'; its columns are: {}", source, name, known);
}

double Table::number(std::size_t row, std::size_t column) const {
  if (const auto value = parsed(rows[row][column])) return *value;
  throw InputError("{}: row {}, column '{}': '{}' is no number", source, row + 1, columns[column], rows[row][column].substr(0, 40));
}

std::optional<double> Table::optional_number(std::size_t row, std::size_t column) const {
  std::string word(stripped(rows[row][column]));
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char letter) { return std::tolower(letter); });
  if (word.empty() || word == "na" || word == "nan" || word == "n/a") return std::nullopt;
  return number(row, column);
}

Table parse_csv(std::string_view text, const std::string& source, char separator) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Scanner scanner{text, source, separator};
  Table table;
  table.source = source;
  table.columns = scanner.record();
  if (table.columns == std::vector<std::string>{""}) throw InputError("{}: is empty; a line of column names is needed", source);
  for (std::string& name : table.columns) name = std::string(stripped(name));
  std::set<std::string> seen;
  for (const std::string& name : table.columns)
    if (!name.empty() && !seen.insert(name).second) throw InputError("{}: the column '{}' stands twice", source, name);
  while (scanner.at < text.size()) {
    const std::size_t line = scanner.line;
    std::vector<std::string> fields = scanner.record();
    if (fields.size() == 1 && fields[0].empty() && table.columns.size() > 1) continue;  // an empty line
    if (fields.size() != table.columns.size())
      throw InputError("{}: line {}: {} fields, but {} columns", source, line, fields.size(), table.columns.size());
    table.rows.push_back(std::move(fields));
  }
  return table;
}

Table read_csv(const std::filesystem::path& path) {
  return parse_csv(core::read_text(path), path.string(), path.extension() == ".tsv" ? '\t' : ',');
}

std::string format_csv(const Table& table) {
  std::string text;
  auto add = [&](const std::vector<std::string>& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) text += (i == 0 ? "" : ",") + quoted_where_needed(fields[i]);
    // A single empty field would read back as an empty line.
    if (fields.size() == 1 && fields[0].empty()) text += "\"\"";
    text += '\n';
  };
  add(table.columns);
  for (const auto& row : table.rows) add(row);
  return text;
}

void write_csv(const std::filesystem::path& path, const Table& table) { core::write_text(path, format_csv(table)); }

}  // namespace isocenter::formats
