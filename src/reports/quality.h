// What a reader must know before he trusts a number: each rule raises flags, and docs/report.md lists the rules.
#pragma once

#include "reports/findings.h"

namespace isocenter::reports {

struct QualityRules {
  double low_confidence = 0.65;  // mean probability below which a structure is flagged
  double very_low_confidence = 0.5;
  double thick_slices_mm = 3;            // distance of slices from which on a note is made,
  double very_thick_slices_mm = 5;       // and a warning
  double anisotropy_worth_a_note = 2.5;  // slice distance over pixel spacing, beside thick_slices_mm
  double intracranial_low_ml = 900, intracranial_high_ml = 2100;
  std::size_t named_one_by_one = 4;  // more structures under one rule are put into one flag
};

// Appends to findings.flags; reads structures, sums and the series used.
void judge_quality(Findings& findings, const QualityRules& rules = {});

}  // namespace isocenter::reports
