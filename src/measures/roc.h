// How well a score tells two classes apart: ROC and precision-recall, with the intervals and tests of DeLong.
//
// Labels are 1 (positive) and 0; a higher score means positive; a case is called positive when score >= threshold. Throws core::InputError
// for NaN scores, labels other than 0 and 1, unequal lengths, and when only one class is there.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "measures/bootstrap.h"

namespace isocenter::measures {

using Labels = std::span<const std::uint8_t>;
using Scores = std::span<const double>;

// Area under the ROC curve: the share of (positive, negative) pairs in the right order, ties half.
double auroc(Labels labels, Scores scores);

// From the least case called positive to all: one point a distinct score, (0, 0) with an infinite threshold first.
struct RocPoint {
  double threshold, false_positive_rate, true_positive_rate;
};
std::vector<RocPoint> roc_curve(Labels labels, Scores scores);

// Area over false positive rates from 0 to `highest`, trapezoids; and standardised so that chance is 0.5 and perfection 1 (McClish, Medical
// Decision Making 9 (1989) 190).
struct PartialArea {
  double area = 0, standardised = 0;
};
PartialArea partial_auroc(Labels labels, Scores scores, double highest_false_positive_rate);

double false_positive_rate_at_sensitivity(Labels labels, Scores scores, double sensitivity = 0.95);  // the lowest that reaches it
double sensitivity_at_specificity(Labels labels, Scores scores, double specificity);                 // the highest that keeps it

struct OperatingPoint {
  double threshold = 0;  // halfway between two scores, infinite at the ends
  double sensitivity = 0, specificity = 0;
};
// All thresholds with the largest sensitivity + specificity (Youden, Cancer 3 (1950) 32).
std::vector<OperatingPoint> youden_points(Labels labels, Scores scores);
// The most specific threshold of at least this sensitivity, and the most sensitive one of at least this specificity.
OperatingPoint point_for_sensitivity(Labels labels, Scores scores, double sensitivity);
OperatingPoint point_for_specificity(Labels labels, Scores scores, double specificity);

// DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837, by midranks (Sun and Xu, IEEE Signal Processing Letters 21 (2014) 1389).
// With one case in a class its variance is undefined: NaN.
struct DelongArea {
  double area = 0, variance = 0;
  Interval interval(double level = 0.95) const;  // normal, cut to [0, 1]
};
DelongArea delong(Labels labels, Scores scores);

struct DelongTest {
  DelongArea first, second;
  double covariance = 0;          // 0 when unpaired
  double statistic = 0;           // z, or Student's t when unpaired; 0 where both areas and no variance are equal
  double degrees_of_freedom = 0;  // unpaired only
  double p_value = 1;             // two-sided
};
DelongTest delong_paired(Labels labels, Scores first, Scores second);
DelongTest delong_unpaired(Labels first_labels, Scores first, Labels second_labels, Scores second);

// Percentile interval over resampled cases; resamples with one class only are left out.
Interval auroc_bootstrap(Labels labels, Scores scores, const BootstrapOptions& options = {});

// Sum over thresholds of precision times the recall gained (no interpolation).
double average_precision(Labels labels, Scores scores);
struct PrecisionRecallPoint {
  double threshold, precision, recall;
};
std::vector<PrecisionRecallPoint> precision_recall_curve(Labels labels, Scores scores);  // by falling threshold

}  // namespace isocenter::measures
