// report.html: one file that needs nothing else (styles inline, pictures as data URIs, no script), for the screen and for A4 paper.
#pragma once

#include <string>
#include <string_view>

#include "reports/findings.h"

namespace isocenter::reports {

std::string html(const Findings& findings);

std::string escaped(std::string_view text);  // & < > " ' as entities, for text and for attribute values

}  // namespace isocenter::reports
