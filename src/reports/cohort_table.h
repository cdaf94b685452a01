// The table of a cohort: a row a study, a column a sum and a structure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/findings.h"

namespace isocenter::reports {

struct CohortRow {
  std::string study;
  std::optional<Findings> findings;
  std::string reason;  // why there are none
};

// RFC 4180; the first line names the columns. Structures of several models stand side by side, empty where a study was not measured for
// them.
std::string cohort_csv(const std::vector<CohortRow>& rows);

std::string cohort_json(const std::vector<CohortRow>& rows);

}  // namespace isocenter::reports
