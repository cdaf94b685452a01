// From a segmentation to the numbers of a report.
#pragma once

#include "models/package.h"
#include "models/segmentation.h"
#include "reports/findings.h"

namespace isocenter::reports {

// Fills structures (all labels but the background, in the package's order), sums and asymmetries. A volume is the expected one: the sum of
// the structure's probabilities times the volume of a voxel, which counts a voxel that is half inside as half.
void measure(Findings& findings, const models::Package& package, const models::Segmentation& segmentation);

double sum_ml(const Findings& findings, const std::string& name);  // 0 when there is no such sum

}  // namespace isocenter::reports
