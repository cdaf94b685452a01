// Times to an event, some of them censored: curves, tests, concordance and prediction error.
//
// A case has a time, whether the event was seen (1) or the case left before (0). At equal times events come before censorings. Throws
// core::InputError for unequal lengths, no cases, times that are negative or not finite, events other than 0 and 1.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace isocenter::measures {

struct Survival {
  std::vector<double> times;
  std::vector<std::uint8_t> events;

  std::size_t size() const { return times.size(); }
};

// A step function: from its time on, until the next step.
struct CurveStep {
  double time = 0;
  double at_risk = 0, events = 0, censored = 0;
  double value = 0;           // survival, or cumulative hazard
  double standard_error = 0;  // of log survival (Greenwood), or of the cumulative hazard
  double low = 0, high = 0;   // NaN where the kind of interval has none
};

// Kaplan and Meier, JASA 53 (1958) 457, one step a distinct time. Intervals on the scale named, cut to [0, 1].
enum class SurvivalInterval { log, log_log, plain };
std::vector<CurveStep> kaplan_meier(const Survival& data, SurvivalInterval kind = SurvivalInterval::log, double level = 0.95);
std::vector<CurveStep> nelson_aalen(const Survival& data);
double curve_at(const std::vector<CurveStep>& curve, double time, double before_first = 1);

// The time by which a share of the cases had the event, and its interval from that of the curve; nothing where a curve never falls so low.
// Where the curve is flat at the share, halfway.
struct SurvivalQuantile {
  std::optional<double> time, low, high;
};
SurvivalQuantile survival_quantile(const std::vector<CurveStep>& curve, double share = 0.5);

// Area under the curve up to tau.
struct RestrictedMean {
  double mean = 0, standard_error = 0;
};
RestrictedMean restricted_mean(const Survival& data, double tau);

// The G-rho test of Harrington and Fleming (Biometrika 69 (1982) 553): rho 0 is the log-rank test, 1 Peto and Peto's Wilcoxon. Groups are
// numbers from 0; with strata, cases are compared only within theirs.
struct LogRank {
  std::vector<double> observed, expected;  // a group, weighted; strata added up
  double statistic = 0, degrees_of_freedom = 0, p_value = 1;
};
LogRank log_rank(const Survival& data, std::span<const int> groups, double rho = 0, std::span<const int> strata = {});

// Share of comparable pairs in which the higher risk had the event first; pairs of equal risk count half. A pair is comparable when the
// earlier time is an event; at equal times, when one is an event and the other a censoring.
struct Concordance {
  double value = 0;
  double concordant = 0, discordant = 0, tied_risk = 0, tied_time = 0;  // weighted pairs; tied_time: both with the event at one time
  double standard_error = 0;                                            // 0 where none is given
};
// Weights of a pair by its event time. harrell: 1; uno: n(t) / G(t)^2 over the case count (Uno et al., Statistics in Medicine 30 (2011)
// 1105) with the censoring distribution G of these very cases, as R's survival does ("n/G2"); survival: S(t); inverse_at_risk: 1 / n(t)
// ("I").
enum class ConcordanceWeight { harrell, uno, survival, inverse_at_risk };
Concordance concordance(const Survival& data, std::span<const double> risk, ConcordanceWeight weight = ConcordanceWeight::harrell);

// With the censoring distribution of other (training) cases, as scikit-survival does; only pairs with an event before tau. Cases of `test`
// beyond the last training time are left out.
double uno_concordance(const Survival& training, const Survival& test, std::span<const double> risk,
                       std::optional<double> tau = std::nullopt);

// Cumulative/dynamic area under the ROC curve at each time, cases weighted by the inverse chance of not being censored (Uno et al., JASA
// 102 (2007) 527; Hung and Chiang 2010), and its mean over times weighted by the fall of survival.
struct DynamicArea {
  std::vector<double> areas;
  double mean = 0;
};
DynamicArea cumulative_dynamic_auc(const Survival& training, const Survival& test, std::span<const double> risk,
                                   std::span<const double> times);

// Graf et al., Statistics in Medicine 18 (1999) 2529. survival[case][time]; the integral by trapezoids over the times, divided by their
// range.
struct BrierOverTime {
  std::vector<double> scores;
  double integrated = 0;
};
BrierOverTime brier_over_time(const Survival& training, const Survival& test, const std::vector<std::vector<double>>& survival,
                              std::span<const double> times);

}  // namespace isocenter::measures
