// HTML, PDF and JSON say the same, and nothing that comes in from outside breaks them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "core/file.h"
#include "reports/content.h"
#include "reports/html.h"
#include "reports/json.h"
#include "reports/pdf.h"
#include "reports/png.h"
#include "reports/prior.h"
#include "reports/testing.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Findings& example() {
  static const Findings findings = testing::phantom_findings(testing::thick_tilted_grid());
  return findings;
}

// The tags of a page open and close in order; its text holds no bare '<' or '&'. Returns what is wrong, or an empty string.
std::string problem_of_markup(const std::string& page) {
  static const std::set<std::string> entities = {"amp", "lt", "gt", "quot", "#39"};
  std::vector<std::string> open;
  for (std::size_t at = 0; at < page.size();) {
    if (page[at] == '&') {
      const std::size_t end = page.find(';', at);
      if (end == std::string::npos || !entities.contains(page.substr(at + 1, end - at - 1))) return "bare & at " + page.substr(at, 40);
      at = end + 1;
      continue;
    }
    if (page[at] != '<') {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    char quote = 0;
    for (; end < page.size() && (quote || page[end] != '>'); ++end) {
      if (!quote && page[end] == '"')
        quote = '"';
      else if (quote && page[end] == quote)
        quote = 0;
      else if (page[end] == '<')
        return "< inside of a tag at " + page.substr(at, 60);
    }
    const std::string tag = page.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag.starts_with("!")) continue;
    const std::string name = tag.substr(tag[0] == '/' ? 1 : 0, tag.find_first_of(" /", 1) - (tag[0] == '/' ? 1 : 0));
    if (tag[0] == '/') {
      const std::string closing = tag.substr(1);
      if (open.empty() || open.back() != closing) return "</" + closing + "> closes " + (open.empty() ? "nothing" : open.back());
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
      if (name == "style" || name == "script") {  // raw text up to its end
        at = page.find("</" + name, at);
        if (at == std::string::npos) return name + " is not closed";
      }
    }
  }
  return open.empty() ? "" : open.back() + " is not closed";
}

TEST(MarkupCheck, finds_what_is_wrong) {
  EXPECT_EQ(problem_of_markup("<!DOCTYPE html><p class=\"a>b\">1 &lt; 2<br/></p>"), "");
  EXPECT_NE(problem_of_markup("<p>a & b</p>"), "");
  EXPECT_NE(problem_of_markup("<p><b></p></b>"), "");
  EXPECT_NE(problem_of_markup("<p>"), "");
}

TEST(Html, is_one_well_formed_file_that_needs_nothing_else) {
  const std::string page = html(example());
  EXPECT_EQ(problem_of_markup(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
  EXPECT_THAT(page, Not(HasSubstr("url(")));
  EXPECT_THAT(page, HasSubstr("Not for clinical use"));
  EXPECT_THAT(page, HasSubstr("Dr Ada Sample"));
  EXPECT_THAT(page, HasSubstr("Intracranial volume"));
  EXPECT_THAT(page, HasSubstr("HCropVolume"));
  EXPECT_THAT(page, HasSubstr("cut by the field of view"));
}

TEST(Html, every_picture_has_a_text_and_every_column_a_scope) {
  const std::string page = html(example());
  std::size_t pictures = 0;
  for (std::size_t at = page.find("<img"); at != std::string::npos; at = page.find("<img", at + 1), ++pictures) {
    const std::string tag = page.substr(at, page.find('>', at) - at);
    const std::size_t alt = tag.find("alt=\"");
    ASSERT_NE(alt, std::string::npos);
    EXPECT_GT(tag.size() - alt, 30u) << "an empty alternative text";
  }
  EXPECT_EQ(pictures, example().figures.size());
  for (std::size_t at = page.find("<th"); at != std::string::npos; at = page.find("<th", at + 1)) {
    const std::string tag = page.substr(at, page.find('>', at) - at);
    if (tag.starts_with("<th ") || tag == "<th") {
      EXPECT_THAT(tag, HasSubstr("scope=")) << tag;
    }
  }
}

Findings hostile() {
  Findings findings = example();
  const std::string evil = "<script>alert('1')</script>\"&\x01\xff\u202e";
  findings.patient.name = evil + "^" + evil;
  findings.patient.id = evil;
  findings.study.description = evil;
  findings.used.description = evil;
  findings.used.acquisition.emplace_back(evil, evil);
  findings.left_aside.push_back({evil, evil, evil});
  findings.flags.push_back({Severity::serious, evil, "left hippocampus", "other"});
  findings.limits.push_back(evil);
  findings.figures[0].title = findings.figures[0].description = evil;
  findings.figures[0].legend.push_back({evil, {}});
  findings.structures[0].label.name = findings.structures[0].label.structure = evil;
  findings.sums_ml.emplace_back(evil, 3);
  findings.method = evil;
  findings.manifest.settings[evil] = evil;
  findings.prior_source = findings.prior_date = evil;
  return findings;
}

TEST(Html, text_from_outside_stays_text) {
  const std::string page = html(hostile());
  EXPECT_EQ(problem_of_markup(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_EQ(page.find('\x01'), std::string::npos);
  EXPECT_THAT(page, Not(HasSubstr("\u202e"))) << "a mark that turns the direction of writing";
}

TEST(Json, text_from_outside_stays_text_and_utf8) {
  const auto report = nlohmann::json::parse(json(hostile()));  // throws on invalid UTF-8
  EXPECT_THAT(report["study"]["description"].get<std::string>(), HasSubstr("<script>"));
}

TEST(Pdf, text_from_outside_does_not_stop_it) { EXPECT_GT(pdf(hostile()).size(), 10000u); }

// What the schema says a report must hold, checked by hand: "type", "required", "properties", "items", "enum", "const", "minimum" and
// "additionalProperties" are the words the schema uses.
void check(const nlohmann::json& schema, const nlohmann::json& value, const std::string& where, std::vector<std::string>& faults) {
  if (schema.contains("const") && value != schema["const"]) faults.push_back(where + " is not " + schema["const"].dump());
  if (schema.contains("enum")) {
    bool known = false;
    for (const auto& allowed : schema["enum"]) known = known || allowed == value;
    if (!known) faults.push_back(where + " is none of the values");
  }
  if (schema.contains("type")) {
    const std::string type = schema["type"];
    const bool fits = type == "object"    ? value.is_object()
                      : type == "array"   ? value.is_array()
                      : type == "string"  ? value.is_string()
                      : type == "boolean" ? value.is_boolean()
                      : type == "integer" ? value.is_number_integer()
                      : type == "number"  ? value.is_number()
                                          : false;
    if (!fits) return faults.push_back(where + " is no " + type);
  }
  if (schema.contains("minimum") && value < schema["minimum"]) faults.push_back(where + " is too small");
  if (schema.contains("maximum") && value > schema["maximum"]) faults.push_back(where + " is too large");
  if (value.is_object()) {
    for (const auto& key : schema.value("required", nlohmann::json::array()))
      if (!value.contains(key.get<std::string>())) faults.push_back(where + " lacks " + key.get<std::string>());
    const auto properties = schema.value("properties", nlohmann::json::object());
    for (const auto& [key, entry] : value.items()) {
      if (properties.contains(key))
        check(properties[key], entry, where + "." + key, faults);
      else if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object())
        check(schema["additionalProperties"], entry, where + "." + key, faults);
      else if (schema.contains("additionalProperties") && schema["additionalProperties"] == false)
        faults.push_back(where + " has the unknown " + key);
    }
  }
  if (value.is_array() && schema.contains("items"))
    for (std::size_t n = 0; n < value.size(); ++n) check(schema["items"], value[n], where + "[" + std::to_string(n) + "]", faults);
}

nlohmann::json report_schema() { return nlohmann::json::parse(core::read_text("docs/schemas/report-1.schema.json")); }

TEST(Json, follows_its_schema) {
  std::vector<std::string> faults;
  check(report_schema(), nlohmann::json::parse(json(example())), "report", faults);
  EXPECT_THAT(faults, ::testing::IsEmpty());
}

TEST(Json, the_schema_notices_what_is_missing_and_what_is_new) {
  auto report = nlohmann::json::parse(json(example()));
  report["structures"][0].erase("volume_ml");
  report["flags"][0]["severity"] = "dreadful";
  report["patients"] = 1;
  std::vector<std::string> faults;
  check(report_schema(), report, "report", faults);
  EXPECT_EQ(faults.size(), 3u);
}

TEST(Json, is_read_back_as_a_prior_report) {
  const core::TemporaryFolder folder;
  core::write_text(folder.path() / "report.json", json(example()));
  const PriorReport prior = read_prior(folder.path());
  EXPECT_EQ(prior.patient_id, "DEMO-0017");
  EXPECT_EQ(prior.study_date, "2024-01-31");
  EXPECT_EQ(prior.model_name, "phantom");
  ASSERT_EQ(prior.structures.size(), example().structures.size());
  for (const StructureFinding& finding : example().structures)
    EXPECT_NEAR(prior.structures.at(finding.label.value).volume_ml, finding.volume_ml, 1e-4);
}

std::string text_of_pdf(const std::filesystem::path& file) {
  std::string text;
  FILE* pipe = ::popen(("pdftotext -layout '" + file.string() + "' - 2>/dev/null").c_str(), "r");
  if (!pipe) return text;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
  ::pclose(pipe);
  return text;
}

TEST(Pdf, holds_the_text_of_the_report_on_numbered_pages) {
  const auto bytes = pdf(example());
  ASSERT_EQ(std::string(bytes.begin(), bytes.begin() + 5), "%PDF-");
  if (std::system("pdftotext -v >/dev/null 2>&1") != 0) GTEST_SKIP() << "pdftotext (poppler-utils) is not installed";
  const core::TemporaryFolder folder;
  core::write_bytes(folder.path() / "report.pdf", bytes);
  const std::string text = text_of_pdf(folder.path() / "report.pdf");
  const Content shown = content(example());
  EXPECT_THAT(text, HasSubstr("Not for clinical use"));
  EXPECT_THAT(text, HasSubstr("page 1 of "));
  EXPECT_THAT(text, HasSubstr(shown.title));
  for (const KeyFigure& figure : shown.key_figures) EXPECT_THAT(text, HasSubstr(figure.value)) << figure.name;
  for (const StructureRow& row : shown.rows) {
    EXPECT_THAT(text, HasSubstr(row.structure));
    if (row.left) {
      EXPECT_THAT(text, HasSubstr(row.left->ml));
    }
  }
  // Every page says how many there are, and the last is that one.
  const std::size_t of = text.find("page 1 of ");
  const int pages = std::atoi(text.c_str() + of + 10);
  EXPECT_GE(pages, 2);
  EXPECT_THAT(text, HasSubstr("page " + std::to_string(pages) + " of " + std::to_string(pages)));
  EXPECT_THAT(text, Not(HasSubstr("page " + std::to_string(pages + 1) + " of")));
}

TEST(Pdf, is_the_same_bytes_twice) { EXPECT_EQ(pdf(example()), pdf(example())); }

TEST(Content, states_the_prior_comparison) {
  Findings findings = example();
  findings.prior_date = "2022-01-31";
  findings.prior_source = "last-year";
  for (StructureFinding& finding : findings.structures) finding.prior_volume_ml = finding.volume_ml / 0.95;
  for (const auto& [name, ml] : findings.sums_ml) findings.prior_sums_ml[name] = ml;
  const Content shown = content(findings);
  EXPECT_EQ(shown.prior_title, "Change since 2022-01-31");
  ASSERT_TRUE(shown.rows[0].left);
  EXPECT_EQ(shown.rows[0].left->change, "\u22125.0\u00a0%");
  EXPECT_THAT(shown.key_figures[0].change, HasSubstr("0.0"));
  EXPECT_THAT(html(findings), HasSubstr("Change since 2022-01-31"));
}

TEST(Content, marks_the_side_that_is_flagged) {
  const Content shown = content(example());
  const auto row = std::ranges::find_if(shown.rows, [](const StructureRow& one) { return one.structure == "Amygdala"; });
  ASSERT_NE(row, shown.rows.end());
  EXPECT_THAT(row->marks, ::testing::ElementsAre("left: low confidence"));
  EXPECT_EQ(row->confidence_text, "58\u00a0%") << "of the less certain side";
}

TEST(Text, numbers_and_names_as_people_write_them) {
  EXPECT_EQ(format_ml(3.214), "3.21");
  EXPECT_EQ(format_ml(21.44), "21.4");
  EXPECT_EQ(format_ml(1523.2), "1523");
  EXPECT_EQ(format_ml(9.996), "10.0");
  EXPECT_EQ(format_change_ml(-0.001), "0.00");
  EXPECT_EQ(format_signed_percent(-3.44), "\u22123.4\u00a0%");
  EXPECT_EQ(format_signed_percent(0.04), "0.0\u00a0%");
  EXPECT_EQ(show_person_name("Doe^Jane^Q^Dr^MD"), "Dr Jane Q Doe MD");
  EXPECT_EQ(show_person_name("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce"), "Tarou Yamada");
  EXPECT_EQ(show_date("20240131"), "2024-01-31");
  EXPECT_EQ(show_date("2024"), "2024");
  EXPECT_EQ(show_age("001Y"), "1 year");
  EXPECT_EQ(show_age("018M"), "18 months");
  EXPECT_EQ(show_time("142530.5"), "14:25");
}

TEST(Text, printable_mends_what_is_no_utf8) {
  EXPECT_EQ(printable("a\tb"), "a b");
  EXPECT_EQ(printable("\xc3\xa9"), "\u00e9");
  EXPECT_EQ(printable("\xc3"), "\ufffd");
  EXPECT_EQ(printable("\xc0\xaf"), "\ufffd\ufffd") << "an overlong form";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\ufffd\ufffd\ufffd") << "a surrogate";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\ufffd\ufffd\ufffd\ufffd") << "beyond U+10FFFF";
}

TEST(Png, bytes_and_base64) {
  const std::string text = "Man";
  const auto bytes = std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  EXPECT_EQ(base64(bytes), "TWFu");
  EXPECT_EQ(base64(bytes.first(2)), "TWE=");
  EXPECT_EQ(base64(bytes.first(1)), "TQ==");
  Figure figure;
  figure.width = 2, figure.height = 1, figure.rgb = {255, 0, 0, 0, 0, 255};
  const auto png = encode_png(figure);
  EXPECT_EQ(std::string(png.begin() + 1, png.begin() + 4), "PNG");
  figure.rgb.pop_back();
  EXPECT_THROW(encode_png(figure), std::logic_error);
}

// Kept for looking at: ISOCENTER_LOOK=folder writes the example's files there.
TEST(Writers, example_files_can_be_looked_at) {
  const char* folder = std::getenv("ISOCENTER_LOOK");
  if (!folder) GTEST_SKIP() << "set ISOCENTER_LOOK to a folder to get the files";
  for (const bool prior : {false, true}) {
    Findings findings = testing::phantom_findings(prior ? testing::thin_grid() : testing::thick_tilted_grid());
    if (prior) {
      findings.prior_date = "2022-02-28";
      findings.prior_source = "last-year";
      double change = 0.93;
      for (StructureFinding& finding : findings.structures) finding.prior_volume_ml = finding.volume_ml * (change += 0.005);
      for (const auto& [name, ml] : findings.sums_ml) findings.prior_sums_ml[name] = ml * 1.01;
    }
    const std::filesystem::path target = std::filesystem::path(folder) / (prior ? "thin-with-prior" : "thick");
    core::write_text(target / "report.html", html(findings));
    core::write_bytes(target / "report.pdf", pdf(findings));
    core::write_text(target / "report.json", json(findings));
  }
}

}  // namespace
}  // namespace isocenter::reports
