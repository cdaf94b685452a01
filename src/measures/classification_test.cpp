#include "measures/classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "measures/calibration.h"
#include "measures/reference_cases.h"
#include "measures/roc.h"

namespace isocenter::measures {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::ThrowsMessage;
using testing_support::expect_value;

struct Sample {
  std::vector<std::uint8_t> labels;
  std::vector<double> scores;
};

Sample random_sample(int seed, int count, int levels) {
  core::Random random(17, seed, "scores");
  Sample sample;
  for (int i = 0; i < count; ++i) {
    sample.labels.push_back(i < 2 ? static_cast<std::uint8_t>(i) : random.chance(0.4));
    sample.scores.push_back(static_cast<double>(random.integer(0, levels)) / levels);
  }
  return sample;
}

RC_GTEST_PROP(Auroc, IsTheShareOfPairsInTheRightOrder, ()) {
  const Sample sample = random_sample(*rc::gen::inRange(0, 1000000), *rc::gen::inRange(2, 60), *rc::gen::inRange(1, 40));
  double right = 0, pairs = 0;
  for (std::size_t i = 0; i < sample.labels.size(); ++i)
    for (std::size_t j = 0; j < sample.labels.size(); ++j) {
      if (!sample.labels[i] || sample.labels[j]) continue;
      ++pairs;
      right += sample.scores[i] > sample.scores[j] ? 1 : sample.scores[i] == sample.scores[j] ? 0.5 : 0;
    }
  RC_ASSERT(std::abs(auroc(sample.labels, sample.scores) - right / pairs) < 1e-12);
  RC_ASSERT(std::abs(delong(sample.labels, sample.scores).area - right / pairs) < 1e-12);
  RC_ASSERT(std::abs(partial_auroc(sample.labels, sample.scores, 1).area - right / pairs) < 1e-12);
  // Any growing function of the score leaves it as it is; turning the score round turns it into its complement.
  auto turned = sample.scores;
  for (double& score : turned) score = -std::exp(3 * score);
  RC_ASSERT(std::abs(auroc(sample.labels, turned) + right / pairs - 1) < 1e-12);
}

TEST(Auroc, BootstrapIsThatOfTheGeneralRoutine) {
  const Sample sample = random_sample(4, 40, 12);
  const BootstrapOptions options{0.9, 500, 3};
  const Interval fast = auroc_bootstrap(sample.labels, sample.scores, options);
  const Interval plain = bootstrap_percentile(
      40,
      [&](std::span<const std::uint32_t> cases) {
        Sample drawn;
        for (std::uint32_t i : cases) drawn.labels.push_back(sample.labels[i]), drawn.scores.push_back(sample.scores[i]);
        return auroc(drawn.labels, drawn.scores);
      },
      options);
  EXPECT_NEAR(fast.low, plain.low, 1e-12);
  EXPECT_NEAR(fast.high, plain.high, 1e-12);
}

TEST(Auroc, DelongsIntervalCoversTheTruth) {
  // Two normal distributions 1 apart: the area is Phi(1 / sqrt(2)).
  const double truth = 0.5 * std::erfc(-0.5);
  int covered = 0;
  for (int trial = 0; trial < 400; ++trial) {
    core::Random random(23, trial, "delong");
    Sample sample;
    for (int i = 0; i < 120; ++i) sample.labels.push_back(i % 2), sample.scores.push_back(random.normal() + i % 2);
    const Interval interval = delong(sample.labels, sample.scores).interval();
    covered += interval.low <= truth && truth <= interval.high;
  }
  EXPECT_NEAR(covered / 400.0, 0.95, 0.035);
}

TEST(Roc, OperatingPointsAreWhereTheySay) {
  const std::vector<std::uint8_t> labels{0, 0, 1, 0, 1, 1};
  const std::vector<double> scores{0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  EXPECT_DOUBLE_EQ(false_positive_rate_at_sensitivity(labels, scores, 0.95), 1.0 / 3);
  EXPECT_DOUBLE_EQ(sensitivity_at_specificity(labels, scores, 1), 2.0 / 3);
  EXPECT_DOUBLE_EQ(point_for_sensitivity(labels, scores, 1).threshold, 0.25);
  EXPECT_DOUBLE_EQ(point_for_specificity(labels, scores, 1).threshold, 0.45);
}

TEST(Roc, RefusesWhatItCannotUse) {
  const std::vector<double> two{0.1, 0.2}, bad{0.1, NAN};
  EXPECT_THAT([&] { auroc(std::vector<std::uint8_t>{1, 1}, two); }, ThrowsMessage<core::InputError>(HasSubstr("only one class")));
  EXPECT_THAT([&] { auroc(std::vector<std::uint8_t>{1, 0}, bad); }, ThrowsMessage<core::InputError>(HasSubstr("case 2 of 2 is NaN")));
  EXPECT_THAT([&] { auroc(std::vector<std::uint8_t>{1, 2}, two); }, ThrowsMessage<core::InputError>(HasSubstr("labels are 0 and 1")));
  EXPECT_THAT([&] { auroc(std::vector<std::uint8_t>{1}, two); }, ThrowsMessage<core::InputError>(HasSubstr("1 labels but 2 scores")));
  EXPECT_THROW(brier_score(std::vector<std::uint8_t>{1, 0}, std::vector<double>{0.5, 1.5}), core::InputError);
  EXPECT_THROW(confusion_matrix(std::vector<int>{0, 2}, std::vector<int>{0, 1}, 2), core::InputError);
}

TEST(Calibration, OfAScoreThatIsTheTruthIsPerfect) {
  const std::vector<std::uint8_t> labels{0, 1, 1, 1};
  const std::vector<double> probabilities{0.75, 0.75, 0.75, 0.75};
  EXPECT_NEAR(expected_calibration_error(calibration_curve(labels, probabilities)), 0, 1e-15);
  EXPECT_DOUBLE_EQ(brier_score(labels, probabilities), 0.75 * 0.25);
}

void check_pair(const json& tool, const std::vector<std::uint8_t>& labels, const std::vector<double>& first,
                const std::vector<double>& second) {
  const DelongTest test = delong_paired(labels, first, second);
  expect_value(test.first.area, tool.at("auc"), 1e-10, 0, "auc");
  expect_value(auroc(labels, second), tool.at("auc_second"), 1e-10, 0, "auc_second");
  expect_value(test.first.variance, tool.at("var_delong"), 1e-10, 0, "variance");
  expect_value(test.covariance, tool.at("cov_delong"), 1e-10, 0, "covariance");
  expect_value(test.statistic, tool.at("paired_test").at("z"), 1e-10, 1e-10, "z");
  expect_value(test.p_value, tool.at("paired_test").at("p"), 1e-300, 1e-7, "p");
  for (const auto& [key, level] : {std::pair{"ci95_delong", 0.95}, std::pair{"ci90_delong", 0.9}}) {
    const Interval interval = test.first.interval(level);
    expect_value(interval.low, tool.at(key)[0], 1e-10, 0, key);
    expect_value(interval.high, tool.at(key)[2], 1e-10, 0, key);
  }
  const PartialArea partial = partial_auroc(labels, first, 0.2);
  expect_value(partial.area, tool.at("partial_auc_specificity_1_to_0.8"), 1e-10, 0, "partial area");
  // The tool does not standardise areas below chance; here they are below 0.5.
  if (tool.at("partial_auc_corrected").is_number())
    expect_value(partial.standardised, tool.at("partial_auc_corrected"), 1e-10, 0, "standardised");

  const auto points = youden_points(labels, first);
  const json& youden = tool.at("youden");
  auto listed = [&](const char* key) { return youden.at(key).is_array() ? youden.at(key) : json::array({youden.at(key)}); };
  ASSERT_EQ(points.size(), listed("threshold").size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t other = points.size() - 1 - i;  // the tool goes upwards
    expect_value(points[i].threshold, listed("threshold")[other], 1e-10, 0, "threshold");
    expect_value(points[i].sensitivity, listed("sensitivity")[other], 1e-10, 0, "sensitivity");
    expect_value(points[i].specificity, listed("specificity")[other], 1e-10, 0, "specificity");
  }

  const json& unpaired = tool.at("unpaired_test_first_half_score_vs_second_half_score2");
  if (unpaired.contains("error") || !unpaired.at("D").is_number()) return;
  const std::size_t half = labels.size() / 2;
  const std::span<const std::uint8_t> all(labels);
  const DelongTest apart =
      delong_unpaired(all.first(half), std::span(first).first(half), all.subspan(half), std::span(second).subspan(half));
  expect_value(apart.statistic, unpaired.at("D"), 1e-10, 1e-10, "D");
  expect_value(apart.degrees_of_freedom, unpaired.at("df"), 1e-10, 1e-10, "degrees of freedom");
  expect_value(apart.p_value, unpaired.at("p"), 1e-300, 1e-7, "unpaired p");
}

void check_binary(const json& tool, const std::vector<std::uint8_t>& labels, const std::vector<double>& scores) {
  std::vector<int> reference(labels.begin(), labels.end()), called;
  for (double score : scores) called.push_back(score >= 0.5);
  const ConfusionMatrix matrix = confusion_matrix(reference, called, 2);
  std::vector<double> probabilities;
  for (double score : scores) probabilities.push_back(1 - score), probabilities.push_back(score);
  const std::map<std::string, double> ours{{"roc_auc", auroc(labels, scores)},
                                           {"average_precision", average_precision(labels, scores)},
                                           {"brier", brier_score(labels, scores)},
                                           {"log_loss", log_loss(reference, probabilities, 2)},
                                           {"accuracy_at_0.5", accuracy(matrix)},
                                           {"balanced_accuracy", balanced_accuracy(matrix)},
                                           {"f1", f1_of(matrix, 1)},
                                           {"mcc", matthews_correlation(matrix)},
                                           {"max_fpr_0.2_standardized", partial_auroc(labels, scores, 0.2).standardised}};
  for (const auto& [key, value] : ours) expect_value(value, tool.at(key), 1e-10, 0, key);
  const json& confusion = tool.at("confusion_tn_fp_fn_tp");
  EXPECT_EQ((std::vector<std::int64_t>{matrix.counts[0][0], matrix.counts[0][1], matrix.counts[1][0], matrix.counts[1][1]}),
            confusion.get<std::vector<std::int64_t>>());
  if (tool.contains("roc_curve")) {
    const auto curve = roc_curve(labels, scores);
    ASSERT_EQ(curve.size(), tool["roc_curve"]["fpr"].size());
    for (std::size_t i = 0; i < curve.size(); ++i) {
      expect_value(curve[i].false_positive_rate, tool["roc_curve"]["fpr"][i], 1e-10, 0, "fpr");
      expect_value(curve[i].true_positive_rate, tool["roc_curve"]["tpr"][i], 1e-10, 0, "tpr");
    }
  }
  for (const auto& [key, binning] :
       {std::pair{"calibration_uniform", Binning::equal_width}, std::pair{"calibration_quantile", Binning::equal_count}}) {
    const auto curve = calibration_curve(labels, scores, 10, binning);
    ASSERT_EQ(curve.size(), tool.at(key).at("mean_predicted").size()) << key;
    for (std::size_t i = 0; i < curve.size(); ++i) {
      expect_value(curve[i].mean_probability, tool[key]["mean_predicted"][i], 1e-10, 0, key);
      expect_value(curve[i].share_positive, tool[key]["fraction_positive"][i], 1e-10, 0, key);
    }
  }
}

TEST(ClassificationReference, AgreesWithThePublishedTools) {
  const auto folder = core::shared_path("reference/metrics-classification");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-classification is absent";
  const json tables = testing_support::read_json(*folder / "tables.json"), expected = testing_support::read_json(*folder / "expected.json");
  int cases = 0;
  for (const auto& [name, tools] : expected.items()) {
    SCOPED_TRACE(name);
    if (!tables.contains(name)) continue;  // the table of the CSV file: below
    const json& table = tables.at(name);
    ++cases;
    if (table.contains("probability")) {
      const json& tool = tools.at("scikit_learn");
      const std::vector<int> reference = table.at("label");
      const int classes = static_cast<int>(table.at("probability")[0].size());
      std::vector<double> probabilities;
      std::vector<int> called;
      for (const auto& row : table.at("probability")) {
        const std::vector<double> values = row;
        probabilities.insert(probabilities.end(), values.begin(), values.end());
        called.push_back(static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin()));
      }
      const ConfusionMatrix matrix = confusion_matrix(reference, called, classes);
      EXPECT_EQ(json(matrix.counts), tool.at("confusion"));
      const std::map<std::string, double> ours{{"auc_ovr_macro", auroc_one_against_rest(reference, probabilities, classes)},
                                               {"auc_ovr_weighted", auroc_one_against_rest(reference, probabilities, classes, true)},
                                               {"auc_ovo_macro", auroc_one_against_one(reference, probabilities, classes)},
                                               {"log_loss", log_loss(reference, probabilities, classes)},
                                               {"accuracy", accuracy(matrix)},
                                               {"macro_f1", macro_f1(matrix)},
                                               {"micro_f1", micro_f1(matrix)},
                                               {"weighted_f1", weighted_f1(matrix)},
                                               {"mcc", matthews_correlation(matrix)},
                                               {"top2", top_k_accuracy(reference, probabilities, classes, 2)}};
      for (const auto& [key, value] : ours) expect_value(value, tool.at(key), 1e-10, 0, key);
      continue;
    }
    std::vector<std::uint8_t> labels = table.at("label");
    const auto first = testing_support::numbers(table.at("score")), second = testing_support::numbers(table.at("score2"));
    check_pair(tools.at("pROC"), labels, first, second);
    check_binary(tools.at("scikit_learn"), labels, first);
    const json& fast = tools.at("roc_comparison");
    const DelongTest test = delong_paired(labels, first, second);
    expect_value(test.first.variance, fast.at("variance"), 1e-10, 0, "variance");
    if (fast.at("log10_p_paired").is_number()) expect_value(std::log10(test.p_value), fast.at("log10_p_paired"), 1e-9, 1e-7, "log10 p");
  }
  EXPECT_GT(cases, 0);
}

TEST(ClassificationReference, AgreesOnThePublishedPatients) {
  const auto folder = core::shared_path("reference/metrics-classification");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-classification is absent";
  const json expected = testing_support::read_json(*folder / "expected.json");
  if (!expected.contains("asah")) GTEST_SKIP() << "0 cases: the table is not among them";
  std::map<std::string, std::vector<double>> columns;
  std::vector<std::string> names;
  std::istringstream text(core::read_text(*folder / "asah.csv"));
  for (std::string line; std::getline(text, line);) {
    std::istringstream fields(line);
    std::size_t column = 0;
    for (std::string field; std::getline(fields, field, ','); ++column) {
      std::erase(field, '"');
      if (names.size() <= column && columns.size() <= column && !std::isdigit(static_cast<unsigned char>(field[0])))
        names.push_back(field), columns[field];
      else
        columns[names[column]].push_back(std::stod(field));
    }
  }
  std::vector<std::uint8_t> labels(columns["outcome"].begin(), columns["outcome"].end());
  check_pair(expected["asah"].at("pROC_s100b_then_ndka"), labels, columns["s100b"], columns["ndka"]);
  check_pair(expected["asah"].at("pROC_wfns_then_s100b"), labels, columns["wfns"], columns["s100b"]);
}

}  // namespace
}  // namespace isocenter::measures
