#include "formats/dicom/describe.h"

#include <fmt/format.h>

#include <algorithm>

namespace isocenter::formats {

DicomDescription describe(const StudyFolder& folder) {
  DicomDescription description;
  for (const auto& series : folder.series) {
    SeriesRow row;
    row.patient = series.patient.name.empty() ? series.patient.id : series.patient.name;
    row.study_date = series.study.date;
    row.number = series.number;
    row.modality = series.modality;
    row.description = series.description;
    row.usable = series.refusal.empty();
    const auto& geometry = series.geometry;
    if (geometry.size[0] > 0) row.size = fmt::format("{} x {} x {}", geometry.size[0], geometry.size[1], geometry.size[2]);
    if (row.usable) {
      row.spacing_mm = fmt::format("{:.2f} x {:.2f} x {:.2f}", geometry.spacing_mm[0], geometry.spacing_mm[1], geometry.spacing_mm[2]);
      row.orientation = imaging::orientation_code(geometry);
      for (const auto& warning : series.warnings) row.remark += (row.remark.empty() ? "" : "; ") + warning;
    } else {
      row.remark = series.refusal;
    }
    description.series.push_back(std::move(row));
  }
  description.other_files = folder.other_files;
  description.damaged = folder.damaged;
  return description;
}

DicomDescription describe_dicom(const std::filesystem::path& path) { return describe(find_series({path})); }

std::string to_text(const DicomDescription& description) {
  std::size_t widest_description = 11, widest_size = 4;
  for (const auto& row : description.series) {
    widest_description = std::max(widest_description, std::min<std::size_t>(row.description.size(), 40));
    widest_size = std::max(widest_size, row.size.size());
  }
  std::string text;
  std::string patient = "\n";
  for (const auto& row : description.series) {
    const auto heading =
        fmt::format("{}, study of {}", row.patient.empty() ? "no name" : row.patient, row.study_date.empty() ? "no date" : row.study_date);
    if (heading != patient) {
      text += fmt::format("{}\n  {:>6}  {:<8}  {:<{}}  {:<{}}  {:<18}  {}\n", heading, "series", "modality", "description",
                          widest_description, "size", widest_size, "spacing (mm)", "as a volume");
      patient = heading;
    }
    const std::string verdict = row.usable ? "usable" + (row.remark.empty() ? "" : " (" + row.remark + ")") : "no: " + row.remark;
    text += fmt::format("  {:>6}  {:<8}  {:<{}}  {:<{}}  {:<18}  {}\n", row.number, row.modality, row.description.substr(0, 40),
                        widest_description, row.size, widest_size, row.spacing_mm, verdict);
  }
  for (const auto& [path, reason] : description.damaged) text += fmt::format("damaged: {}: {}\n", path.string(), reason);
  if (!description.other_files.empty()) text += fmt::format("{} file(s) that are not DICOM\n", description.other_files.size());
  return text;
}

}  // namespace isocenter::formats
