#include "apps/command_line/program.h"
#include "apps/isocenter/precision_option.h"
#include "apps/isocenter/verbs.h"
#include "core/error.h"
#include "core/file.h"
#include "reports/report.h"

namespace isocenter::apps {
namespace {

int run(const Arguments& arguments) {
  reports::ReportOptions options;
  if (arguments.given("--model")) options.model = arguments.text("--model");  // else the default is a sentence, not a name
  options.prior = arguments.path("--prior");
  options.precision = chosen_precision(arguments);
  options.progress = arguments.progress();
  std::vector<std::filesystem::path> studies;
  for (const auto& study : arguments.all("STUDY")) studies.emplace_back(study);
  const std::filesystem::path output = *arguments.path("--output");

  if (arguments.flag("--cohort")) {
    if (studies.size() != 1) throw UsageError("--cohort takes one folder of studies");
    const auto result = reports::report_cohort(studies[0], output, options);
    for (const auto& [study, reason] : result.failed) fmt::print(stderr, "{}: {}\n", study, reason);
    if (arguments.json()) print_line(core::read_text(output / "cohort.json"));
    if (result.done == 0 && !result.failed.empty())
      throw core::InputError("{}: none of {} studies could be reported", studies[0].string(), result.failed.size());
    return static_cast<int>(result.failed.empty() ? core::ExitCode::done : core::ExitCode::partly);
  }
  reports::report_study(studies, output, options);
  if (arguments.json())
    print_line(core::read_text(output / "report.json"));
  else
    fmt::print(stderr, "{}\n", (output / "report.html").string());
  return 0;
}

}  // namespace

Verb report_verb() {
  return {
      "report",
      "a study in, a measured, standardized report out",
      "Finds the series of a study, chooses what the installed models can read, segments, measures, and writes report.html, report.pdf, "
      "report.json, "
      "labels.nii.gz and, for DICOM input, segmentation.dcm (DICOM SEG) and measurements.dcm (DICOM SR, TID 1500). A failed run writes "
      "nothing.",
      {{"STUDY", "folders or files of one study: DICOM, or a NIfTI, MGH, NRRD or MetaImage file", {}, true, true}},
      {{"--output", "DIR", "folder the report is written to", "", {}, true, "-o"},
       {"--model", "NAME", "the model to use, by name or folder", "whichever installed model can read a series"},
       {"--prior", "REPORT", "an earlier report of the same patient (its folder or report.json): adds the change since then"},
       {"--cohort", "", "STUDY is a folder of many studies: one report each, and cohort.csv; a study that fails does not stop the rest"},
       precision_option()},
      {{"isocenter report head-mr/ --output report/", "the brain volumes of a head MR study"},
       {"isocenter report t1.nii.gz --output report/ --prior last-year/", "with the change since an earlier report"},
       {"isocenter report studies/ --cohort --output reports/", "one report a study"}},
      run};
}

}  // namespace isocenter::apps
