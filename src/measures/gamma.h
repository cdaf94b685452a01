// The gamma index of two dose distributions (Low et al., Medical Physics 25 (1998) 656): at each point of the reference the smallest
// combined distance in dose and space to the evaluated distribution, which is interpolated linearly; at most 1 is a pass.
//
// Both doses are volumes in the patient, each on a grid of its own with the same axis directions; axes of one voxel are left out (one slice
// is a plane, one row a line). Throws core::InputError for criteria that are not positive, doses not finite, and axes that point elsewhere.
#pragma once

#include "imaging/image.h"

namespace isocenter::measures {

struct GammaCriteria {
  double dose_percent = 3, distance_mm = 3;
  bool local = false;                // percent of the reference dose at the point instead of its maximum
  double lower_cutoff_percent = 20;  // points below this share of the reference's maximum are left out
  double maximum = 10;               // the search ends there, and this value stands for all above
  int steps = 20;                    // sample points a criterion distance: the index is at most one step's worth too large
};

struct GammaResult {
  imaging::Image<double> map;  // on the reference's grid; NaN where left out
  std::int64_t points = 0;
  double pass_rate_percent = 0, mean = 0, median = 0, maximum = 0;  // NaN without points
};
GammaResult gamma_index(const imaging::Volume& evaluation, const imaging::Volume& reference, const GammaCriteria& criteria = {});

}  // namespace isocenter::measures
