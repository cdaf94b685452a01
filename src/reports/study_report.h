// The walk from one study to its report, in its steps: what report_study and report_cohort both do.
#pragma once

#include <filesystem>

#include "models/package.h"
#include "models/segmentation.h"
#include "reports/prior.h"
#include "reports/report.h"
#include "reports/selection.h"
#include "reports/study_input.h"

namespace isocenter::reports {

struct Choice {
  models::Package package;
  std::size_t series = 0;
  std::vector<std::string> reasons;  // one a series of the study; empty for the one used
};

// The first package that can read a series of the study, and which. Throws core::InputError with each series' reason when none can, and
// when no model is installed.
Choice choose(StudyInput& study, const std::string& model);

// Everything a report says of a segmented volume.
Findings findings_of(const StudyInput& study, const Choice& choice, const imaging::Volume& volume, const models::Segmentation& segmentation,
                     const std::optional<PriorReport>& prior);

// All files of a report into a folder that exists.
void write_report(const std::filesystem::path& folder, const Findings& findings, const StudyInput& study, const Choice& choice,
                  const imaging::LabelMap& labels);

Findings report_on(StudyInput study, const std::filesystem::path& output, const ReportOptions& options);

}  // namespace isocenter::reports
