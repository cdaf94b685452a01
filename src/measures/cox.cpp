#include "measures/cox.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/error.h"
#include "measures/distributions.h"

namespace isocenter::measures {
using core::InputError;
namespace {

// The cases of one stratum by falling time, so that the set at risk only grows.
using Order = std::vector<std::size_t>;

struct Likelihood {
  double value = 0;
  std::vector<double> gradient;
  Matrix information;
};

class Problem {
 public:
  Problem(const Survival& data, const std::vector<std::vector<double>>& covariates, std::span<const int> strata, Ties ties)
      : data_(data), ties_(ties) {
    count_ = static_cast<int>(covariates[0].size());
    // Centred columns leave the likelihood as it is and keep exponentials small.
    mean_.assign(count_, 0.0);
    for (const auto& row : covariates)
      for (int c = 0; c < count_; ++c) mean_[c] += row[c] / static_cast<double>(covariates.size());
    for (const auto& row : covariates)
      for (int c = 0; c < count_; ++c) x_.push_back(row[c] - mean_[c]);
    std::map<int, Order> by_stratum;
    for (std::size_t i = 0; i < data.size(); ++i) by_stratum[strata.empty() ? 0 : strata[i]].push_back(i);
    for (auto& [stratum, order] : by_stratum) {
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return data.times[a] > data.times[b]; });
      orders_.push_back(std::move(order));
    }
  }

  Likelihood at(const std::vector<double>& coefficients) const {
    Likelihood total{0, std::vector<double>(count_, 0.0), Matrix(count_, count_)};
    for (const Order& order : orders_) add(order, coefficients, total);
    return total;
  }

 private:
  struct Sums {
    double zero = 0;
    std::vector<double> first, second;  // second: lower triangle
    explicit Sums(int n) : first(n, 0.0), second(n * (n + 1) / 2, 0.0) {}
  };

  void add_case(std::size_t i, double weight, Sums& sums) const {
    const double* x = x_.data() + i * count_;
    sums.zero += weight;
    for (int a = 0, k = 0; a < count_; ++a) {
      sums.first[a] += weight * x[a];
      for (int b = 0; b <= a; ++b) sums.second[k++] += weight * x[a] * x[b];
    }
  }

  void add(const Order& order, const std::vector<double>& coefficients, Likelihood& total) const {
    Sums at_risk(count_);
    for (std::size_t begin = 0; begin < order.size();) {
      std::size_t end = begin;
      Sums dying(count_);
      double events = 0;
      for (; end < order.size() && data_.times[order[end]] == data_.times[order[begin]]; ++end) {
        const std::size_t i = order[end];
        const double predictor =
            std::inner_product(coefficients.begin(), coefficients.end(), x_.begin() + static_cast<std::ptrdiff_t>(i * count_), 0.0);
        const double hazard = std::exp(predictor);
        add_case(i, hazard, at_risk);
        if (!data_.events[i]) continue;
        ++events;
        add_case(i, hazard, dying);
        total.value += predictor;
        for (int a = 0; a < count_; ++a) total.gradient[a] += x_[i * count_ + a];
      }
      // Efron: of d deaths at one time the k-th meets a set at risk from which k / d of them have gone; Breslow: all of it each time.
      for (double k = 0; k < events; ++k) {
        const double gone = ties_ == Ties::efron ? k / events : 0, zero = at_risk.zero - gone * dying.zero;
        total.value -= std::log(zero);
        for (int a = 0, t = 0; a < count_; ++a) {
          const double mean_a = (at_risk.first[a] - gone * dying.first[a]) / zero;
          total.gradient[a] -= mean_a;
          for (int b = 0; b <= a; ++b, ++t) {
            const double mean_b = (at_risk.first[b] - gone * dying.first[b]) / zero;
            const double value = (at_risk.second[t] - gone * dying.second[t]) / zero - mean_a * mean_b;
            total.information(a, b) += value;
            if (a != b) total.information(b, a) += value;
          }
        }
      }
      begin = end;
    }
  }

  const Survival& data_;
  Ties ties_;
  int count_;
  std::vector<double> mean_, x_;
  std::vector<Order> orders_;
};

void check(const Survival& data, const std::vector<std::vector<double>>& covariates, std::span<const int> strata) {
  if (data.times.size() != data.events.size() || covariates.size() != data.size() || (!strata.empty() && strata.size() != data.size()))
    throw InputError("{} times, {} events, {} rows of covariates, {} strata; one a case is needed", data.times.size(), data.events.size(),
                     covariates.size(), strata.size());
  if (data.size() == 0 || covariates[0].empty()) throw InputError("there are no cases or no covariates");
  for (std::size_t i = 0; i < covariates.size(); ++i) {
    if (covariates[i].size() != covariates[0].size())
      throw InputError("case {} has {} covariates, the first one {}", i + 1, covariates[i].size(), covariates[0].size());
    for (double value : covariates[i])
      if (!std::isfinite(value)) throw InputError("a covariate of case {} is {}", i + 1, value);
    if (!std::isfinite(data.times[i])) throw InputError("the time of case {} is {}", i + 1, data.times[i]);
  }
  if (std::count(data.events.begin(), data.events.end(), 1) == 0) throw InputError("no case has an event; nothing can be fitted");
}

double quadratic_form(const Matrix& m, const std::vector<double>& v) {
  double sum = 0;
  for (int r = 0; r < m.rows; ++r)
    for (int c = 0; c < m.columns; ++c) sum += v[r] * m(r, c) * v[c];
  return sum;
}

CoxTest test_of(double statistic, double degrees) { return {statistic, degrees, chi_square_upper(statistic, degrees)}; }

}  // namespace

CoxModel fit_cox(const Survival& data, const std::vector<std::vector<double>>& covariates, const CoxOptions& options,
                 std::span<const int> strata) {
  check(data, covariates, strata);
  const Problem problem(data, covariates, strata, options.ties);
  const int count = static_cast<int>(covariates[0].size());
  auto penalised = [&](const std::vector<double>& coefficients) {
    Likelihood likelihood = problem.at(coefficients);
    for (int c = 0; c < count; ++c) {
      likelihood.value -= options.ridge / 2 * coefficients[c] * coefficients[c];
      likelihood.gradient[c] -= options.ridge * coefficients[c];
      likelihood.information(c, c) += options.ridge;
    }
    return likelihood;
  };
  CoxModel model;
  model.coefficients.assign(count, 0.0);
  Likelihood now = penalised(model.coefficients);
  model.log_likelihood_null = now.value;
  const Matrix null_covariance = inverse_symmetric(now.information);
  // Covariates that are constant within every stratum, or sums of others, have no coefficient of their own.
  int determined = 0;
  for (int c = 0; c < count; ++c) determined += null_covariance(c, c) > 0;
  model.score = test_of(quadratic_form(null_covariance, now.gradient), determined);
  for (model.iterations = 0; model.iterations < 50; ++model.iterations) {
    const auto step = solve_symmetric(now.information, now.gradient);
    double scale = 1;
    std::vector<double> next(count);
    Likelihood there;
    do {  // a step that does not climb is halved
      for (int c = 0; c < count; ++c) next[c] = model.coefficients[c] + scale * step[c];
      there = penalised(next);
      scale /= 2;
    } while (!(there.value >= now.value - 1e-12 * std::abs(now.value)) && scale > 1e-10);
    const double gain = there.value - now.value;
    model.coefficients = next;
    now = std::move(there);
    if (std::abs(gain) <= 1e-14 * std::abs(now.value)) break;
  }
  if (model.iterations == 50) throw InputError("the fit does not settle: a covariate may separate the cases with events from the others");
  model.covariance = inverse_symmetric(now.information);
  for (int c = 0; c < count; ++c) model.standard_errors.push_back(std::sqrt(model.covariance(c, c)));
  model.log_likelihood = problem.at(model.coefficients).value;
  model.likelihood_ratio = test_of(2 * (model.log_likelihood - model.log_likelihood_null), determined);
  model.wald = test_of(quadratic_form(now.information, model.coefficients), determined);
  return model;
}

CoxModel::HazardRatio CoxModel::hazard_ratio(int covariate, double level) const {
  const double value = coefficients[covariate], half = normal_quantile((1 + level) / 2) * standard_errors[covariate],
               z = value / standard_errors[covariate];
  return {std::exp(value), std::exp(value - half), std::exp(value + half), z, 2 * normal_upper(std::abs(z))};
}

double CoxModel::linear_predictor(const std::vector<double>& covariates) const {
  if (covariates.size() != coefficients.size()) throw InputError("{} covariates for a model of {}", covariates.size(), coefficients.size());
  return std::inner_product(coefficients.begin(), coefficients.end(), covariates.begin(), 0.0);
}

std::vector<double> baseline_cumulative_hazard(const Survival& data, const std::vector<std::vector<double>>& covariates,
                                               const CoxModel& model, std::span<const double> times) {
  check(data, covariates, {});
  Order order(data.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return data.times[a] > data.times[b]; });
  std::map<double, double> rise;  // by time
  double at_risk = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    double events = 0;
    for (; end < order.size() && data.times[order[end]] == data.times[order[begin]]; ++end) {
      at_risk += std::exp(model.linear_predictor(covariates[order[end]]));
      events += data.events[order[end]];
    }
    if (events > 0) rise[data.times[order[begin]]] = events / at_risk;
    begin = end;
  }
  std::vector<double> hazards;
  for (double time : times) {
    double sum = 0;
    for (const auto& [at, step] : rise)
      if (at <= time) sum += step;
    hazards.push_back(sum);
  }
  return hazards;
}

}  // namespace isocenter::measures
