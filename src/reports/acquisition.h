// How a series was acquired, as label and value with unit, in the order a radiologist reads it.
#pragma once

#include "formats/dicom/series.h"
#include "reports/findings.h"

namespace isocenter::reports {

UsedSeries describe_series(const formats::Series& series);

}  // namespace isocenter::reports
