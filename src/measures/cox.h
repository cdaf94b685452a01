// Cox's proportional-hazards regression (Cox, JRSS B 34 (1972) 187), fitted by Newton's method on the partial likelihood.
#pragma once

#include <string>
#include <vector>

#include "measures/linear_algebra.h"
#include "measures/survival.h"

namespace isocenter::measures {

enum class Ties { efron, breslow };

struct CoxOptions {
  Ties ties = Ties::efron;
  double ridge = 0;  // adds ridge / 2 times the sum of squared coefficients as a penalty; covariates are not scaled
};

struct CoxTest {
  double statistic = 0, degrees_of_freedom = 0, p_value = 1;
};

struct CoxModel {
  std::vector<double> coefficients;  // log hazard ratio per unit
  std::vector<double> standard_errors;
  Matrix covariance;
  double log_likelihood_null = 0, log_likelihood = 0;
  CoxTest likelihood_ratio, wald, score;
  int iterations = 0;

  struct HazardRatio {
    double ratio, low, high, z, p_value;
  };
  HazardRatio hazard_ratio(int covariate, double level = 0.95) const;
  double linear_predictor(const std::vector<double>& covariates) const;  // not centred
};

// covariates[case][covariate]; with strata, each has a baseline hazard of its own. A covariate that the others (or the strata) determine
// gets the coefficient 0 with the error 0. Throws core::InputError for ragged tables, values not finite, no events, and coefficients that
// run to infinity (a covariate that separates the events).
CoxModel fit_cox(const Survival& data, const std::vector<std::vector<double>>& covariates, const CoxOptions& options = {},
                 std::span<const int> strata = {});

// Breslow's cumulative baseline hazard at the times asked for, for a case with all covariates 0.
std::vector<double> baseline_cumulative_hazard(const Survival& data, const std::vector<std::vector<double>>& covariates,
                                               const CoxModel& model, std::span<const double> times);

}  // namespace isocenter::measures
