// What stands in the report for people to read, in words and finished numbers, before any layout. HTML and PDF both lay out this one value,
// so that the two can never say different things.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/findings.h"

namespace isocenter::reports {

struct Fact {
  std::string label, value;
};

struct KeyFigure {
  std::string name;    // "Intracranial volume"
  std::string value;   // "1523"
  std::string unit;    // "ml"
  std::string detail;  // "78.2 % of intracranial volume"; may be empty
  std::string change;  // "−1.2 % since 2023-04-01"; empty without a prior report
};

struct VolumeCell {
  std::string ml, share, change;  // "3.21", "0.21 %", "−3.4 %"
};

struct StructureRow {
  std::string structure;
  std::array<std::uint8_t, 3> color{};
  std::optional<VolumeCell> left, right, middle;  // either the sides or the middle
  std::string asymmetry;                          // "+2.1 %"; empty without two sides
  double confidence = 0;                          // 0 to 1, of the less certain side
  std::string confidence_text;                    // "91 %"
  std::vector<std::string> marks;                 // "left: cut by the field of view"
};

struct FlagLine {
  Severity severity = Severity::note;
  std::string word;  // "Serious", "Warning", "Note"
  std::string text;
};

struct Content {
  std::string title;     // "Brain volumes"
  std::string subject;   // "Jane Doe, DEMO-1", for the head of each page
  std::string examined;  // "2024-01-31"; may be empty
  std::string notice;    // not for clinical use
  std::vector<Fact> patient, acquisition;
  std::vector<KeyFigure> key_figures;  // at most six
  std::string share_of;                // what the percentages are of: "intracranial volume"; empty: none are shown
  std::vector<StructureRow> rows;
  std::string prior_title;  // "Change since 2023-04-01"; empty without a prior report
  std::string table_note;
  std::vector<FlagLine> flags;      // the most serious first
  std::string flag_summary;         // "2 warnings", "No quality flag was raised."
  std::vector<Fact> left_aside;     // series and reason
  std::vector<std::string> method;  // paragraphs
  std::vector<std::string> limits;
  std::vector<Fact> manifest;
  std::vector<Fact> files;  // name and what it holds
};

Content content(const Findings& findings);

// The structures outlined in figures[first] up to figures[last - 1], each once.
std::vector<LegendEntry> legend_of(const std::vector<Figure>& figures, std::size_t first, std::size_t last);

inline constexpr const char* intracranial_volume = "intracranial volume";  // the sum that shares are taken of

}  // namespace isocenter::reports
