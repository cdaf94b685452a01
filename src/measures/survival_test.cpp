#include "measures/survival.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <tuple>

#include "core/error.h"
#include "core/random.h"
#include "measures/cox.h"
#include "measures/reference_cases.h"

namespace isocenter::measures {
namespace {

using nlohmann::json;
using testing_support::expect_value;
using testing_support::numbers;

struct Cohort {
  std::map<std::string, std::vector<std::string>> columns;
  std::size_t rows = 0;

  std::vector<double> values(const std::string& name) const {
    std::vector<double> result;
    for (const std::string& cell : columns.at(name)) result.push_back(std::stod(cell));
    return result;
  }
  std::vector<int> groups(const std::string& name, int first) const {
    std::vector<int> result;
    for (double value : values(name)) result.push_back(static_cast<int>(value) - first);
    return result;
  }
  Survival survival() const {
    Survival data{values("time"), {}};
    for (double event : values("event")) data.events.push_back(event != 0);
    return data;
  }
  std::vector<std::vector<double>> covariates(const std::vector<std::string>& names) const {
    std::vector<std::vector<double>> table(rows);
    for (const std::string& name : names) {
      const auto column = values(name);
      for (std::size_t i = 0; i < rows; ++i) table[i].push_back(column[i]);
    }
    return table;
  }
};

Cohort read_cohort(const std::filesystem::path& path) {
  Cohort cohort;
  std::vector<std::string> names;
  std::istringstream text(core::read_text(path));
  for (std::string line; std::getline(text, line);) {
    std::istringstream fields(line);
    std::size_t column = 0;
    const bool header = names.empty();
    for (std::string field; std::getline(fields, field, ','); ++column) {
      std::erase(field, '"');
      std::erase(field, '\r');
      if (header)
        names.push_back(field);
      else
        cohort.columns[names[column]].push_back(field);
    }
    cohort.rows += !header;
  }
  return cohort;
}

struct Fold {
  Survival data;
  std::vector<std::vector<double>> covariates;
};
Fold fold_of(const Cohort& cohort, const std::vector<std::string>& names, const std::string& which) {
  const Survival all = cohort.survival();
  const auto table = cohort.covariates(names);
  Fold fold;
  for (std::size_t i = 0; i < cohort.rows; ++i) {
    if (cohort.columns.at("fold")[i] != which) continue;
    fold.data.times.push_back(all.times[i]);
    fold.data.events.push_back(all.events[i]);
    fold.covariates.push_back(table[i]);
  }
  return fold;
}

void check_curves(const Survival& data, const json& expected) {
  const auto at = [](const std::vector<CurveStep>& curve, double time) {
    return *std::find_if(curve.begin(), curve.end(), [&](const CurveStep& step) { return step.time == time; });
  };
  const auto check_rows = [&](const json& rows, const std::vector<CurveStep>& curve, const char* value) {
    for (std::size_t i = 0; i < rows.at("time").size(); ++i) {
      const CurveStep step = at(curve, rows["time"][i]);
      expect_value(step.value, rows.at(value)[i], 0, 1e-8, value);
      if (rows.contains("lower")) expect_value(step.low, rows["lower"][i], 0, 1e-8, "low");
      if (rows.contains("upper")) expect_value(step.high, rows["upper"][i], 0, 1e-8, "high");
      if (!rows.contains("at_risk")) continue;
      EXPECT_EQ(step.at_risk, rows["at_risk"][i]);
      EXPECT_EQ(step.events, rows["events"][i]);
      EXPECT_EQ(step.censored, rows["censored"][i]);
      expect_value(step.standard_error, rows["std_err_of_log"][i], 1e-12, 1e-8, "standard error");
    }
  };
  const auto curve = kaplan_meier(data);
  check_rows(expected.at("kaplan_meier").at("rows"), curve, "survival");
  check_rows(expected.at("kaplan_meier_loglog"), kaplan_meier(data, SurvivalInterval::log_log), "survival");
  check_rows(expected.at("kaplan_meier_plain"), kaplan_meier(data, SurvivalInterval::plain), "survival");
  check_rows(expected.at("nelson_aalen"), nelson_aalen(data), "cumhaz");
  for (int q = 0; q < 3; ++q) {
    const SurvivalQuantile quantile = survival_quantile(curve, 0.25 * (q + 1));
    expect_value(quantile.time, expected.at("quantiles").at("quantile")[q], 0, 1e-8, "quantile");
    expect_value(quantile.low, expected["quantiles"].at("lower")[q], 0, 1e-8, "quantile low");
    expect_value(quantile.high, expected["quantiles"].at("upper")[q], 0, 1e-8, "quantile high");
  }
  const json& mean = expected.at("restricted_mean");
  const RestrictedMean restricted = restricted_mean(data, mean.at("tau"));
  expect_value(restricted.mean, mean.at("value"), 0, 1e-8, "restricted mean");
  expect_value(restricted.standard_error, mean.at("se"), 0, 1e-8, "its error");
}

void check_log_rank(const LogRank& ours, const json& expected, const char* what) {
  SCOPED_TRACE(what);
  expect_value(ours.statistic, expected.at("chisq"), 0, 1e-8, "chi-square");
  EXPECT_EQ(ours.degrees_of_freedom, expected.at("df"));
  if (expected.contains("p")) expect_value(ours.p_value, expected["p"], 0, 1e-7, "p");
  if (!expected.contains("observed")) return;
  for (std::size_t g = 0; g < ours.observed.size(); ++g) {
    expect_value(ours.observed[g], expected["observed"][g], 0, 1e-8, "observed");
    expect_value(ours.expected[g], expected["expected"][g], 0, 1e-8, "expected");
  }
}

void check_cox(const CoxModel& model, const json& expected, double tolerance) {
  for (std::size_t c = 0; c < model.coefficients.size(); ++c) {
    if (!expected.at("coef")[c].is_number()) {  // determined by the others: no coefficient there, 0 here
      EXPECT_EQ(model.coefficients[c], 0);
      continue;
    }
    expect_value(model.coefficients[c], expected["coef"][c], 1e-9, tolerance, "coefficient " + std::to_string(c));
    if (expected.contains("se")) expect_value(model.standard_errors[c], expected["se"][c], 0, tolerance, "error");
    if (expected.contains("z")) expect_value(model.hazard_ratio(static_cast<int>(c)).z, expected["z"][c], 1e-6, tolerance, "z");
  }
  if (expected.contains("loglik")) {
    expect_value(model.log_likelihood_null, expected["loglik"][0], 0, 1e-8, "null likelihood");
    expect_value(model.log_likelihood, expected["loglik"][1], 0, 1e-8, "likelihood");
  }
  // The tool prints Wald's statistic with two decimals.
  for (const auto& [key, test, relative] :
       {std::tuple{"lr", model.likelihood_ratio, 1e-6}, std::tuple{"wald", model.wald, 1e-3}, std::tuple{"score", model.score, 1e-6}}) {
    if (!expected.contains(key)) continue;
    expect_value(test.statistic, expected[key][0], 0, relative, key);
    EXPECT_EQ(test.degrees_of_freedom, expected[key][1]);
  }
}

TEST(SurvivalReference, CurvesTestsAndRegressionAgree) {
  const auto folder = core::shared_path("reference/metrics-survival");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-survival is absent";
  const auto all_expected = testing_support::read_json(*folder / "expected.json");
  for (const auto& [name, expected] : all_expected.items()) {
    SCOPED_TRACE(name);
    const Cohort cohort = read_cohort(*folder / (name + ".csv"));
    const Survival data = cohort.survival();
    EXPECT_EQ(data.size(), expected.at("rows"));
    check_curves(data, expected);
    std::vector<int> group = cohort.groups("group", 0), stratum = cohort.groups("stratum", 1);
    const int first = *std::min_element(group.begin(), group.end());
    for (int& number : group) number -= first;
    check_log_rank(log_rank(data, group), expected.at("logrank_rho0"), "rho 0");
    check_log_rank(log_rank(data, group, 1), expected.at("logrank_rho1"), "rho 1");
    check_log_rank(log_rank(data, stratum), expected.at("logrank_many_groups"), "many groups");
    check_log_rank(log_rank(data, group, 0, stratum), expected.at("logrank_stratified"), "stratified");

    const auto covariates = cohort.covariates(expected.at("covariates"));
    const CoxModel efron = fit_cox(data, covariates);
    check_cox(efron, expected.at("cox_efron"), 1e-6);
    check_cox(fit_cox(data, covariates, {Ties::breslow, 0}), expected.at("cox_breslow"), 1e-6);
    check_cox(fit_cox(data, covariates, {}, stratum), expected.at("cox_efron_stratified"), 1e-6);
    check_cox(fit_cox(data, covariates, {Ties::efron, 1}), expected.at("cox_efron_ridge_theta1"), 1e-4);
    std::vector<double> risk;
    for (const auto& row : covariates) risk.push_back(efron.linear_predictor(row));
    const Concordance own = concordance(data, risk);
    expect_value(own.value, expected["cox_efron"].at("concordance")[0], 0, 1e-6, "concordance");
    expect_value(own.standard_error, expected["cox_efron"].at("concordance")[1], 0, 1e-5, "its error");
  }
}

TEST(SurvivalReference, HeldOutFiguresAgree) {
  const auto folder = core::shared_path("reference/metrics-survival");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-survival is absent";
  const auto all_expected = testing_support::read_json(*folder / "expected.json");
  for (const auto& [name, expected] : all_expected.items()) {
    SCOPED_TRACE(name);
    const Cohort cohort = read_cohort(*folder / (name + ".csv"));
    const std::vector<std::string> names = expected.at("covariates");
    const Fold training = fold_of(cohort, names, "train");
    Fold test = fold_of(cohort, names, "test");
    const json& holdout = expected.at("holdout");
    CoxModel model = fit_cox(training.data, training.covariates, {Ties::breslow, 0});
    check_cox(model, holdout, 1e-6);
    model.coefficients = numbers(holdout.at("coef"));
    const auto times = numbers(holdout.at("times"));
    const auto hazard = baseline_cumulative_hazard(training.data, training.covariates, model, times);
    for (std::size_t i = 0; i < times.size(); ++i)
      expect_value(hazard[i], holdout.at("baseline_cumulative_hazard")[i], 0, 1e-6, "baseline hazard");

    auto risk_of = [&](const Fold& fold) {
      std::vector<double> risk;
      for (const auto& row : fold.covariates) risk.push_back(model.linear_predictor(row));
      return risk;
    };
    const auto risk = risk_of(test);
    for (const auto& [key, weight] : {std::pair{"n", ConcordanceWeight::harrell}, std::pair{"n/G2", ConcordanceWeight::uno},
                                      std::pair{"S", ConcordanceWeight::survival}, std::pair{"I", ConcordanceWeight::inverse_at_risk}}) {
      const json& tool = holdout.at("concordance_by_timewt").at(key);
      const Concordance ours = concordance(test.data, risk, weight);
      expect_value(ours.value, tool.at("concordance"), 0, 1e-8, key);
      expect_value(ours.standard_error, tool.at("se"), 0, 1e-8, std::string(key) + " error");
      expect_value(ours.concordant, tool.at("counts").at("concordant"), 0, 1e-8, std::string(key) + " concordant");
      expect_value(ours.discordant, tool.at("counts").at("discordant"), 0, 1e-8, std::string(key) + " discordant");
    }
    const json& python = expected.at("scikit_survival");
    expect_value(concordance(test.data, risk).value, python.at("harrell").at("cindex"), 0, 1e-8, "harrell");

    // Only cases that leave before the last training time have a censoring weight.
    const double last = *std::max_element(training.data.times.begin(), training.data.times.end());
    Fold used;
    for (std::size_t i = 0; i < test.data.size(); ++i) {
      if (test.data.times[i] >= last) continue;
      used.data.times.push_back(test.data.times[i]);
      used.data.events.push_back(test.data.events[i]);
      used.covariates.push_back(test.covariates[i]);
    }
    EXPECT_EQ(used.data.size(), python.at("rows_used_for_ipcw"));
    const auto used_risk = risk_of(used);
    expect_value(uno_concordance(training.data, used.data, used_risk), python.at("uno").at("cindex"), 0, 1e-8, "uno");
    expect_value(uno_concordance(training.data, used.data, used_risk, python.at("uno_tau").at("tau").get<double>()),
                 python["uno_tau"].at("value"), 0, 1e-8, "uno before tau");
    const DynamicArea area = cumulative_dynamic_auc(training.data, used.data, used_risk, times);
    for (std::size_t i = 0; i < times.size(); ++i)
      expect_value(area.areas[i], python.at("cumulative_dynamic_auc").at("auc")[i], 0, 1e-8, "dynamic area");
    expect_value(area.mean, python["cumulative_dynamic_auc"].at("mean"), 0, 1e-8, "mean dynamic area");
    const auto baseline = numbers(holdout.at("baseline_cumulative_hazard"));
    std::vector<std::vector<double>> curves;
    for (double predictor : used_risk) {
      curves.emplace_back();
      for (double h : baseline) curves.back().push_back(std::exp(-h * std::exp(predictor)));
    }
    const BrierOverTime brier = brier_over_time(training.data, used.data, curves, times);
    for (std::size_t i = 0; i < times.size(); ++i) expect_value(brier.scores[i], python.at("brier")[i], 0, 1e-8, "brier");
    expect_value(brier.integrated, python.at("integrated_brier"), 0, 1e-8, "integrated brier");
  }
}

TEST(Survival, WithoutCensoringIsTheEmpiricalDistribution) {
  const Survival data{{1, 2, 3, 4}, {1, 1, 1, 1}};
  const auto curve = kaplan_meier(data);
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(curve[i].value, 0.75 - 0.25 * i, 1e-12);
  EXPECT_NEAR(restricted_mean(data, 4).mean, 2.5, 1e-12);
  EXPECT_DOUBLE_EQ(concordance(data, std::vector<double>{4, 3, 2, 1}).value, 1);
  EXPECT_DOUBLE_EQ(concordance(data, std::vector<double>{1, 1, 1, 1}).value, 0.5);
}

TEST(Cox, FindsTheHazardRatioThatMadeTheTimes) {
  core::Random random(3, 0, "cox");
  Survival data;
  std::vector<std::vector<double>> covariates;
  for (int i = 0; i < 4000; ++i) {
    const double x = random.normal(), y = random.chance(0.5);
    const double time = -std::log(1 - random.uniform()) / std::exp(0.7 * x - 0.4 * y), leaves = 3 * random.uniform();
    data.times.push_back(std::min(time, leaves));
    data.events.push_back(time <= leaves);
    covariates.push_back({x, y});
  }
  const CoxModel model = fit_cox(data, covariates);
  EXPECT_NEAR(model.coefficients[0], 0.7, 4 * model.standard_errors[0]);
  EXPECT_NEAR(model.coefficients[1], -0.4, 4 * model.standard_errors[1]);
  EXPECT_LT(model.hazard_ratio(0).p_value, 1e-10);
}

TEST(Survival, RefusesWhatItCannotUse) {
  EXPECT_THROW(kaplan_meier({{1, -2}, {1, 1}}), core::InputError);
  EXPECT_THROW(kaplan_meier({{1, NAN}, {1, 1}}), core::InputError);
  EXPECT_THROW(kaplan_meier({{}, {}}), core::InputError);
  EXPECT_THROW(concordance({{1, 1}, {0, 0}}, std::vector<double>{1, 2}), core::InputError);
  EXPECT_THROW(fit_cox({{1, 2}, {0, 0}}, {{1}, {2}}), core::InputError);
  EXPECT_THROW(log_rank({{1, 2}, {1, 1}}, std::vector<int>{0, 0}), core::InputError);
}

}  // namespace
}  // namespace isocenter::measures
