#include "reports/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "reports/content.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value, int decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale;
}

const char* name_of(models::Side side) { return side == models::Side::left ? "left" : side == models::Side::right ? "right" : "none"; }

const char* name_of(Severity severity) {
  return severity == Severity::serious ? "serious" : severity == Severity::warning ? "warning" : "note";
}

void add_change(Json& entry, double now, double before) {
  entry["prior_volume_ml"] = rounded(before, 4);
  entry["change_ml"] = rounded(now - before, 4);
  if (before > 0) entry["change_percent"] = rounded(100 * (now - before) / before, 2);
}

Json patient(const formats::Patient& patient) {
  return {{"id", printable(patient.id)},
          {"name", printable(show_person_name(patient.name))},
          {"birth_date", printable(show_date(patient.birth_date))},
          {"sex", printable(patient.sex)},
          {"age", printable(show_age(patient.age))}};
}

Json study(const formats::Study& study) {
  return {{"uid", printable(study.uid)},
          {"id", printable(study.id)},
          {"date", printable(show_date(study.date))},
          {"time", printable(show_time(study.time))},
          {"description", printable(study.description)},
          {"accession_number", printable(study.accession_number)},
          {"referring_physician", printable(show_person_name(study.referring_physician))},
          {"institution", printable(study.institution)}};
}

Json series(const UsedSeries& used) {
  Json files = Json::array(), acquisition = Json::array(), warnings = Json::array();
  for (const auto& file : used.files) files.push_back(printable(file.filename().string()));
  for (const auto& [label, value] : used.acquisition) acquisition.push_back({{"label", printable(label)}, {"value", printable(value)}});
  for (const std::string& warning : used.warnings) warnings.push_back(printable(warning));
  const imaging::Geometry& grid = used.geometry;
  return {
      {"description", printable(used.description)},
      {"modality", printable(used.modality)},
      {"uid", printable(used.uid)},
      {"files", files},
      {"geometry",
       {{"size", grid.size}, {"spacing_mm", grid.spacing_mm}, {"origin_lps_mm", grid.origin_lps_mm}, {"direction_lps", grid.direction}}},
      {"acquisition", acquisition},
      {"warnings", warnings}};
}

Json structure(const StructureFinding& finding) {
  const models::Label& label = finding.label;
  Json entry = {
      {"label", label.value},
      {"name", printable(label.name)},
      {"structure", printable(label.structure)},
      {"side", name_of(label.side)},
      {"code",
       {{"scheme", printable(label.code.scheme)}, {"value", printable(label.code.value)}, {"meaning", printable(label.code.meaning)}}},
      {"measured", label.measured},
      {"volume_ml", rounded(finding.volume_ml, 4)},
      {"confidence", rounded(finding.confidence, 4)},
      {"cut", finding.cut}};
  if (finding.share_of_intracranial) entry["share_of_intracranial"] = rounded(*finding.share_of_intracranial, 6);
  if (finding.prior_volume_ml) add_change(entry, finding.volume_ml, *finding.prior_volume_ml);
  return entry;
}

Json manifest(const Manifest& made) {
  Json seconds = Json::object(), settings = Json::object();
  for (const auto& [setting, value] : made.settings) settings[printable(setting)] = printable(value);
  for (const auto& [step, duration] : made.seconds) seconds[step] = rounded(duration, 3);
  return {{"created", made.created},
          {"program_version", made.program_version},
          {"model",
           {{"name", printable(made.model_name)},
            {"version", printable(made.model_version)},
            {"sha256", made.model_sha256},
            {"license", printable(made.model_license)}}},
          {"precision", made.precision},
          {"processor", printable(made.processor)},
          {"threads", made.threads},
          {"settings", settings},
          {"seconds", seconds},
          {"peak_memory_mb", rounded(made.peak_memory_mb, 1)}};
}

}  // namespace

std::string json(const Findings& findings) {
  Json report = {{"schema", report_schema_name},         {"schema_version", report_schema_version},
                 {"title", printable(findings.title)},   {"clinical_use", false},
                 {"notice", content(findings).notice},   {"source", findings.from_dicom ? "DICOM" : "volume file"},
                 {"patient", patient(findings.patient)}, {"study", study(findings.study)},
                 {"series", series(findings.used)}};
  Json& aside = report["series_left_aside"] = Json::array();
  for (const SeriesLeftAside& left : findings.left_aside)
    aside.push_back(
        {{"description", printable(left.description)}, {"modality", printable(left.modality)}, {"reason", printable(left.reason)}});
  Json& sums = report["sums"] = Json::array();
  for (const auto& [name, ml] : findings.sums_ml) {
    Json entry = {{"name", printable(name)}, {"volume_ml", rounded(ml, 4)}};
    if (const auto before = findings.prior_sums_ml.find(name); before != findings.prior_sums_ml.end())
      add_change(entry, ml, before->second);
    sums.push_back(std::move(entry));
  }
  Json& structures = report["structures"] = Json::array();
  for (const StructureFinding& finding : findings.structures) structures.push_back(structure(finding));
  Json& asymmetries = report["asymmetries"] = Json::array();
  for (const Asymmetry& asymmetry : findings.asymmetries)
    asymmetries.push_back({{"structure", printable(asymmetry.structure)},
                           {"left_ml", rounded(asymmetry.left_ml, 4)},
                           {"right_ml", rounded(asymmetry.right_ml, 4)},
                           {"index_percent", rounded(asymmetry.index_percent, 3)}});
  Json& flags = report["flags"] = Json::array();
  for (const QualityFlag& flag : findings.flags) {
    Json concerned = Json::array();
    if (!flag.structure.empty()) concerned.push_back(printable(flag.structure));
    for (const std::string& name : flag.structures) concerned.push_back(printable(name));
    flags.push_back({{"severity", name_of(flag.severity)}, {"rule", flag.rule}, {"structures", concerned}, {"text", printable(flag.what)}});
  }
  report["method"] = printable(findings.method);
  Json& limits = report["limits"] = Json::array();
  for (const std::string& limit : findings.limits) limits.push_back(printable(limit));
  if (findings.prior_source)
    report["prior"] = {{"date", printable(show_date(findings.prior_date.value_or("")))}, {"source", printable(*findings.prior_source)}};
  Json& files = report["files"] = Json::array();
  for (const auto& [file, what] : findings.files) files.push_back({{"name", file}, {"holds", what}});
  report["manifest"] = manifest(findings.manifest);
  return report.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace isocenter::reports
