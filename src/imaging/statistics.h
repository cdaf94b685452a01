// Numbers of a set of intensities. Values that are not finite count as missing everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "imaging/image.h"

namespace isocenter::imaging {

struct Statistics {
  std::int64_t count = 0, missing = 0;
  double minimum = 0, maximum = 0, mean = 0;  // 0 when count is 0
  double deviation = 0;                       // of the population: divided by count
};
Statistics statistics(std::span<const float> values);
Statistics statistics(const Volume& volume, const Mask& mask);  // where the mask is set; the grids' sizes must agree

// The value below which `share` (0 to 1) of the values lie, interpolated linearly between order statistics as at share * (count - 1). NaN
// when there is none. Several at once sort only once.
double percentile(std::span<const float> values, double share);
std::vector<double> percentiles(std::span<const float> values, std::span<const double> shares);

// The threshold that separates the values best into two classes: greatest variance between them, over a histogram of 256 bins between
// minimum and maximum (N. Otsu, IEEE Transactions on Systems, Man and Cybernetics 9, 1979). Values above it are the upper class. NaN when
// there is none.
double otsu_threshold(std::span<const float> values);

}  // namespace isocenter::imaging
