// Whether probabilities mean what they say.
//
// Labels are 0 and 1, probabilities in [0, 1]; anything else is a core::InputError, as are no cases and unequal lengths.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace isocenter::measures {

// Mean of (probability - label)^2; Brier, Monthly Weather Review 78 (1950) 1.
double brier_score(std::span<const std::uint8_t> labels, std::span<const double> probabilities);

enum class Binning { equal_width, equal_count };

struct CalibrationBin {
  std::int64_t cases = 0;
  double mean_probability = 0, share_positive = 0;
};
// Bins without cases are left out. A probability on the border of two bins belongs to the lower one.
std::vector<CalibrationBin> calibration_curve(std::span<const std::uint8_t> labels, std::span<const double> probabilities, int bins = 10,
                                              Binning binning = Binning::equal_width);

// The mean over cases of |share positive - mean probability| of their bins; the largest such difference.
double expected_calibration_error(const std::vector<CalibrationBin>& curve);
double maximum_calibration_error(const std::vector<CalibrationBin>& curve);

}  // namespace isocenter::measures
