// What a report says, before any format: every writer (HTML, PDF, JSON, DICOM) takes this one value.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/dicom/series.h"
#include "imaging/image.h"
#include "models/package.h"

namespace isocenter::reports {

struct UsedSeries {
  std::string description, modality, uid;  // uid empty for NIfTI
  std::vector<std::filesystem::path> files;
  imaging::Geometry geometry;
  std::vector<std::pair<std::string, std::string>> acquisition;  // label and value with unit, in the order shown
  std::vector<std::string> warnings;
};

struct SeriesLeftAside {
  std::string description, modality, reason;
};

enum class Severity { note, warning, serious };
struct QualityFlag {
  Severity severity = Severity::warning;
  std::string what;                          // one sentence a radiologist reads
  std::string structure;                     // the label's name ("left hippocampus"); empty: of the whole study, or of `structures`
  std::string rule;                          // which rule raised it: "cut", "low-confidence", "implausible-volume", ... (docs/report.md)
  std::vector<std::string> structures = {};  // label names, where one flag speaks of many
};

struct StructureFinding {
  models::Label label;
  double volume_ml = 0;
  std::optional<double> share_of_intracranial;  // 0 to 1
  double confidence = 0;                        // 0 to 1
  std::optional<double> prior_volume_ml;
  bool cut = false;
};

struct Asymmetry {  // of a structure with two sides
  std::string structure;
  double left_ml = 0, right_ml = 0;
  double index_percent = 0;  // 200 (left - right) / (left + right)
};

struct LegendEntry {
  std::string name;
  std::array<std::uint8_t, 3> color{};
};

struct Figure {
  std::string title;        // "Axial, z = 34 mm"
  std::string description;  // what is seen, for who does not see it
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;
  std::vector<LegendEntry> legend;  // the structures outlined in it, the largest first
};

struct Manifest {  // how this report was made
  std::string program_version, model_name, model_version, model_sha256, model_license, precision, processor,
      created;  // created: ISO 8601 UTC
  int threads = 1;
  std::map<std::string, std::string> settings;
  std::map<std::string, double> seconds;  // by step
  double peak_memory_mb = 0;
};

struct Findings {
  std::string title;  // "Brain volumes"
  formats::Patient patient;
  formats::Study study;
  bool from_dicom = false;
  UsedSeries used;
  std::vector<SeriesLeftAside> left_aside;
  std::vector<StructureFinding> structures;             // in the order of the package's labels
  std::vector<std::pair<std::string, double>> sums_ml;  // "intracranial volume", "brain"
  std::vector<Asymmetry> asymmetries;
  std::vector<QualityFlag> flags;
  std::vector<Figure> figures;
  std::string method;  // sentences: what was done
  std::vector<std::string> limits;
  std::optional<std::string> prior_date, prior_source;
  std::map<std::string, double> prior_sums_ml;             // by the sum's name
  std::vector<std::pair<std::string, std::string>> files;  // written beside report.html: name and what it holds
  Manifest manifest;
};

}  // namespace isocenter::reports
