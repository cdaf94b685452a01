// An earlier report of the same patient, for the change since then.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "reports/findings.h"

namespace isocenter::reports {

struct PriorStructure {
  std::string name;
  double volume_ml = 0;
};

struct PriorReport {
  std::string source;  // the path that was given
  std::string patient_id, patient_name, birth_date, study_uid, study_date;
  std::string model_name, model_version;
  std::map<std::uint16_t, PriorStructure> structures;  // by label value
  std::map<std::string, double> sums_ml;
};

// `path`: a report's folder or its report.json. Throws core::InputError when it is neither, or of a later form than this program knows.
PriorReport read_prior(const std::filesystem::path& path);

// Throws core::InputError when the patient's ID or birth date differs.
void check_same_patient(const formats::Patient& patient, const PriorReport& prior);

// Fills in the earlier volumes, matched by label value and name. Throws core::InputError when the patient's ID or birth date differs or no
// structure is in both. What makes a comparison weak (another model, no ID to compare, a later date) becomes a flag.
void compare_with_prior(Findings& findings, const PriorReport& prior);

}  // namespace isocenter::reports
