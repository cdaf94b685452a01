// Many studies, one report each, and a table of all.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "reports/cohort_table.h"
#include "reports/report.h"
#include "reports/study_report.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

namespace fs = std::filesystem;

struct CohortStudy {
  std::string name;  // of its folder under the output
  std::vector<fs::path> inputs;
};

std::string folder_name(const std::string& text) {
  std::string name;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    name += byte < 0x20 || letter == '/' || letter == '\\' || letter == ':' ? '_' : letter;
  }
  while (!name.empty() && name.front() == '.') name.erase(0, 1);
  return name.empty() ? "study" : name;
}

std::string stem_of(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.substr(0, name.find('.'));
}

// DICOM files of several patients or studies in one place: each study's files.
std::vector<CohortStudy> split_by_study(const std::string& name, const std::vector<formats::Series>& series) {
  std::map<std::pair<std::string, std::string>, std::set<fs::path>> files;  // by patient and study
  std::map<std::pair<std::string, std::string>, std::string> called;
  for (const formats::Series& one : series) {
    const std::pair key{one.patient.id.empty() ? one.patient.name : one.patient.id, one.study.uid};
    for (const formats::SliceSource& slice : one.slices) files[key].insert(slice.file);
    called.try_emplace(key, printable(key.first) + (one.study.date.empty() ? "" : "-" + printable(one.study.date)));
  }
  std::vector<CohortStudy> studies;
  for (const auto& [key, paths] : files) {
    const std::string own = files.size() == 1 && !name.empty() ? name : (name.empty() ? "" : name + "-") + called[key];
    studies.push_back({folder_name(own), {paths.begin(), paths.end()}});
  }
  return studies;
}

void append(std::vector<CohortStudy>& studies, std::vector<CohortStudy> more) { std::ranges::move(more, std::back_inserter(studies)); }

std::vector<CohortStudy> studies_in(const fs::path& input, const core::Progress& progress) {
  std::error_code error;
  if (!fs::exists(input, error)) throw core::InputError("{}: no such folder", input.string());
  if (!fs::is_directory(input, error)) throw core::InputError("{}: a folder of studies is needed", input.string());
  std::vector<fs::path> folders, loose_volumes, loose_dicom;
  for (const auto& entry : fs::directory_iterator(input)) {
    if (entry.is_directory(error))
      folders.push_back(entry.path());
    else if (formats::is_dicom_file(entry.path()))
      loose_dicom.push_back(entry.path());
    else
      for (const fs::path& file : volume_files_under(entry.path())) loose_volumes.push_back(file);
  }
  std::ranges::sort(folders);
  std::ranges::sort(loose_volumes);
  std::ranges::sort(loose_dicom);
  std::vector<CohortStudy> studies;
  for (const fs::path& folder : folders) {
    const formats::StudyFolder found = formats::find_series({folder}, progress);
    const std::string name = folder.filename().string();
    std::set<std::string> uids;
    for (const formats::Series& series : found.series) uids.insert(series.patient.id + "\n" + series.study.uid);
    if (uids.size() > 1)
      append(studies, split_by_study(name, found.series));
    else
      studies.push_back({folder_name(name), {folder}});
  }
  if (!loose_dicom.empty()) append(studies, split_by_study("", formats::find_series(loose_dicom, progress).series));
  for (const fs::path& file : loose_volumes)
    if (!looks_like_label_map(file)) studies.push_back({folder_name(stem_of(file)), {file}});
  if (studies.empty())
    throw core::InputError("{}: holds no study; give a folder of folders, of DICOM files or of NIfTI files", input.string());

  std::map<std::string, int> times;  // two of one name are told apart
  for (CohortStudy& study : studies)
    if (const int before = times[study.name]++; before > 0) study.name += fmt::format("-{}", before + 1);
  return studies;
}

}  // namespace

CohortResult report_cohort(const fs::path& input, const fs::path& output, const ReportOptions& options) {
  if (options.prior) throw core::InputError("--prior is for one study; it cannot be used with --cohort");
  const std::vector<CohortStudy> studies = studies_in(input, options.progress);
  CohortResult result;
  std::vector<CohortRow> rows;
  for (const CohortStudy& study : studies) {
    CohortRow row{study.name, {}, ""};
    try {
      row.findings = report_study(study.inputs, output / study.name, options);
      row.findings->figures.clear();  // pixels of a thousand studies are not kept
      ++result.done;
    } catch (const core::InputError& error) {
      row.reason = error.what();
    } catch (const std::bad_alloc&) {
      row.reason = "not enough memory for this study";
    }
    if (!row.findings) result.failed.emplace_back(study.name, row.reason);
    rows.push_back(std::move(row));
    // Written after each study: a run that is stopped leaves the table of what it did.
    core::write_text(output / "cohort.csv", cohort_csv(rows));
    core::write_text(output / "cohort.json", cohort_json(rows));
  }
  return result;
}

}  // namespace isocenter::reports
