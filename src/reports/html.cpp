#include "reports/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "reports/content.h"
#include "reports/html_style.h"
#include "reports/png.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

constexpr std::size_t pictures_a_row = 3;

class Page {
 public:
  template <class... Values>
  void add(fmt::format_string<Values...> text, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), text, std::forward<Values>(values)...);
    text_ += '\n';
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string css_color(const std::array<std::uint8_t, 3>& color) { return fmt::format("#{:02x}{:02x}{:02x}", color[0], color[1], color[2]); }

void add_facts(Page& page, const std::vector<Fact>& facts) {
  if (facts.empty()) return;
  page.add("<dl>");
  for (const Fact& fact : facts) page.add("<dt>{}</dt><dd>{}</dd>", escaped(fact.label), escaped(fact.value));
  page.add("</dl>");
}

void add_key_figures(Page& page, const Content& shown) {
  page.add("<section aria-labelledby=\"key\"><h2 id=\"key\">Key figures</h2>\n<ul class=\"figures-of-merit\">");
  for (const KeyFigure& figure : shown.key_figures) {
    page.add("<li><span class=\"name\">{}</span> <span class=\"value\">{}</span> <span class=\"unit\">{}</span>", escaped(figure.name),
             escaped(figure.value), escaped(figure.unit));
    if (!figure.detail.empty()) page.add("<span class=\"detail\">{}</span>", escaped(figure.detail));
    if (!figure.change.empty()) page.add("<span class=\"detail\">{}</span>", escaped(figure.change));
    page.add("</li>");
  }
  page.add("</ul></section>");
}

void add_figure(Page& page, const Figure& figure) {
  page.add("<figure><img src=\"data:image/png;base64,{}\" width=\"{}\" height=\"{}\" alt=\"{}\"/>", base64(encode_png(figure)),
           figure.width, figure.height, escaped(printable(figure.description.empty() ? figure.title : figure.description)));
  page.add("<figcaption>{}</figcaption>", escaped(printable(figure.title)));
  page.add("</figure>");
}

void add_figures(Page& page, const std::vector<Figure>& figures, std::size_t first, std::size_t last) {
  page.add("<div class=\"pictures\">");
  for (std::size_t i = first; i < last; ++i) add_figure(page, figures[i]);
  page.add("</div>");
  const std::vector<LegendEntry> legend = legend_of(figures, first, last);
  if (legend.empty()) return;
  page.add("<ul class=\"legend\" aria-label=\"Colours of the outlines\">");
  for (const LegendEntry& entry : legend)
    page.add("<li><span class=\"swatch\" style=\"background:{}\"></span>{}</li>", css_color(entry.color), escaped(printable(entry.name)));
  page.add("</ul>");
}

void add_flags(Page& page, const Content& shown) {
  page.add("<section aria-labelledby=\"quality\"><h2 id=\"quality\">Quality</h2>\n<p>{}</p>", escaped(shown.flag_summary));
  if (!shown.flags.empty()) {
    page.add("<ul class=\"flags\">");
    for (const FlagLine& flag : shown.flags) {
      const char* name = flag.severity == Severity::serious ? "serious" : flag.severity == Severity::warning ? "warning" : "note";
      page.add("<li class=\"{}\"><span class=\"word\">{}</span>{}</li>", name, escaped(flag.word), escaped(flag.text));
    }
    page.add("</ul>");
  }
  page.add("</section>");
}

struct Columns {
  bool share, change;
  int of_a_side() const { return 1 + share + change; }
};

void add_cell(Page& page, const std::optional<VolumeCell>& cell, const Columns& columns) {
  page.add("<td class=\"number\">{}</td>", cell ? escaped(cell->ml) : "");
  if (columns.share) page.add("<td class=\"number\">{}</td>", cell ? escaped(cell->share) : "");
  if (columns.change) page.add("<td class=\"number\">{}</td>", cell ? escaped(cell->change) : "");
}

void add_table_head(Page& page, const Content& shown, const Columns& columns) {
  page.add("<thead><tr><th rowspan=\"2\" scope=\"col\">Structure</th>");
  for (const char* side : {"Left", "Right"})
    page.add("<th class=\"group\" colspan=\"{}\" scope=\"colgroup\">{}</th>", columns.of_a_side(), side);
  page.add(
      "<th class=\"number\" rowspan=\"2\" scope=\"col\">Asymmetry</th><th class=\"number\" rowspan=\"2\" "
      "scope=\"col\">Confidence</th></tr>\n<tr>");
  for (int side = 0; side < 2; ++side) {
    page.add("<th class=\"number\" scope=\"col\">ml</th>");
    if (columns.share) page.add("<th class=\"number\" scope=\"col\">%</th>");
    if (columns.change) page.add("<th class=\"number\" scope=\"col\" title=\"{}\">change</th>", escaped(shown.prior_title));
  }
  page.add("</tr></thead>");
}

void add_table(Page& page, const Content& shown) {
  if (shown.rows.empty()) return;
  const Columns columns{!shown.share_of.empty(), !shown.prior_title.empty()};
  page.add(
      "<section aria-labelledby=\"structures\"><h2 id=\"structures\" class=\"new-page\">Structures by side</h2>\n<div "
      "class=\"wide\"><table>");
  page.add("<caption>{}</caption>", escaped(shown.table_note));
  add_table_head(page, shown, columns);
  page.add("<tbody>");
  for (const StructureRow& row : shown.rows) {
    page.add("<tr><th scope=\"row\"><span class=\"swatch\" style=\"background:{}\"></span>{}", css_color(row.color),
             escaped(row.structure));
    for (const std::string& mark : row.marks) page.add("<span class=\"mark\">\u25b2 {}</span>", escaped(mark));
    page.add("</th>");
    if (row.middle) {
      std::string text = row.middle->ml;
      if (columns.share) text += " (" + row.middle->share + ")";
      if (columns.change && !row.middle->change.empty()) text += ", " + row.middle->change;
      page.add("<td class=\"middle\" colspan=\"{}\">{}</td>", 2 * columns.of_a_side(), escaped(text));
    } else {
      add_cell(page, row.left, columns);
      add_cell(page, row.right, columns);
    }
    page.add("<td class=\"number\">{}</td>", escaped(row.asymmetry));
    page.add("<td class=\"number\"><span class=\"bar\" aria-hidden=\"true\"><span style=\"width:{:.0f}%\"></span></span>{}</td></tr>",
             100 * std::clamp(row.confidence, 0.0, 1.0), escaped(row.confidence_text));
  }
  page.add("</tbody></table></div></section>");
}

void add_plain_table(Page& page, const char* id, const char* title, const char* first, const char* second, const std::vector<Fact>& rows) {
  if (rows.empty()) return;
  page.add(
      "<section aria-labelledby=\"{}\"><h2 id=\"{}\">{}</h2>\n<table class=\"plain\"><thead><tr><th scope=\"col\">{}</th><th "
      "scope=\"col\">{}</th>"
      "</tr></thead><tbody>",
      id, id, title, first, second);
  for (const Fact& row : rows) page.add("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escaped(row.label), escaped(row.value));
  page.add("</tbody></table></section>");
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char letter : printable(text)) {
    switch (letter) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += letter;
    }
  }
  return safe;
}

std::string html(const Findings& findings) {
  const Content shown = content(findings);
  const std::size_t in_first_row = std::min(findings.figures.size(), pictures_a_row);
  Page page;
  page.add(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\"/>");
  page.add("<title>{} \u2013 {}</title>\n<style>{}</style></head><body>", escaped(shown.title), escaped(shown.subject), style_sheet);
  page.add("<p class=\"notice\" role=\"note\">{}</p>", escaped(shown.notice));
  page.add("<header><h1>{}</h1><p>{}</p></header>\n<main>", escaped(shown.title),
           escaped(shown.examined.empty() ? shown.subject : shown.subject + " \u00b7 " + shown.examined));
  page.add("<div class=\"facts\">");
  add_facts(page, shown.patient);
  add_facts(page, shown.acquisition);
  page.add("</div>");
  add_key_figures(page, shown);
  if (in_first_row > 0) {
    page.add("<section aria-labelledby=\"pictures\"><h2 id=\"pictures\">Pictures</h2>");
    add_figures(page, findings.figures, 0, in_first_row);
    page.add("</section>");
  }
  add_flags(page, shown);
  add_table(page, shown);
  if (in_first_row < findings.figures.size()) {
    page.add("<section aria-labelledby=\"more\"><h2 id=\"more\">More pictures</h2>");
    add_figures(page, findings.figures, in_first_row, findings.figures.size());
    page.add("</section>");
  }
  add_plain_table(page, "aside", "Series left aside", "Series", "Why", shown.left_aside);
  if (!shown.limits.empty()) {
    page.add("<section aria-labelledby=\"limits\"><h2 id=\"limits\">Limits</h2>\n<ul>");
    for (const std::string& limit : shown.limits) page.add("<li>{}</li>", escaped(limit));
    page.add("</ul></section>");
  }
  page.add("<section aria-labelledby=\"method\"><h2 id=\"method\">Method</h2>");
  for (const std::string& paragraph : shown.method) page.add("<p>{}</p>", escaped(paragraph));
  page.add("<h3>How this report was made</h3>");
  add_facts(page, shown.manifest);
  page.add("</section>");
  add_plain_table(page, "files", "Files beside this report", "File", "Holds", shown.files);
  page.add("</main><footer>{}</footer></body></html>", escaped(shown.notice));
  return page.take();
}

}  // namespace isocenter::reports
