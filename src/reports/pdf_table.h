// The table of structures in report.pdf; its head stands again on every page it runs over.
#pragma once

#include "reports/content.h"
#include "reports/sheet.h"

namespace isocenter::reports {

void draw_structure_table(Sheet& sheet, const Content& shown);

}  // namespace isocenter::reports
