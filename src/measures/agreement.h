// How far observers, methods or repeated measurements agree.
//
// Throws core::InputError for unequal lengths, too few cases, grades out of range and values not finite. Where the formula divides by zero
// (every observer gives every case the same grade) the result is NaN.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "measures/bootstrap.h"
#include "measures/classification.h"

namespace isocenter::measures {

enum class KappaWeights { none, linear, quadratic };

struct Kappa {
  double kappa = 0;
  double standard_error = 0;       // for the interval
  double standard_error_null = 0;  // when agreement is by chance alone, for the test
  double z = 0, p_value = 1;       // one-sided: more than by chance
  Interval interval(double level = 0.95) const;
};
// Cohen's kappa of two observers (rows and columns of the matrix), weighted by the distance of grades; errors by Fleiss, Cohen and Everitt,
// Psychological Bulletin 72 (1969) 323.
Kappa cohen_kappa(const ConfusionMatrix& matrix, KappaWeights weights = KappaWeights::none);

// Several observers: ratings[observer][case], grades 0 to classes - 1. Fleiss, Psychological Bulletin 76 (1971) 378; with free marginals
// (chance agreement 1 / classes) Randolph 2005.
double fleiss_kappa(const std::vector<std::vector<int>>& ratings, int classes);
double randolph_kappa(const std::vector<std::vector<int>>& ratings, int classes);

// Bland and Altman, Lancet 327 (1986) 307: mean of first - second, and mean -+ 1.96 sample standard deviations.
struct BlandAltman {
  double mean = 0, standard_deviation = 0, lower_limit = 0, upper_limit = 0;
  double mean_error = 0, limit_error = 0;  // standard errors: s / sqrt(n), and of the limits (their formula: sqrt(3) s / sqrt(n))
};
BlandAltman bland_altman(std::span<const double> first, std::span<const double> second);

// Lin, Biometrics 45 (1989) 255; population moments. Interval by Fisher's z with Lin's asymptotic variance.
Interval lin_concordance(std::span<const double> first, std::span<const double> second, double level = 0.95);

// Intraclass correlation of single measurements, values[case][observer]; McGraw and Wong, Psychological Methods 1 (1996) 30, intervals by
// F. Two-way random, absolute agreement: ICC(2,1). Two-way mixed, consistency: ICC(3,1).
Interval icc_2_1(const std::vector<std::vector<double>>& values, double level = 0.95);
Interval icc_3_1(const std::vector<std::vector<double>>& values, double level = 0.95);

}  // namespace isocenter::measures
