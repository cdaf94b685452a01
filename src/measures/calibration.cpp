#include "measures/calibration.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace isocenter::measures {
using core::InputError;
namespace {

void check(std::span<const std::uint8_t> labels, std::span<const double> probabilities) {
  if (labels.size() != probabilities.size()) throw InputError("{} labels but {} probabilities", labels.size(), probabilities.size());
  if (labels.empty()) throw InputError("there are no cases");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] > 1) throw InputError("the label of case {} is {}; labels are 0 and 1", i + 1, labels[i]);
    if (!(probabilities[i] >= 0 && probabilities[i] <= 1))
      throw InputError("the probability of case {} is {}; it lies between 0 and 1", i + 1, probabilities[i]);
  }
}

// Between a and b, from the nearer end: exact at both.
double between(double a, double b, double share) { return share < 0.5 ? a + (b - a) * share : b - (b - a) * (1 - share); }

}  // namespace

double brier_score(std::span<const std::uint8_t> labels, std::span<const double> probabilities) {
  check(labels, probabilities);
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) sum += (probabilities[i] - labels[i]) * (probabilities[i] - labels[i]);
  return sum / static_cast<double>(labels.size());
}

std::vector<CalibrationBin> calibration_curve(std::span<const std::uint8_t> labels, std::span<const double> probabilities, int bins,
                                              Binning binning) {
  check(labels, probabilities);
  if (bins < 1) throw InputError("{} bins; at least 1 is needed", bins);
  std::vector<double> inner;  // borders between bins
  std::vector<double> sorted(probabilities.begin(), probabilities.end());
  std::sort(sorted.begin(), sorted.end());
  for (int i = 1; i < bins; ++i) {
    const double share = i * (1.0 / bins);
    if (binning == Binning::equal_width) {
      inner.push_back(share);
    } else {
      const double place = share * static_cast<double>(sorted.size() - 1);
      const auto below = static_cast<std::size_t>(place);
      inner.push_back(between(sorted[below], sorted[std::min(below + 1, sorted.size() - 1)], place - std::floor(place)));
    }
  }
  std::vector<CalibrationBin> curve(bins);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    CalibrationBin& bin = curve[std::lower_bound(inner.begin(), inner.end(), probabilities[i]) - inner.begin()];
    ++bin.cases;
    bin.mean_probability += probabilities[i];
    bin.share_positive += labels[i];
  }
  std::erase_if(curve, [](const CalibrationBin& bin) { return bin.cases == 0; });
  for (CalibrationBin& bin : curve)
    bin.mean_probability /= static_cast<double>(bin.cases), bin.share_positive /= static_cast<double>(bin.cases);
  return curve;
}

double expected_calibration_error(const std::vector<CalibrationBin>& curve) {
  double sum = 0, cases = 0;
  for (const CalibrationBin& bin : curve) {
    sum += static_cast<double>(bin.cases) * std::abs(bin.share_positive - bin.mean_probability);
    cases += static_cast<double>(bin.cases);
  }
  return cases == 0 ? 0 : sum / cases;
}

double maximum_calibration_error(const std::vector<CalibrationBin>& curve) {
  double largest = 0;
  for (const CalibrationBin& bin : curve) largest = std::max(largest, std::abs(bin.share_positive - bin.mean_probability));
  return largest;
}

}  // namespace isocenter::measures
