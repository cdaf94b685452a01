#include "reports/prior.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "reports/json.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t largest_report = 64u << 20;

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw core::InputError("{}: {}; --prior takes the folder or the report.json of an earlier isocenter report", file.string(), why);
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json& member(const fs::path& file, const Json& object, const char* key, Json::value_t type) {
  const auto found = object.find(key);
  if (found == object.end() || found->type() != type) refuse(file, fmt::format("'{}' is missing or not of its type", key));
  return *found;
}

double volume_of(const fs::path& file, const Json& entry) {
  const auto found = entry.find("volume_ml");
  if (found == entry.end() || !found->is_number() || found->get<double>() < 0) refuse(file, "a volume is missing or no number");
  return found->get<double>();
}

void flag(Findings& findings, Severity severity, std::string what) { findings.flags.push_back({severity, std::move(what), "", "prior"}); }

}  // namespace

PriorReport read_prior(const fs::path& path) {
  std::error_code error;
  const fs::path file = fs::is_directory(path, error) ? path / "report.json" : path;
  if (!fs::exists(file, error)) refuse(path, fs::exists(path, error) ? "there is no report.json in it" : "no such file or folder");
  const Json report = Json::parse(core::read_text(file, largest_report), nullptr, /*allow_exceptions=*/false);
  if (report.is_discarded() || !report.is_object()) refuse(file, "is not JSON");
  if (text_at(report, "schema") != report_schema_name) refuse(file, "is no report of isocenter");
  const auto version = report.find("schema_version");
  if (version == report.end() || !version->is_number_integer()) refuse(file, "does not say its version");
  if (version->get<int>() > report_schema_version)
    throw core::InputError("{}: was written by a newer isocenter (form {}, this one knows {}); use that version", file.string(),
                           version->get<int>(), report_schema_version);

  PriorReport prior;
  prior.source = path.string();
  const Json& patient = member(file, report, "patient", Json::value_t::object);
  prior.patient_id = text_at(patient, "id");
  prior.patient_name = text_at(patient, "name");
  prior.birth_date = text_at(patient, "birth_date");
  const Json& study = member(file, report, "study", Json::value_t::object);
  prior.study_uid = text_at(study, "uid");
  prior.study_date = text_at(study, "date");
  const Json& model = member(file, member(file, report, "manifest", Json::value_t::object), "model", Json::value_t::object);
  prior.model_name = text_at(model, "name");
  prior.model_version = text_at(model, "version");
  for (const Json& entry : member(file, report, "structures", Json::value_t::array)) {
    if (!entry.is_object()) refuse(file, "a structure is no object");
    const auto label = entry.find("label");
    if (label == entry.end() || !label->is_number_unsigned() || label->get<std::uint64_t>() > 65535)
      refuse(file, "a structure has no label value");
    prior.structures[label->get<std::uint16_t>()] = {text_at(entry, "name"), volume_of(file, entry)};
  }
  for (const Json& entry : member(file, report, "sums", Json::value_t::array)) {
    if (!entry.is_object()) refuse(file, "a sum is no object");
    prior.sums_ml[text_at(entry, "name")] = volume_of(file, entry);
  }
  return prior;
}

void check_same_patient(const formats::Patient& patient, const PriorReport& prior) {
  const std::string id = printable(patient.id), birth_date = printable(show_date(patient.birth_date));
  if (!id.empty() && !prior.patient_id.empty() && id != prior.patient_id)
    throw core::InputError("{}: is of patient {}, this study is of patient {}; give an earlier report of the same patient", prior.source,
                           prior.patient_id, id);
  if (!birth_date.empty() && !prior.birth_date.empty() && birth_date != prior.birth_date)
    throw core::InputError("{}: its patient was born on {}, this study's on {}; give an earlier report of the same patient", prior.source,
                           prior.birth_date, birth_date);
}

void compare_with_prior(Findings& findings, const PriorReport& prior) {
  check_same_patient(findings.patient, prior);
  std::size_t matched = 0;
  for (StructureFinding& finding : findings.structures) {
    const auto before = prior.structures.find(finding.label.value);
    if (before == prior.structures.end() || before->second.name != printable(finding.label.name)) continue;
    finding.prior_volume_ml = before->second.volume_ml;
    ++matched;
  }
  if (matched == 0)
    throw core::InputError("{}: has no structure in common with this report (its model was {}); use --model {} here too", prior.source,
                           prior.model_name, prior.model_name);
  for (const auto& [name, ml] : findings.sums_ml)
    if (const auto before = prior.sums_ml.find(name); before != prior.sums_ml.end()) findings.prior_sums_ml[name] = before->second;
  findings.prior_date = prior.study_date;
  findings.prior_source = prior.source;

  if (findings.patient.id.empty() || prior.patient_id.empty())
    flag(findings, Severity::warning,
         "The prior report is compared without proof that it is of the same patient: one of the two has no patient ID.");
  const Manifest& made = findings.manifest;
  if (made.model_name != prior.model_name || made.model_version != prior.model_version)
    flag(findings, Severity::warning,
         fmt::format("The prior report was made with another model ({} {}); changes may come from the model.", prior.model_name,
                     prior.model_version));
  const std::string date = show_date(findings.study.date);
  if (!prior.study_uid.empty() && prior.study_uid == findings.study.uid)
    flag(findings, Severity::warning, "The prior report is of this same study; the changes are not changes over time.");
  else if (!date.empty() && !prior.study_date.empty() && prior.study_date > date)
    flag(findings, Severity::warning,
         fmt::format("The report given as prior is of a later date ({}); the changes run backwards.", prior.study_date));
}

}  // namespace isocenter::reports
