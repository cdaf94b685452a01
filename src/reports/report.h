// `isocenter report`: a study in, a folder with the standardized report out.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "engine/plan.h"
#include "reports/findings.h"

namespace isocenter::reports {

struct ReportOptions {
  std::string model;                           // name or folder; empty: whichever installed model can read a series
  std::optional<std::filesystem::path> prior;  // an earlier report's folder or report.json
  engine::Precision precision = engine::Precision::automatic;
  core::Progress progress = core::no_progress();
};

// Runs one study and writes report.html, report.pdf, report.json, labels.nii.gz and, for DICOM input, segmentation.dcm and measurements.dcm
// into `output` (all or nothing). Throws core::InputError when no series can be read by an installed model, saying why for each.
Findings report_study(const std::vector<std::filesystem::path>& inputs, const std::filesystem::path& output, const ReportOptions& options);

// A folder whose sub-folders are studies, or that holds several patients' or studies' series or several NIfTI files: one report each under
// output/<study>/, and output/cohort.csv. A study that fails is listed with its reason.
struct CohortResult {
  std::size_t done = 0;
  std::vector<std::pair<std::string, std::string>> failed;  // study, reason
};
CohortResult report_cohort(const std::filesystem::path& input, const std::filesystem::path& output, const ReportOptions& options);

}  // namespace isocenter::reports
