#include "learning/segmentation_loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/npz.h"
#include "core/shared_data.h"
#include "tensor/schedule.h"

namespace isocenter::learning {
namespace {

TEST(SupervisionWeights, HalveAndLeaveTheCoarsestOut) {
  EXPECT_THAT(supervision_weights(1), testing::ElementsAre(1));
  EXPECT_THAT(supervision_weights(3), testing::ElementsAre(testing::DoubleNear(2.0 / 3, 1e-12), testing::DoubleNear(1.0 / 3, 1e-12), 0));
}

TEST(CoarserLabels, TakesTheNearestVoxelToEachCentre) {
  // 4 to 2: centres 0.5 and 2.5 fall between voxels and belong to the upper one.
  EXPECT_THAT(coarser_labels({0, 1, 2, 3}, 1, {1, 1, 4}, {1, 1, 2}), testing::ElementsAre(1, 3));
  // 3 to 1: the middle.
  EXPECT_THAT(coarser_labels({5, 6, 7}, 1, {1, 3, 1}, {1, 1, 1}), testing::ElementsAre(6));
  EXPECT_THAT(coarser_labels({1, 2, 3, 4}, 2, {1, 1, 2}, {1, 1, 1}), testing::ElementsAre(2, 4));
}

TEST(SegmentationLoss, IsTheWeightedSumOfItsLevels) {
  at::manual_seed(1);
  const std::vector<at::Tensor> outputs{at::randn({1, 3, 4, 4, 4}), at::randn({1, 3, 2, 2, 2}), at::randn({1, 3, 1, 1, 1})};
  std::vector<std::uint8_t> labels(64);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::uint8_t>(i % 3);
  SegmentationLoss loss;
  std::vector<at::Tensor> gradients, single;
  const auto value = loss.evaluate(outputs, labels, gradients);
  const auto finest = loss.evaluate({outputs[0]}, labels, single);
  const auto coarser = loss.evaluate({outputs[1]}, coarser_labels(labels, 1, {4, 4, 4}, {2, 2, 2}), single);
  EXPECT_NEAR(value.total, (2 * finest.total + coarser.total) / 3, 1e-6);
  EXPECT_TRUE(gradients[0].defined() && gradients[1].defined());
  EXPECT_FALSE(gradients[2].defined());
}

// nnU-Net's own trainer on stored logits: value to 1e-6, gradient to 1e-7 or a relative 1e-4 (the reference's README).
class ReferenceLoss : public testing::Test {
 protected:
  void SetUp() override {
    const auto folder = core::shared_path("reference/nnunet-training");
    if (!folder) GTEST_SKIP() << "reference/nnunet-training is absent: 0 cases checked";
    arrays_ = core::read_npz(*folder / "arrays.npz");
    values_ = nlohmann::json::parse(std::ifstream(*folder / "values.json"));
  }
  std::map<std::string, core::NumpyArray> arrays_;
  nlohmann::json values_;
};

TEST_F(ReferenceLoss, DiceAndCrossEntropy) {
  int cases = 0;
  for (const auto& [name, expected] : values_.at("losses").items()) {
    const auto stored = arrays_.find(name + "_grad");
    if (stored == arrays_.end()) continue;
    SCOPED_TRACE(name);
    const bool three = name.find("3d") != std::string::npos || name.find("soft_dice") == 0,
               ignore = name.find("ignore4") != std::string::npos;
    if (name.find("regions") != std::string::npos) continue;  // sigmoid outputs, one a region, are another loss
    kernels::DiceCrossEntropyOptions options;
    options.batch_dice = name.find("batchdice_True") != std::string::npos;
    if (ignore) options.ignore_label = 4;
    if (name.find("soft_dice") == 0) {
      options.cross_entropy_weight = 0;
      options.dice_of_background = true;
      options.smooth = 1;
    }
    const auto& logits = arrays_.at(three ? "logits3d" : "logits2d");
    std::vector<std::uint8_t> labels;
    for (std::int64_t label : arrays_.at(three ? "target3d" : ignore ? "target2d_ignore4" : "target2d").as_integer())
      labels.push_back(static_cast<std::uint8_t>(label));
    SegmentationLoss loss(options);
    std::vector<at::Tensor> gradients;
    const auto value = loss.evaluate({at::tensor(logits.as_float(), at::kFloat).reshape(logits.shape)}, labels, gradients);
    const at::Tensor reference = at::tensor(stored->second.as_float(), at::kFloat).reshape(stored->second.shape);
    EXPECT_NEAR(value.total, expected.get<double>(), 1e-6);
    EXPECT_TRUE(at::allclose(gradients[0], reference, 1e-4, 1e-7)) << (gradients[0] - reference).abs().max();
    ++cases;
  }
  EXPECT_GT(cases, 3);
}

TEST_F(ReferenceLoss, DeepSupervisionWeights) {
  for (const auto& [outputs, expected] : values_.at("deep_supervision_weights_by_number_of_outputs").items()) {
    const auto weights = supervision_weights(std::stoul(outputs));
    ASSERT_EQ(weights.size(), expected.size());
    for (std::size_t i = 0; i < weights.size(); ++i) EXPECT_NEAR(weights[i], expected[i].get<double>(), 1e-12);
  }
}

TEST_F(ReferenceLoss, PolynomialSchedule) {
  const tensor::Schedule schedule{.decay = tensor::Decay::polynomial, .peak = 1e-2, .last = 0, .exponent = 0.9, .steps = 1000};
  for (const auto& [epoch, expected] : values_.at("poly_lr_1e-2_1000_epochs").items())
    EXPECT_NEAR(schedule.at(std::stoll(epoch)), expected.get<double>(), 1e-12) << epoch;
}

}  // namespace
}  // namespace isocenter::learning
