// report.json: the findings for programs. Its form is docs/schemas/report-1.schema.json and changes only with a new number.
#pragma once

#include <string>

#include "reports/findings.h"

namespace isocenter::reports {

inline constexpr const char* report_schema_name = "isocenter-report";
inline constexpr int report_schema_version = 1;

std::string json(const Findings& findings);  // UTF-8, indented by one space, a newline at the end

}  // namespace isocenter::reports
