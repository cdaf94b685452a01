#include "measures/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "measures/reference_cases.h"
#include "measures/statistics.h"

namespace isocenter::measures {
namespace {

using nlohmann::json;
using testing_support::expect_value;
using testing_support::numbers;

TEST(AgreementReference, KappasAreThoseOfThePublishedTools) {
  const auto folder = core::shared_path("reference/metrics-agreement");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-agreement is absent";
  const json inputs = testing_support::read_json(*folder / "inputs.json"), expected = testing_support::read_json(*folder / "expected.json");
  int cases = 0;
  for (const auto& [name, input] : inputs.items()) {
    if (!input.is_object() || !input.contains("classes") || !expected.contains(name)) continue;
    SCOPED_TRACE(name);
    const int classes = input.at("classes");
    std::vector<std::vector<int>> ratings;
    for (const char* rater : {"rater1", "rater2", "rater3"}) ratings.push_back(input.at(rater));
    const ConfusionMatrix matrix = confusion_matrix(ratings[0], ratings[1], classes);
    EXPECT_EQ(json(matrix.counts), expected[name].at("table"));
    for (const auto& [key, weights] : {std::pair{"None", KappaWeights::none}, std::pair{"linear", KappaWeights::linear},
                                       std::pair{"quadratic", KappaWeights::quadratic}}) {
      const Kappa kappa = cohen_kappa(matrix, weights);
      expect_value(kappa.kappa, expected[name].at(std::string("sklearn_kappa_") + key), 1e-10, 0, key);
      const json& full = expected[name].at(std::string("statsmodels_kappa_") + key);
      expect_value(kappa.standard_error, full.at("std_kappa"), 1e-10, 0, "error");
      expect_value(kappa.standard_error_null, full.at("std_zero"), 1e-10, 0, "error by chance");
      expect_value(kappa.interval().low, full.at("low"), 1e-10, 0, "low");
      expect_value(kappa.interval().high, full.at("upp"), 1e-10, 0, "high");
      expect_value(kappa.z, full.at("z"), 1e-10, 1e-10, "z");
      expect_value(kappa.p_value, full.at("p_one_sided"), 1e-300, 1e-7, "p");
    }
    expect_value(fleiss_kappa(ratings, classes), expected[name].at("fleiss_kappa"), 1e-10, 0, "fleiss");
    expect_value(randolph_kappa(ratings, classes), expected[name].at("randolph_kappa"), 1e-10, 0, "randolph");
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

TEST(AgreementReference, TestsAndIntervalsAreThoseOfThePublishedTools) {
  const auto folder = core::shared_path("reference/metrics-agreement");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-agreement is absent";
  const json inputs = testing_support::read_json(*folder / "inputs.json"), expected = testing_support::read_json(*folder / "expected.json");
  auto expect_test = [](const TestResult& ours, const json& pair, const char* what) {
    expect_value(ours.statistic, pair.is_array() ? pair[0] : pair.at("statistic"), 1e-10, 1e-12, what);
    expect_value(ours.p_value, pair.is_array() ? pair[1] : pair.at("p"), 1e-300, 1e-7, what);
  };
  const auto x = numbers(inputs.at("continuous").at("x")), y = numbers(inputs["continuous"].at("y")),
             z = numbers(inputs["continuous"].at("z"));
  const json& continuous = expected.at("continuous");
  expect_test(pearson(x, y), continuous.at("pearson"), "pearson");
  expect_test(spearman(x, y), continuous.at("spearman"), "spearman");
  expect_test(kendall_tau_b(x, y), continuous.at("kendall_b"), "kendall");
  expect_test(paired_t_test(x, y), continuous.at("paired_t"), "paired t");
  expect_test(welch_t_test(x, z), continuous.at("welch_t"), "welch");
  expect_test(wilcoxon_signed_rank(x, y), continuous.at("wilcoxon_two_sided_exact_or_auto"), "wilcoxon");
  expect_test(mann_whitney(x, z), continuous.at("mann_whitney_asymptotic"), "mann-whitney");
  expect_test(kolmogorov_smirnov(x, z), continuous.at("kolmogorov_smirnov"), "kolmogorov-smirnov");
  expect_test(friedman({x, y, z}), continuous.at("friedman"), "friedman");
  expect_test(kruskal_wallis({x, y, z}), continuous.at("kruskal"), "kruskal");
  const BlandAltman limits = bland_altman(x, y);
  expect_value(limits.mean, continuous.at("bland_altman_mean"), 1e-10, 0, "bland-altman");
  expect_value(limits.lower_limit, continuous.at("bland_altman_limits")[0], 1e-10, 0, "lower limit");
  expect_value(limits.upper_limit, continuous.at("bland_altman_limits")[1], 1e-10, 0, "upper limit");
  expect_value(lin_concordance(x, y).estimate, continuous.at("concordance_correlation_lin"), 1e-10, 0, "lin");

  const json& paired = expected.at("paired_binary");
  const std::vector<int> a = inputs.at("paired_binary").at("a"), b = inputs["paired_binary"].at("b"), c = inputs["paired_binary"].at("c");
  const std::int64_t only_a = paired.at("table")[0][1], only_b = paired.at("table")[1][0];
  expect_test(mcnemar(only_a, only_b), paired.at("mcnemar_exact_True_correction_True"), "exact");
  expect_test(mcnemar(only_a, only_b, McNemar::corrected), paired.at("mcnemar_exact_False_correction_True"), "corrected");
  expect_test(mcnemar(only_a, only_b, McNemar::plain), paired.at("mcnemar_exact_False_correction_False"), "plain");
  expect_test(cochran_q({a, b, c}), paired.at("cochran_q"), "cochran");

  for (const auto& [share, kinds] : expected.at("proportion_intervals").items()) {
    const std::int64_t successes = std::stoll(share), trials = std::stoll(share.substr(share.find('/') + 1));
    for (const auto& [key, kind] :
         {std::pair{"normal", ProportionInterval::normal}, std::pair{"agresti_coull", ProportionInterval::agresti_coull},
          std::pair{"wilson", ProportionInterval::wilson}, std::pair{"beta", ProportionInterval::clopper_pearson},
          std::pair{"jeffreys", ProportionInterval::jeffreys}}) {
      const Interval interval = proportion_interval(successes, trials, kind);
      expect_value(interval.low, kinds.at(key)[0], 1e-10, 0, share + key);
      expect_value(interval.high, kinds.at(key)[1], 1e-10, 0, share + key);
    }
  }
  const auto p_values = numbers(inputs.at("p_values"));
  for (const auto& [key, kind] : {std::pair{"bonferroni", Adjustment::bonferroni}, std::pair{"holm", Adjustment::holm},
                                  std::pair{"hommel", Adjustment::hommel}, std::pair{"fdr_bh", Adjustment::benjamini_hochberg},
                                  std::pair{"fdr_by", Adjustment::benjamini_yekutieli}, std::pair{"sidak", Adjustment::sidak}}) {
    const auto adjusted = adjusted_p_values(p_values, kind);
    for (std::size_t i = 0; i < adjusted.size(); ++i) expect_value(adjusted[i], expected.at("multiple_testing").at(key)[i], 1e-10, 0, key);
  }
}

TEST(Agreement, ShroutAndFleissExampleHasItsPrintedCorrelations) {
  // Table 2 of Shrout and Fleiss, Psychological Bulletin 86 (1979) 420: six cases, four judges; the paper prints 0.29 and 0.71.
  const std::vector<std::vector<double>> values{{9, 2, 5, 8}, {6, 1, 3, 2}, {8, 4, 6, 8}, {7, 1, 2, 6}, {10, 5, 6, 9}, {6, 2, 4, 7}};
  EXPECT_NEAR(icc_2_1(values).estimate, 0.29, 0.005);
  EXPECT_NEAR(icc_3_1(values).estimate, 0.71, 0.006);
  const Interval agreement = icc_2_1(values), consistency = icc_3_1(values);
  EXPECT_LT(agreement.low, agreement.estimate);
  EXPECT_GT(agreement.high, agreement.estimate);
  EXPECT_LT(consistency.low, consistency.estimate);
  EXPECT_GT(consistency.high, consistency.estimate);
}

TEST(Agreement, IntervalsOfIntraclassCorrelationCoverTheTruth) {
  // Cases vary by 2, observers by 1, error by 1: the truth is 4 / 6 and 4 / 5.
  int agreement = 0, consistency = 0;
  for (int trial = 0; trial < 400; ++trial) {
    core::Random random(41, trial, "icc");
    double observers[8];
    for (double& effect : observers) effect = random.normal();
    std::vector<std::vector<double>> values(30, std::vector<double>(8));
    for (auto& row : values) {
      const double level = 2 * random.normal();
      for (int j = 0; j < 8; ++j) row[j] = level + observers[j] + random.normal();
    }
    const Interval a = icc_2_1(values), c = icc_3_1(values);
    agreement += a.low <= 4.0 / 6 && 4.0 / 6 <= a.high;
    consistency += c.low <= 0.8 && 0.8 <= c.high;
  }
  EXPECT_NEAR(agreement / 400.0, 0.95, 0.035);
  EXPECT_NEAR(consistency / 400.0, 0.95, 0.035);
}

TEST(Agreement, PerfectAndAbsentAgreement) {
  EXPECT_DOUBLE_EQ(cohen_kappa({{{5, 0}, {0, 5}}}).kappa, 1);
  EXPECT_DOUBLE_EQ(cohen_kappa({{{4, 4}, {4, 4}}}).kappa, 0);
  const std::vector<double> x{1, 2, 3, 4.5};
  EXPECT_NEAR(lin_concordance(x, std::vector<double>{1, 2, 3, 4.5001}).estimate, 1, 1e-6);
  EXPECT_DOUBLE_EQ(bland_altman(x, x).mean, 0);
}

TEST(Statistics, OddsRatioAndChiSquare) {
  const Interval ratio = odds_ratio(10, 20, 5, 40);
  EXPECT_DOUBLE_EQ(ratio.estimate, 4);
  EXPECT_NEAR(std::log(ratio.high / 4), 1.959963984540054 * std::sqrt(0.1 + 0.05 + 0.2 + 0.025), 1e-12);
  EXPECT_DOUBLE_EQ(odds_ratio(0, 1, 1, 1).estimate, 0.5 * 1.5 / (1.5 * 1.5));
  EXPECT_NEAR(chi_square_test({{10, 20}, {20, 10}}).statistic, 4 * 25.0 / 15, 1e-12);
  EXPECT_NEAR(chi_square_test({{10, 20}, {10, 20}}).p_value, 1, 1e-12);
}

TEST(Statistics, WilcoxonIsExactForFewPairs) {
  // All five differences positive: the chance of that or its opposite is 2 / 2^5.
  EXPECT_DOUBLE_EQ(wilcoxon_signed_rank(std::vector<double>{2, 4, 6, 8, 10}, std::vector<double>{1, 2, 3, 4, 5}).p_value, 2.0 / 32);
  EXPECT_EQ(wilcoxon_signed_rank(std::vector<double>{1, 2}, std::vector<double>{1, 2}).p_value, 1);
}

TEST(Statistics, RefusesWhatItCannotUse) {
  EXPECT_THROW(paired_t_test(std::vector<double>{1, 2}, std::vector<double>{1}), core::InputError);
  EXPECT_THROW(pearson(std::vector<double>{1, 2, NAN}, std::vector<double>{1, 2, 3}), core::InputError);
  EXPECT_THROW(proportion_interval(3, 2), core::InputError);
  EXPECT_THROW(adjusted_p_values(std::vector<double>{0.1, 1.2}, Adjustment::holm), core::InputError);
  EXPECT_THROW(fleiss_kappa({{0, 1}, {0}}, 2), core::InputError);
}

}  // namespace
}  // namespace isocenter::measures
