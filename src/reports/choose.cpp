#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/error.h"
#include "reports/study_report.h"

namespace isocenter::reports {
namespace {

constexpr std::size_t reasons_named = 4;

std::vector<std::filesystem::path> package_folders(const std::string& model) {
  if (!model.empty()) return {models::find_package(model)};
  std::vector<std::filesystem::path> folders;
  for (const models::PackageSummary& summary : models::list_packages())
    if (summary.task == "segmentation") folders.push_back(summary.folder);
  if (folders.empty())
    throw core::InputError(
        "no segmentation model is installed; put a package into a models folder, name it with --model, or set ISOCENTER_MODELS");
  return folders;
}

// "It is CT and x reads MR." to "is CT and x reads MR", to stand behind a name.
std::string as_clause(std::string reason) {
  if (reason.starts_with("It ")) reason.erase(0, 3);
  if (!reason.empty() && reason.back() == '.') reason.pop_back();
  reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
  return reason;
}

[[noreturn]] void refuse(const StudyInput& study, const std::vector<std::string>& reasons) {
  std::string all;
  for (std::size_t n = 0; n < std::min(reasons.size(), reasons_named); ++n)
    all += fmt::format("{}{} {}", n == 0 ? "" : "; ", name_of(study.series[n]), as_clause(reasons[n]));
  if (reasons.size() > reasons_named) all += fmt::format("; and {} series more", reasons.size() - reasons_named);
  throw core::InputError("{}: no series can be measured: {}", study.shown, all);
}

}  // namespace

Choice choose(StudyInput& study, const std::string& model) {
  std::vector<std::string> first_reasons;
  for (const auto& folder : package_folders(model)) {
    Choice choice;
    choice.package = models::read_package(folder);
    std::vector<formats::Series> series = study.series;
    if (!study.from_dicom)  // a volume file names no modality; what the model reads is taken for granted and said so in the report
      for (formats::Series& file : series)
        if (!choice.package.input.modalities.empty()) file.modality = choice.package.input.modalities[0];
    const Selection selection = select_series(series, choice.package);
    if (selection.used) {
      study.series = std::move(series);
      choice.series = *selection.used;
      choice.reasons = selection.reasons;
      return choice;
    }
    if (first_reasons.empty()) first_reasons = selection.reasons;
  }
  refuse(study, first_reasons);
}

}  // namespace isocenter::reports
