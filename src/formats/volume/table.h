// Tables as text: comma-separated values (RFC 4180). Quoted fields, commas and line breaks inside quotes, doubled quotes, CR LF or LF, a
// UTF-8 byte order mark are read; what is written is quoted only where it must be, with LF.
//
//   Table table = read_csv("cohort.csv");
//   double age = table.number(row, table.column("age"));
//
// Throws core::InputError naming the file and the line: rows of different lengths, an open quote, no header, a column named twice.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace isocenter::formats {

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as `columns`
  std::string source = "table";                // for messages

  std::optional<std::size_t> find_column(std::string_view name) const;
  std::size_t column(std::string_view name) const;  // throws when absent, naming the columns that exist
  const std::string& text(std::size_t row, std::size_t column) const { return rows[row][column]; }
  double number(std::size_t row, std::size_t column) const;                          // throws when it is none; "nan" is none
  std::optional<double> optional_number(std::size_t row, std::size_t column) const;  // nothing for an empty field, "NA", "nan"
};

Table parse_csv(std::string_view text, const std::string& source, char separator = ',');
// The separator is a tab for names that end in .tsv.
Table read_csv(const std::filesystem::path& path);
std::string format_csv(const Table& table);
void write_csv(const std::filesystem::path& path, const Table& table);

}  // namespace isocenter::formats
