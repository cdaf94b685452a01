#include "measures/survival.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/error.h"
#include "measures/distributions.h"
#include "measures/linear_algebra.h"

namespace isocenter::measures {
using core::InputError;
namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();

void check(const Survival& data) {
  if (data.times.size() != data.events.size()) throw InputError("{} times but {} events", data.times.size(), data.events.size());
  if (data.times.empty()) throw InputError("there are no cases");
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (!(data.times[i] >= 0) || !std::isfinite(data.times[i])) throw InputError("the time of case {} is {}", i + 1, data.times[i]);
    if (data.events[i] > 1) throw InputError("the event of case {} is {}; events are 0 and 1", i + 1, data.events[i]);
  }
}

void check_risk(const Survival& data, std::span<const double> risk) {
  check(data);
  if (risk.size() != data.size()) throw InputError("{} cases but {} risks", data.size(), risk.size());
  for (std::size_t i = 0; i < risk.size(); ++i)
    if (std::isnan(risk[i])) throw InputError("the risk of case {} is NaN", i + 1);
}

// The distinct times with who is at risk, who has the event, who leaves.
std::vector<CurveStep> steps_of(const Survival& data) {
  std::map<double, CurveStep> by_time;
  for (std::size_t i = 0; i < data.size(); ++i) {
    CurveStep& step = by_time[data.times[i]];
    step.time = data.times[i];
    ++(data.events[i] ? step.events : step.censored);
  }
  std::vector<CurveStep> steps;
  double at_risk = static_cast<double>(data.size());
  for (auto& [time, step] : by_time) {
    step.at_risk = at_risk;
    at_risk -= step.events + step.censored;
    steps.push_back(step);
  }
  return steps;
}

// Survival of the censoring: events and censorings change places, and an event at the same time comes first.
std::vector<CurveStep> censoring_curve(const Survival& data) {
  std::vector<CurveStep> steps = steps_of(data);
  double survival = 1;
  for (CurveStep& step : steps) {
    const double still_there = step.at_risk - step.events;
    if (step.censored > 0) survival *= 1 - step.censored / still_there;
    step.value = survival;
  }
  return steps;
}

// 1 / G at each case's time; 0 for censored ones.
std::vector<double> inverse_weights(const std::vector<CurveStep>& censoring, const Survival& test) {
  std::vector<double> weights(test.size(), 0.0);
  for (std::size_t i = 0; i < test.size(); ++i) {
    if (!test.events[i]) continue;
    const double chance = curve_at(censoring, test.times[i]);
    if (chance == 0)
      throw InputError("case {} has its event when all training cases are censored; leave out cases beyond {}", i + 1,
                       censoring.back().time);
    weights[i] = 1 / chance;
  }
  return weights;
}

}  // namespace

double curve_at(const std::vector<CurveStep>& curve, double time, double before_first) {
  auto after = std::upper_bound(curve.begin(), curve.end(), time, [](double t, const CurveStep& step) { return t < step.time; });
  return after == curve.begin() ? before_first : std::prev(after)->value;
}

std::vector<CurveStep> kaplan_meier(const Survival& data, SurvivalInterval kind, double level) {
  check(data);
  const double z = normal_quantile((1 + level) / 2);
  std::vector<CurveStep> steps = steps_of(data);
  double survival = 1, variance = 0;
  for (CurveStep& step : steps) {
    if (step.events > 0) {
      survival *= 1 - step.events / step.at_risk;
      variance += step.events / (step.at_risk * (step.at_risk - step.events));
    }
    step.value = survival;
    step.standard_error = std::sqrt(variance);
    const double error = step.standard_error;
    switch (kind) {
      case SurvivalInterval::log:
        step.low = survival * std::exp(-z * error);
        step.high = std::min(1.0, survival * std::exp(z * error));
        break;
      case SurvivalInterval::log_log: {
        const double centre = std::log(-std::log(survival)), half = z * error / std::log(survival);
        step.low = survival < 1 ? std::exp(-std::exp(centre - half)) : nan_value;
        step.high = survival < 1 ? std::exp(-std::exp(centre + half)) : nan_value;
        break;
      }
      case SurvivalInterval::plain:
        step.low = std::max(0.0, survival * (1 - z * error));
        step.high = std::min(1.0, survival * (1 + z * error));
        break;
    }
    if (survival == 0) step.low = step.high = nan_value;
  }
  return steps;
}

std::vector<CurveStep> nelson_aalen(const Survival& data) {
  check(data);
  std::vector<CurveStep> steps = steps_of(data);
  double hazard = 0, variance = 0;
  for (CurveStep& step : steps) {
    hazard += step.events / step.at_risk;
    variance += step.events / (step.at_risk * step.at_risk);
    step.value = hazard;
    step.standard_error = std::sqrt(variance);
  }
  return steps;
}

SurvivalQuantile survival_quantile(const std::vector<CurveStep>& curve, double share) {
  // The first time at which a curve is at most 1 - share; where it equals that, the middle of the flat piece.
  auto first_time = [&](auto value_of) -> std::optional<double> {
    const double wanted = 1 - share;
    for (std::size_t i = 0; i < curve.size(); ++i) {
      const double value = value_of(curve[i]);
      if (std::isnan(value)) continue;
      if (std::abs(value - wanted) < 1e-9) {
        for (std::size_t j = i + 1; j < curve.size(); ++j)
          if (const double next = value_of(curve[j]); !(std::abs(next - wanted) < 1e-9)) return (curve[i].time + curve[j].time) / 2;
        return curve[i].time;
      }
      if (value < wanted) return curve[i].time;
    }
    return std::nullopt;
  };
  return {first_time([](const CurveStep& s) { return s.value; }), first_time([](const CurveStep& s) { return s.low; }),
          first_time([](const CurveStep& s) { return s.high; })};
}

RestrictedMean restricted_mean(const Survival& data, double tau) {
  const auto curve = kaplan_meier(data);
  RestrictedMean result;
  double variance = 0;
  // The area from each event time to tau, from the end backwards.
  double area = 0, end = tau;
  for (std::size_t i = curve.size(); i-- > 0;) {
    if (curve[i].time >= tau) continue;
    area += curve[i].value * (end - curve[i].time);
    end = curve[i].time;
    if (curve[i].events > 0 && curve[i].at_risk > curve[i].events)
      variance += area * area * curve[i].events / (curve[i].at_risk * (curve[i].at_risk - curve[i].events));
  }
  result.mean = area + end;  // survival is 1 up to the first time
  result.standard_error = std::sqrt(variance);
  return result;
}

LogRank log_rank(const Survival& data, std::span<const int> groups, double rho, std::span<const int> strata) {
  check(data);
  if (groups.size() != data.size() || (!strata.empty() && strata.size() != data.size()))
    throw InputError("{} cases but {} groups and {} strata", data.size(), groups.size(), strata.size());
  int count = 0;
  for (int group : groups) {
    if (group < 0) throw InputError("a group is {}; groups count from 0", group);
    count = std::max(count, group + 1);
  }
  if (count < 2) throw InputError("only one group is there; at least 2 are needed");
  std::map<int, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < data.size(); ++i) members[strata.empty() ? 0 : strata[i]].push_back(i);

  LogRank result;
  result.observed.assign(count, 0.0);
  result.expected.assign(count, 0.0);
  Matrix variance(count, count);
  for (auto& [stratum, cases] : members) {
    std::sort(cases.begin(), cases.end(), [&](std::size_t a, std::size_t b) { return data.times[a] < data.times[b]; });
    std::vector<double> at_risk(count, 0.0);
    for (std::size_t i : cases) ++at_risk[groups[i]];
    double survival = 1;  // just before the time, for the weight S(t-)^rho
    for (std::size_t begin = 0; begin < cases.size();) {
      std::size_t end = begin;
      std::vector<double> events(count, 0.0), leaving(count, 0.0);
      while (end < cases.size() && data.times[cases[end]] == data.times[cases[begin]]) {
        ++leaving[groups[cases[end]]];
        if (data.events[cases[end]]) ++events[groups[cases[end]]];
        ++end;
      }
      const double d = std::accumulate(events.begin(), events.end(), 0.0), n = std::accumulate(at_risk.begin(), at_risk.end(), 0.0);
      if (d > 0) {
        const double weight = std::pow(survival, rho);
        for (int g = 0; g < count; ++g) {
          result.observed[g] += weight * events[g];
          result.expected[g] += weight * d * at_risk[g] / n;
          if (n > 1)
            for (int h = 0; h < count; ++h)
              variance(g, h) += weight * weight * d * (n - d) / (n - 1) * (at_risk[g] / n) * ((g == h ? 1.0 : 0.0) - at_risk[h] / n);
        }
        survival *= 1 - d / n;
      }
      for (int g = 0; g < count; ++g) at_risk[g] -= leaving[g];
      begin = end;
    }
  }
  // One group is determined by the others; groups without cases drop out.
  std::vector<int> used;
  for (int g = 0; g < count; ++g)
    if (result.expected[g] > 0) used.push_back(g);
  if (used.size() < 2) throw InputError("events happen in one group's time only; nothing can be compared");
  const int free = static_cast<int>(used.size()) - 1;
  Matrix reduced(free, free);
  std::vector<double> difference(free);
  for (int a = 0; a < free; ++a) {
    difference[a] = result.observed[used[a]] - result.expected[used[a]];
    for (int b = 0; b < free; ++b) reduced(a, b) = variance(used[a], used[b]);
  }
  const auto solved = solve_symmetric(reduced, difference);
  result.statistic = std::inner_product(difference.begin(), difference.end(), solved.begin(), 0.0);
  result.degrees_of_freedom = free;
  result.p_value = chi_square_upper(result.statistic, free);
  return result;
}

Concordance concordance(const Survival& data, std::span<const double> risk, ConcordanceWeight weight) {
  check_risk(data, risk);
  const auto curve = kaplan_meier(data);
  const auto censoring = censoring_curve(data);
  const double n = static_cast<double>(data.size());
  std::map<double, double> weight_at;
  double survival_before = 1, censoring_before = 1;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    // Weights are those just before the time.
    switch (weight) {
      case ConcordanceWeight::harrell:
        weight_at[curve[i].time] = 1;
        break;
      case ConcordanceWeight::uno:
        weight_at[curve[i].time] = 1 / (censoring_before * censoring_before);
        break;
      case ConcordanceWeight::survival:
        weight_at[curve[i].time] = n * survival_before / curve[i].at_risk;
        break;
      case ConcordanceWeight::inverse_at_risk:
        weight_at[curve[i].time] = 1 / curve[i].at_risk;
        break;
    }
    survival_before = curve[i].value;
    censoring_before = censoring[i].value;
  }
  Concordance result;
  // Each case's part in concordant - discordant and in comparable pairs, for the infinitesimal jackknife.
  std::vector<double> difference(data.size(), 0.0), comparable(data.size(), 0.0);
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (!data.events[i]) continue;
    const double w = weight_at[data.times[i]];
    for (std::size_t j = 0; j < data.size(); ++j) {
      if (i == j || data.times[j] < data.times[i]) continue;
      if (data.times[j] == data.times[i] && data.events[j]) {
        if (i < j) result.tied_time += w;
        continue;
      }
      const double sign = risk[i] > risk[j] ? 1 : risk[i] < risk[j] ? -1 : 0;
      (sign > 0 ? result.concordant : sign < 0 ? result.discordant : result.tied_risk) += w;
      difference[i] += sign * w, difference[j] += sign * w;
      comparable[i] += w, comparable[j] += w;
    }
  }
  const double pairs = result.concordant + result.discordant + result.tied_risk, lead = result.concordant - result.discordant;
  if (pairs == 0) throw InputError("no two cases are comparable: no event happens before another case's time");
  result.value = (lead / pairs + 1) / 2;
  double squares = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const double part = (difference[i] - lead / pairs * comparable[i]) / (2 * pairs);
    squares += part * part;
  }
  result.standard_error = std::sqrt(squares);
  return result;
}

double uno_concordance(const Survival& training, const Survival& test, std::span<const double> risk, std::optional<double> tau) {
  check(training);
  check_risk(test, risk);
  const auto censoring = censoring_curve(training);
  double concordant = 0, comparable = 0;
  for (std::size_t i = 0; i < test.size(); ++i) {
    if (!test.events[i] || (tau && test.times[i] >= *tau)) continue;
    const double chance = curve_at(censoring, test.times[i]);
    if (chance == 0)
      throw InputError("case {} has its event when all training cases are censored; leave out cases beyond {}", i + 1,
                       censoring.back().time);
    for (std::size_t j = 0; j < test.size(); ++j) {
      if (i == j || test.times[j] < test.times[i] || (test.times[j] == test.times[i] && test.events[j])) continue;
      comparable += 1 / (chance * chance);
      concordant += (risk[i] > risk[j] ? 1 : risk[i] == risk[j] ? 0.5 : 0) / (chance * chance);
    }
  }
  if (comparable == 0) throw InputError("no two cases are comparable: no event happens before another case's time");
  return concordant / comparable;
}

DynamicArea cumulative_dynamic_auc(const Survival& training, const Survival& test, std::span<const double> risk,
                                   std::span<const double> times) {
  check(training);
  check_risk(test, risk);
  const auto weights = inverse_weights(censoring_curve(training), test);
  const auto survival = kaplan_meier(test);
  DynamicArea result;
  double mean = 0, before = 1;
  for (double time : times) {
    double right = 0, all = 0;
    for (std::size_t i = 0; i < test.size(); ++i) {
      if (!test.events[i] || test.times[i] > time) continue;
      for (std::size_t j = 0; j < test.size(); ++j) {
        if (test.times[j] <= time) continue;
        all += weights[i];
        right += weights[i] * (risk[i] > risk[j] ? 1 : risk[i] == risk[j] ? 0.5 : 0);
      }
    }
    if (all == 0) throw InputError("at time {} no case has had its event, or none is left; choose times between", time);
    result.areas.push_back(right / all);
    const double now = curve_at(survival, time);
    mean += result.areas.back() * (before - now);
    before = now;
  }
  result.mean = mean / (1 - before);
  return result;
}

BrierOverTime brier_over_time(const Survival& training, const Survival& test, const std::vector<std::vector<double>>& survival,
                              std::span<const double> times) {
  check(training);
  check(test);
  if (survival.size() != test.size()) throw InputError("{} cases but {} predicted curves", test.size(), survival.size());
  const auto censoring = censoring_curve(training);
  const auto weights = inverse_weights(censoring, test);
  BrierOverTime result;
  for (std::size_t k = 0; k < times.size(); ++k) {
    const double chance = curve_at(censoring, times[k]);
    double sum = 0;
    for (std::size_t i = 0; i < test.size(); ++i) {
      if (survival[i].size() != times.size())
        throw InputError("case {} has {} predicted values for {} times", i + 1, survival[i].size(), times.size());
      const double predicted = survival[i][k];
      if (test.times[i] > times[k])
        sum += (1 - predicted) * (1 - predicted) / chance;
      else if (test.events[i])
        sum += predicted * predicted * weights[i];
    }
    result.scores.push_back(sum / static_cast<double>(test.size()));
  }
  for (std::size_t k = 1; k < times.size(); ++k)
    result.integrated += (times[k] - times[k - 1]) * (result.scores[k] + result.scores[k - 1]) / 2;
  if (times.size() > 1) result.integrated /= times.back() - times.front();
  return result;
}

}  // namespace isocenter::measures
