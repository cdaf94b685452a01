#include "measures/detection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/random.h"
#include "measures/assignment.h"
#include "measures/reference_cases.h"

namespace isocenter::measures {
namespace {

using nlohmann::json;
using testing_support::expect_value;
using testing_support::number;

TEST(Assignment, IsTheBestOfAllPermutations) {
  for (int seed = 0; seed < 60; ++seed) {
    core::Random random(13, seed, "assignment");
    const int rows = static_cast<int>(random.integer(1, 5)), columns = static_cast<int>(random.integer(1, 5));
    std::vector<std::vector<double>> gains(rows, std::vector<double>(columns));
    for (auto& row : gains)
      for (double& gain : row) gain = static_cast<double>(random.integer(0, 9));
    double found = 0;
    const auto assignment = best_assignment(gains);
    for (int r = 0; r < rows; ++r)
      if (assignment[r]) found += gains[r][*assignment[r]];
    std::vector<int> order(std::max(rows, columns));
    std::iota(order.begin(), order.end(), 0);
    double best = 0;
    do {
      double sum = 0;
      for (int r = 0; r < rows; ++r)
        if (order[r] < columns) sum += gains[r][order[r]];
      best = std::max(best, sum);
    } while (std::next_permutation(order.begin(), order.end()));
    EXPECT_EQ(found, best) << seed;
  }
}

struct Phantom {
  imaging::Volume detections;
  imaging::LabelMap labels;
};

std::vector<Phantom> phantoms(const std::map<std::string, core::NumpyArray>& arrays) {
  const core::NumpyArray &labels = arrays.at("labels"), &detections = arrays.at("detections");
  const auto label_values = labels.as_integer();
  const auto detection_values = detections.as_float();
  const std::int64_t voxels = labels.count() / labels.shape[0];
  std::vector<Phantom> all;
  for (std::int64_t c = 0; c < labels.shape[0]; ++c) {
    Phantom phantom;
    phantom.labels.geometry.size = phantom.detections.geometry.size = {labels.shape[3], labels.shape[2], labels.shape[1]};
    for (std::int64_t i = 0; i < voxels; ++i) {
      phantom.labels.voxels.push_back(static_cast<std::uint16_t>(label_values[c * voxels + i]));
      phantom.detections.voxels.push_back(detection_values[c * voxels + i]);
    }
    all.push_back(std::move(phantom));
  }
  return all;
}

// As a multiset: by kind, confidence, overlap.
using Lines = std::vector<std::array<double, 3>>;
void expect_same_lines(Lines ours, Lines theirs) {
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i)
    for (int k = 0; k < 3; ++k) EXPECT_NEAR(ours[i][k], theirs[i][k], 1e-6);
}

// The crafted maps of the tool's own tests are files, which this room does not read: its phantoms are arrays.
TEST(DetectionReference, LesionsAndScoresOfThePhantomsAgree) {
  const auto folder = core::shared_path("reference/metrics-detection-picai");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-detection-picai is absent";
  const auto all = phantoms(core::read_npz(*folder / "phantoms.npz"));
  int settings = 0;
  const auto all_expected = testing_support::read_json(*folder / "expected.json");
  for (const auto& [name, expected] : all_expected.items()) {
    if (!name.starts_with("phantoms")) continue;
    SCOPED_TRACE(name);
    DetectionOptions options;
    if (name.find("DSC") != std::string::npos) options = {LesionOverlap::dice, 0.3, false};
    options.unpaired_candidates_are_false = name.find("strict") != std::string::npos;
    const CaseScore score = name.find("bayesian") != std::string::npos ? CaseScore::any_of_them : CaseScore::highest_confidence;
    std::vector<DetectionCase> cases;
    std::size_t at = 0;
    for (const auto& [key, lines] : expected.at("lesion_results").items()) {
      SCOPED_TRACE(key);
      cases.push_back(evaluate_case(all.at(at).detections, all.at(at).labels, options, score));
      ++at;
      Lines ours, theirs;
      for (const LesionResult& line : cases.back().lesions) ours.push_back({line.is_lesion ? 1.0 : 0.0, line.confidence, line.overlap});
      for (const json& line : lines) theirs.push_back({number(line[0]), number(line[1]), number(line[2])});
      expect_same_lines(ours, theirs);
      expect_value(cases.back().case_score, expected.at("case_pred").at(key), 1e-6, 0, "case score");
      EXPECT_EQ(cases.back().has_lesion, expected.at("case_target").at(key) != 0);
    }
    const DetectionSummary summary = summarise(cases);
    EXPECT_EQ(summary.cases, expected.at("num_cases"));
    EXPECT_EQ(summary.lesions, expected.at("num_lesions"));
    expect_value(summary.auroc, expected.at("auroc"), 1e-9, 0, "auroc");
    expect_value(summary.average_precision, expected.at("AP"), 1e-9, 0, "average precision");
    expect_value(summary.picai_score, expected.at("picai_score"), 1e-9, 0, "score");
    for (const auto& [rate, sensitivity] : expected.at("lesion_TPR_at_FPR").items())
      expect_value(sensitivity_at(summary.froc, std::stod(rate)), sensitivity, 1e-6, 0, rate);
    // The tool's last point stands for a threshold of 0 with infinitely many false positives.
    const json& froc = expected.at("froc");
    ASSERT_EQ(summary.froc.size() + 1, froc.at("thresholds").size());
    for (std::size_t i = 0; i < summary.froc.size(); ++i) {
      expect_value(summary.froc[i].threshold, froc["thresholds"][i], 1e-6, 0, "threshold");
      expect_value(summary.froc[i].false_positives_per_case, froc.at("fp_per_case")[i], 1e-6, 0, "false positives");
      expect_value(summary.froc[i].sensitivity, froc.at("sensitivity")[i], 1e-6, 0, "sensitivity");
    }
    ++settings;
  }
  EXPECT_GT(settings, 0);
}

TEST(DetectionReference, PointFrocAgrees) {
  const auto folder = core::shared_path("reference/metrics-froc-points");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-froc-points is absent";
  const auto arrays = core::read_npz(*folder / "masks.npz");
  const core::NumpyArray& masks = arrays.at("evaluation_masks");
  const auto labels = masks.as_integer();
  const std::int64_t height = masks.shape[1], width = masks.shape[2];
  const json slides = testing_support::read_json(*folder / "detections.json"),
             expected = testing_support::read_json(*folder / "expected.json");
  std::vector<PointCase> cases;
  for (std::size_t s = 0; s < slides.size(); ++s) {
    PointCase one;
    one.ignored = expected.at("per_slide")[s].at("itc_labels").get<std::vector<int>>();
    std::int64_t highest = 0;
    for (std::int64_t i = 0; i < height * width; ++i) highest = std::max(highest, labels[s * height * width + i]);
    for (int lesion = 1; lesion <= highest; ++lesion)
      if (std::find(one.ignored.begin(), one.ignored.end(), lesion) == one.ignored.end()) one.lesions.push_back(lesion);
    const json& slide = slides[s];
    for (std::size_t d = 0; d < slide.at("probability").size(); ++d) {
      const std::int64_t x = slide.at("x_level0")[d].get<std::int64_t>() / 4, y = slide.at("y_level0")[d].get<std::int64_t>() / 4;
      one.detections.push_back({slide["probability"][d], static_cast<int>(labels[(s * height + y) * width + x])});
    }
    cases.push_back(std::move(one));
  }
  const auto curve = point_froc(cases);
  // The tool's curve falls and ends at (0, 0); each of our points is one of its points.
  const auto rates = testing_support::numbers(expected.at("false_positives_per_slide")),
             sensitivities = testing_support::numbers(expected.at("sensitivity"));
  for (const FrocPoint& point : curve) {
    bool listed = false;
    for (std::size_t i = 0; i < rates.size(); ++i)
      listed =
          listed || (std::abs(rates[i] - point.false_positives_per_case) < 1e-7 && std::abs(sensitivities[i] - point.sensitivity) < 1e-7);
    EXPECT_TRUE(listed) << point.threshold;
  }
  expect_value(camelyon_score(curve), expected.at("mean_sensitivity"), 1e-7, 0, "score");
}

}  // namespace
}  // namespace isocenter::measures
