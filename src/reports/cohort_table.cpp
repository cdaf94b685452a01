#include "reports/cohort_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "reports/text.h"

namespace isocenter::reports {
namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  return quoted + '"';
}

std::vector<std::pair<std::string, double>> volumes_of(const Findings& findings) {
  std::vector<std::pair<std::string, double>> volumes = findings.sums_ml;
  for (const StructureFinding& finding : findings.structures)
    if (finding.label.measured) volumes.emplace_back(finding.label.name, finding.volume_ml);
  return volumes;
}

}  // namespace

std::string cohort_csv(const std::vector<CohortRow>& rows) {
  std::vector<std::string> columns;
  for (const CohortRow& row : rows)
    if (row.findings)
      for (const auto& [name, ml] : volumes_of(*row.findings))
        if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);

  std::string csv = "study,status,reason,patient_id,study_date,series,model,model_version,warnings";
  for (const std::string& name : columns) csv += ',' + field(printable(name) + " (ml)");
  csv += "\r\n";
  for (const CohortRow& row : rows) {
    csv += field(printable(row.study)) + (row.findings ? ",done," : ",failed,") + field(printable(row.reason));
    if (row.findings) {
      const Findings& findings = *row.findings;
      const auto warnings = std::ranges::count_if(findings.flags, [](const QualityFlag& flag) { return flag.severity != Severity::note; });
      for (const std::string& text : {findings.patient.id, show_date(findings.study.date), findings.used.description,
                                      findings.manifest.model_name, findings.manifest.model_version})
        csv += ',' + field(printable(text));
      csv += fmt::format(",{}", warnings);
    } else {
      csv += ",,,,,,";
    }
    std::map<std::string, double> ml_of;
    if (row.findings)
      for (const auto& [name, ml] : volumes_of(*row.findings)) ml_of[name] = ml;
    for (const std::string& name : columns) csv += ml_of.contains(name) ? fmt::format(",{:.3f}", ml_of[name]) : ",";
    csv += "\r\n";
  }
  return csv;
}

std::string cohort_json(const std::vector<CohortRow>& rows) {
  nlohmann::ordered_json studies = nlohmann::ordered_json::array();
  int done = 0;
  for (const CohortRow& row : rows) {
    nlohmann::ordered_json study = {{"study", printable(row.study)}, {"status", row.findings ? "done" : "failed"}};
    if (row.findings) {
      ++done;
      study["report"] = printable(row.study) + "/report.json";
    } else {
      study["reason"] = printable(row.reason);
    }
    studies.push_back(std::move(study));
  }
  const nlohmann::ordered_json cohort = {{"schema", "isocenter-cohort"},
                                         {"schema_version", 1},
                                         {"done", done},
                                         {"failed", static_cast<int>(rows.size()) - done},
                                         {"studies", studies}};
  return cohort.dump(1) + "\n";
}

}  // namespace isocenter::reports
