#include "reports/report.h"

#include "reports/study_report.h"

namespace isocenter::reports {

Findings report_study(const std::vector<std::filesystem::path>& inputs, const std::filesystem::path& output, const ReportOptions& options) {
  return report_on(read_study(inputs, options.progress), output, options);
}

}  // namespace isocenter::reports
