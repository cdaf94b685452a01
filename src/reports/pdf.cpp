#include "reports/pdf.h"

#include <algorithm>

#include "reports/content.h"
#include "reports/pdf_table.h"
#include "reports/sheet.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

constexpr double text_size = 8.8, small_size = 7.8;
constexpr int pictures_a_row = 3;

void draw_notice(Sheet& sheet, const std::string& notice) {
  const TextStyle style{.size = 8.4, .bold = true, .width = Sheet::width - 16, .color = serious_color};
  const double height = sheet.height_of(notice, style);
  sheet.box(Sheet::left, sheet.y(), Sheet::width, height + 9, serious_color, false);
  sheet.text(Sheet::left + 8, sheet.y() + 4.5, notice, style);
  sheet.skip(height + 9 + 10);
}

void draw_title(Sheet& sheet, const Content& shown) {
  const std::string subject = shown.examined.empty() ? shown.subject : shown.subject + " \u00b7 " + shown.examined;
  TextStyle title{.size = 17, .bold = true};
  const double room = 0.62 * Sheet::width, needed = measure_text(sheet.context(), shown.title, title).width;
  title.size = std::min(title.size, std::max(12.0, title.size * room / needed));  // on one line where it can be
  if (measure_text(sheet.context(), shown.title, title).width > 1.05 * room) title.width = room;
  const TextStyle beside{.size = 9.5, .width = 0.36 * Sheet::width, .align = TextStyle::Align::right, .color = soft};
  const double height = std::max(sheet.height_of(shown.title, title), sheet.height_of(subject, beside) + 8);
  sheet.text(Sheet::left, sheet.y(), shown.title, title);
  sheet.text(Sheet::right - beside.width, sheet.y() + 8, subject, beside);
  sheet.skip(height + 3);
  sheet.line(Sheet::left, sheet.y(), Sheet::right, ink, 1.2);
  sheet.skip(7);
}

// Labels and values in two columns; returns the height.
double draw_facts(Sheet& sheet, double x, double width, double label_width, double start, const std::vector<Fact>& facts) {
  double y = start;
  for (const Fact& fact : facts) {
    const double label = sheet.text(x, y, fact.label, {.size = text_size, .width = label_width, .color = soft});
    const double value = sheet.text(x + label_width, y, fact.value, {.size = text_size, .width = width - label_width});
    y += std::max(label, value) + 1;
  }
  return y - start;
}

void draw_header_facts(Sheet& sheet, const Content& shown) {
  const double half = (Sheet::width - 20) / 2;
  if (shown.patient.empty()) return sheet.skip(draw_facts(sheet, Sheet::left, Sheet::width, 84, sheet.y(), shown.acquisition));
  const double left = draw_facts(sheet, Sheet::left, half, 66, sheet.y(), shown.patient);
  const double right = draw_facts(sheet, Sheet::left + half + 20, half, 84, sheet.y(), shown.acquisition);
  sheet.skip(std::max(left, right));
}

void draw_key_figures(Sheet& sheet, const Content& shown) {
  if (shown.key_figures.empty()) return;
  const bool with_change = std::ranges::any_of(shown.key_figures, [](const KeyFigure& figure) { return !figure.change.empty(); });
  const double cell = Sheet::width / 3, height = with_change ? 57 : 46;
  sheet.heading("Key figures", height);
  for (std::size_t n = 0; n < shown.key_figures.size(); ++n) {
    if (n % 3 == 0) sheet.line(Sheet::left, sheet.y(), Sheet::right, rule);
    const KeyFigure& figure = shown.key_figures[n];
    const double x = Sheet::left + cell * static_cast<double>(n % 3);
    double y = sheet.y() + 4;
    y += sheet.text(x, y, figure.name, {.size = text_size, .color = soft});
    const TextStyle large{.size = 15};
    const TextSize value = draw_text(sheet.context(), x, y, figure.value, large);
    sheet.text(x + value.width + 3, y + 5.2, figure.unit, {.size = 9.5, .color = soft});
    y += value.height - 1;
    if (!figure.detail.empty()) y += sheet.text(x, y, figure.detail, {.size = small_size, .color = soft});
    if (!figure.change.empty()) sheet.text(x, y, figure.change, {.size = small_size, .color = soft});
    if (n % 3 == 2 || n + 1 == shown.key_figures.size()) sheet.skip(height);
  }
  sheet.line(Sheet::left, sheet.y(), Sheet::right, rule);
}

void draw_legend(Sheet& sheet, const std::vector<LegendEntry>& legend) {
  const TextStyle style{.size = 7.4, .color = soft};
  double x = Sheet::left;
  double height = 0;
  for (const LegendEntry& entry : legend) {
    const std::string name = printable(entry.name);
    const TextSize size = measure_text(sheet.context(), name, style);
    if (x + 10 + size.width > Sheet::right) {
      x = Sheet::left;
      sheet.skip(size.height + 1);
    }
    height = size.height;
    sheet.box(x, sheet.y() + 2, 6, 6, {entry.color[0] / 255.0, entry.color[1] / 255.0, entry.color[2] / 255.0}, true);
    sheet.box(x, sheet.y() + 2, 6, 6, {0.55, 0.56, 0.6}, false);
    sheet.text(x + 9, sheet.y(), name, style);
    x += 9 + size.width + 10;
  }
  sheet.skip(height + 1);
}

void draw_pictures(Sheet& sheet, const std::string& title, const std::vector<Figure>& figures, std::size_t first, std::size_t last) {
  if (first >= last) return;
  constexpr double gap = 8;
  const double size = (Sheet::width - gap * (pictures_a_row - 1)) / pictures_a_row;
  sheet.heading(title, size + 40);
  for (std::size_t n = first; n < last; n += pictures_a_row) {
    const std::size_t end = std::min(last, n + pictures_a_row);
    sheet.keep_together(size + 30);
    double caption = 0;
    for (std::size_t i = n; i < end; ++i) {
      const double x = Sheet::left + (size + gap) * static_cast<double>(i - n);
      const Figure& figure = figures[i];
      sheet.picture(x, sheet.y(), size, figure.rgb, figure.width, figure.height);
      caption = std::max(caption, sheet.text(x, sheet.y() + size + 2, printable(figure.title), {.size = 7.6, .width = size}));
    }
    sheet.skip(size + caption + 6);
  }
  draw_legend(sheet, legend_of(figures, first, last));
}

void draw_flags(Sheet& sheet, const Content& shown) {
  sheet.heading("Quality", 30);
  if (shown.flags.empty()) return sheet.paragraph(shown.flag_summary, {.size = text_size});
  constexpr double word_width = 52;
  for (const FlagLine& flag : shown.flags) {
    const TextStyle style{.size = text_size, .width = Sheet::width - word_width};
    const double height = sheet.height_of(flag.text, style);
    sheet.keep_together(height + 5);
    sheet.line(Sheet::left, sheet.y(), Sheet::right, rule);
    const Color& color = flag.severity == Severity::serious ? serious_color : flag.severity == Severity::warning ? warning_color : soft;
    sheet.text(Sheet::left, sheet.y() + 2.5, flag.word, {.size = text_size, .bold = true, .color = color});
    sheet.text(Sheet::left + word_width, sheet.y() + 2.5, flag.text, style);
    sheet.skip(height + 5);
  }
  sheet.line(Sheet::left, sheet.y(), Sheet::right, rule);
}

void draw_pairs(Sheet& sheet, const std::string& title, const std::vector<Fact>& pairs, double label_width) {
  if (pairs.empty()) return;
  sheet.heading(title, 24);
  for (const Fact& pair : pairs) {
    const TextStyle label{.size = text_size, .width = label_width - 8}, value{.size = text_size, .width = Sheet::width - label_width};
    const double height = std::max(sheet.height_of(pair.label, label), sheet.height_of(pair.value, value));
    sheet.keep_together(height + 4);
    sheet.line(Sheet::left, sheet.y(), Sheet::right, rule);
    sheet.text(Sheet::left, sheet.y() + 2, pair.label, label);
    sheet.text(Sheet::left + label_width, sheet.y() + 2, pair.value, value);
    sheet.skip(height + 4);
  }
}

void draw_method(Sheet& sheet, const Content& shown) {
  if (!shown.limits.empty()) {
    sheet.heading("Limits", 24);
    for (const std::string& limit : shown.limits) {
      const TextStyle style{.size = text_size, .width = Sheet::width - 12};
      const double height = sheet.height_of(limit, style);
      sheet.keep_together(height + 2);
      sheet.text(Sheet::left + 2, sheet.y(), "\u2022", {.size = text_size});
      sheet.text(Sheet::left + 12, sheet.y(), limit, style);
      sheet.skip(height + 2);
    }
  }
  sheet.heading("Method", 30);
  for (const std::string& paragraph : shown.method) {
    sheet.paragraph(paragraph, {.size = text_size});
    sheet.skip(4);
  }
  draw_pairs(sheet, "How this report was made", shown.manifest, 110);
  draw_pairs(sheet, "Files beside this report", shown.files, 110);
}

std::vector<std::uint8_t> draw(const Findings& findings, const Content& shown, int expected_pages, int& pages) {
  Sheet sheet({shown.title, shown.examined.empty() ? shown.subject : shown.subject + ", " + shown.examined,
               "Research software. Not for clinical use.", findings.manifest.created},
              expected_pages);
  const std::size_t in_first_row = std::min<std::size_t>(findings.figures.size(), pictures_a_row);
  draw_notice(sheet, shown.notice);
  draw_title(sheet, shown);
  draw_header_facts(sheet, shown);
  draw_key_figures(sheet, shown);
  draw_pictures(sheet, "Pictures", findings.figures, 0, in_first_row);
  draw_flags(sheet, shown);
  if (!shown.rows.empty()) {
    sheet.begin_page();
    draw_structure_table(sheet, shown);
  }
  draw_pictures(sheet, "More pictures", findings.figures, in_first_row, findings.figures.size());
  draw_pairs(sheet, "Series left aside", shown.left_aside, 160);
  draw_method(sheet, shown);
  pages = sheet.page();
  return sheet.finish();
}

}  // namespace

std::vector<std::uint8_t> pdf(const Findings& findings) {
  const Content shown = content(findings);
  Findings without_pixels = findings;
  for (Figure& figure : without_pixels.figures) figure.width = figure.height = 1, figure.rgb = {0, 0, 0};
  int pages = 0;
  draw(without_pixels, shown, 0, pages);  // to count the pages
  return draw(findings, shown, pages, pages);
}

}  // namespace isocenter::reports
