// What lies in a folder, for people: one row a series, usable or why not.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "formats/dicom/series.h"

namespace isocenter::formats {

struct SeriesRow {
  std::string patient, study_date, number, modality, description;
  std::string size;         // "280 x 320 x 22"
  std::string spacing_mm;   // "0.69 x 0.69 x 6.50"; empty for what is no volume
  std::string orientation;  // "LPS"; likewise
  bool usable = false;
  std::string remark;  // why not, or the warnings
};

struct DicomDescription {
  std::vector<SeriesRow> series;
  std::vector<std::filesystem::path> other_files;
  std::vector<std::pair<std::filesystem::path, std::string>> damaged;
};

DicomDescription describe(const StudyFolder& folder);
DicomDescription describe_dicom(const std::filesystem::path& path);  // throws as find_series does
std::string to_text(const DicomDescription& description);            // lines of a table, each ended

}  // namespace isocenter::formats
