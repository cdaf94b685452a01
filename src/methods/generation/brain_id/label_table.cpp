#include "methods/generation/brain_id/label_table.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/file.h"
#include "methods/generation/brain_id/output_classes.h"

namespace isocenter::methods::brain_id {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char letter : line) {
    if (letter == '"')
      quoted = !quoted;
    else if (letter == ',' && !quoted)
      cells.emplace_back();
    else if (letter != '\r')
      cells.back() += letter;
  }
  return cells;
}

int whole_number(const std::string& text, const std::string& where) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) throw core::InputError("{}: '{}' is not a whole number", where, text);
  return value;
}

// SynthSeg's maps hold these inside of the skull without giving them an output: sulcal fluid, vessels, fifth ventricle, optic chiasm.
const std::set<int> other_intracranial_labels = {24, 30, 62, 72, 85};

}  // namespace

LabelTable read_label_table(const std::filesystem::path& csv) {
  std::istringstream lines(core::read_text(csv, 1 << 20));
  std::string line;
  std::map<std::string, std::size_t> column;
  LabelTable table;
  std::set<int> seen;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string where = fmt::format("{}:{}", csv.string(), number);
    const auto cells = cells_of(line);
    if (column.empty()) {
      for (std::size_t i = 0; i < cells.size(); ++i) column[cells[i]] = i;
      for (const char* needed : {"label", "name", "side", "generation_class", "output_label"})
        if (!column.contains(needed)) throw core::InputError("{}: the column '{}' is missing", csv.string(), needed);
      continue;
    }
    if (line.empty()) continue;
    if (cells.size() != column.size()) throw core::InputError("{}: {} cells, the header has {}", where, cells.size(), column.size());
    LabelRow row;
    row.label = whole_number(cells[column["label"]], where);
    row.name = cells[column["name"]];
    const std::string& side = cells[column["side"]];
    row.side = side == "left" ? LabelRow::Side::left : side == "right" ? LabelRow::Side::right : LabelRow::Side::none;
    row.generation_class = whole_number(cells[column["generation_class"]], where);
    row.extra_cerebral = row.label == 0 || row.label >= 500;
    const int output = whole_number(cells[column["output_label"]], where);
    if (other_intracranial_labels.contains(row.label))
      row.output_class = other_intracranial;
    else if (const auto index = class_of_output_label(output))
      row.output_class = *index;
    else
      throw core::InputError("{}: output label {} is none of the 31 structures", where, output);
    if (row.generation_class < 0 || row.generation_class > 255)
      throw core::InputError("{}: generation class {} is not from 0 to 255", where, row.generation_class);
    if (!seen.insert(row.label).second) throw core::InputError("{}: label {} stands twice", where, row.label);
    table.generation_classes = std::max(table.generation_classes, row.generation_class + 1);
    table.rows.push_back(std::move(row));
    if (table.rows.size() > 255) throw core::InputError("{}: more than 255 labels", where);
  }
  if (table.rows.empty()) throw core::InputError("{}: holds no labels", csv.string());
  return table;
}

std::uint8_t LabelTable::row_of(int label, const std::string& file) const {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].label == label) return static_cast<std::uint8_t>(i);
  throw core::InputError("{}: label {} is not in the table of labels", file, label);
}

}  // namespace isocenter::methods::brain_id
