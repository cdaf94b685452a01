#include "reports/pdf_table.h"

#include <algorithm>

namespace isocenter::reports {
namespace {

constexpr double text_size = 8.6, mark_size = 7.2, bar_width = 38, row_padding = 2.4;

// Where each column of numbers ends (they are flush right), by side and kind; absent columns have width 0.
struct Columns {
  double ml, share, change;                   // widths
  double left_start, right_start, sides_end;  // x
  double asymmetry_end, bar_start, confidence_end;

  explicit Columns(const Content& shown) {
    ml = 40;
    share = shown.share_of.empty() ? 0 : 46;
    change = shown.prior_title.empty() ? 0 : 46;
    confidence_end = Sheet::right;
    bar_start = confidence_end - 30 - bar_width;
    asymmetry_end = bar_start - 14;
    sides_end = asymmetry_end - 54;
    right_start = sides_end - of_a_side();
    left_start = right_start - of_a_side();
  }
  double of_a_side() const { return ml + share + change; }
};

void number(Sheet& sheet, double end, double y, const std::string& text, const Color& color = ink) {
  if (!text.empty()) sheet.text(end, y, text, {.size = text_size, .align = TextStyle::Align::right, .color = color});
}

void draw_head(Sheet& sheet, const Content& shown, const Columns& columns) {
  const double y = sheet.y();
  for (const double start : {columns.left_start, columns.right_start}) {
    const char* side = start == columns.left_start ? "Left" : "Right";
    const double middle = start + columns.of_a_side() / 2 + 6;
    sheet.text(middle, y, side, {.size = text_size, .align = TextStyle::Align::center, .color = soft});
    sheet.line(start + 10, y + 12, start + columns.of_a_side(), rule);
    number(sheet, start + columns.ml, y + 13.5, "ml", soft);
    if (columns.share > 0) number(sheet, start + columns.ml + columns.share, y + 13.5, "%", soft);
    if (columns.change > 0) number(sheet, start + columns.of_a_side(), y + 13.5, "change", soft);
  }
  sheet.text(Sheet::left, y + 13.5, "Structure", {.size = text_size, .color = soft});
  number(sheet, columns.asymmetry_end, y + 13.5, "Asymmetry", soft);
  number(sheet, columns.confidence_end, y + 13.5, "Confidence", soft);
  sheet.line(Sheet::left, y + 26, Sheet::right, ink, 0.8);
  sheet.set_y(y + 26);
  (void)shown;
}

void draw_cell(Sheet& sheet, const Columns& columns, double start, double y, const VolumeCell& cell) {
  number(sheet, start + columns.ml, y, cell.ml);
  if (columns.share > 0) number(sheet, start + columns.ml + columns.share, y, cell.share);
  if (columns.change > 0) number(sheet, start + columns.of_a_side(), y, cell.change);
}

void draw_row(Sheet& sheet, const Columns& columns, const StructureRow& row, double height) {
  const double y = sheet.y() + row_padding;
  sheet.box(Sheet::left, y + 2, 6.5, 6.5, {row.color[0] / 255.0, row.color[1] / 255.0, row.color[2] / 255.0}, true);
  sheet.box(Sheet::left, y + 2, 6.5, 6.5, {0.55, 0.56, 0.6}, false);
  double name_y = y;
  const double name_width = columns.left_start - Sheet::left - 8;
  name_y += sheet.text(Sheet::left + 11, name_y, row.structure, {.size = text_size, .width = name_width});
  for (const std::string& mark : row.marks)
    name_y +=
        sheet.text(Sheet::left + 11, name_y, "\u25b2 " + mark, {.size = mark_size, .width = 1.6 * name_width, .color = warning_color});
  if (row.middle) {
    std::string text = row.middle->ml;
    if (columns.share > 0) text += "  (" + row.middle->share + ")";
    if (columns.change > 0 && !row.middle->change.empty()) text += "  " + row.middle->change;
    sheet.text((columns.left_start + columns.sides_end) / 2 + 6, y, text, {.size = text_size, .align = TextStyle::Align::center});
  }
  if (row.left) draw_cell(sheet, columns, columns.left_start, y, *row.left);
  if (row.right) draw_cell(sheet, columns, columns.right_start, y, *row.right);
  number(sheet, columns.asymmetry_end, y, row.asymmetry);
  sheet.box(columns.bar_start, y + 2.4, bar_width, 5.6, {0.89, 0.90, 0.92}, true);
  sheet.box(columns.bar_start, y + 2.4, bar_width * std::clamp(row.confidence, 0.0, 1.0), 5.6, accent, true);
  number(sheet, columns.confidence_end, y, row.confidence_text);
  sheet.skip(height);
  sheet.line(Sheet::left, sheet.y(), Sheet::right, rule);
}

}  // namespace

void draw_structure_table(Sheet& sheet, const Content& shown) {
  const Columns columns(shown);
  sheet.heading("Structures by side", 100);
  sheet.paragraph(shown.table_note, {.size = 7.8, .color = soft});
  sheet.skip(6);
  draw_head(sheet, shown, columns);
  for (const StructureRow& row : shown.rows) {
    const double name_width = columns.left_start - Sheet::left - 8;
    double height = sheet.height_of(row.structure, {.size = text_size, .width = name_width}) + 2 * row_padding - 1;
    for (const std::string& mark : row.marks) height += sheet.height_of("\u25b2 " + mark, {.size = mark_size, .width = 1.6 * name_width});
    const int page = sheet.page();
    sheet.keep_together(height);
    if (sheet.page() != page) draw_head(sheet, shown, columns);
    draw_row(sheet, columns, row, height);
  }
}

}  // namespace isocenter::reports
