// report.pdf: what report.html says, drawn on A4 with vector text. Same content, own layout.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/findings.h"

namespace isocenter::reports {

std::vector<std::uint8_t> pdf(const Findings& findings);

}  // namespace isocenter::reports
