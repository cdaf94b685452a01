#include "kernels/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/npz.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/shared_data.h"
#include "kernels/workspace.h"

namespace isocenter::kernels {
namespace {

// The definition in double, logits dense.
double definition(const LossShape& shape, const DiceCrossEntropyOptions& options, const std::vector<double>& logits,
                  const std::vector<std::uint8_t>& labels) {
  const std::int64_t classes = shape.classes, groups = options.batch_dice ? 1 : shape.batch;
  double entropy = 0, weight = 0, dice = 0;
  std::vector<double> intersection(groups * classes), sums(groups * classes);
  for (std::int64_t i = 0; i < shape.batch * shape.voxels; ++i) {
    if (options.ignore_label && labels[i] == *options.ignore_label) continue;
    double whole = 0;
    for (std::int64_t c = 0; c < classes; ++c) whole += std::exp(logits[i * classes + c]);
    const std::int64_t group = options.batch_dice ? 0 : i / shape.voxels;
    for (std::int64_t c = 0; c < classes; ++c) {
      const double p = std::exp(logits[i * classes + c]) / whole, t = labels[i] == c;
      intersection[group * classes + c] += p * t;
      sums[group * classes + c] += p + t;
    }
    const double w = options.class_weights ? options.class_weights[labels[i]] : 1;
    entropy -= w * (logits[i * classes + labels[i]] - std::log(whole));
    weight += w;
  }
  const std::int64_t first = options.dice_of_background ? 0 : 1;
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t c = first; c < classes; ++c)
      dice += (2 * intersection[g * classes + c] + options.smooth) / std::max(sums[g * classes + c] + options.smooth, 1e-8) /
              static_cast<double>(groups * (classes - first));
  return options.cross_entropy_weight * entropy / weight - options.dice_weight * dice;
}

struct Case {
  LossShape shape;
  std::vector<float> logits;
  std::vector<std::uint8_t> labels;
};
Case random_case(std::int64_t batch, std::int64_t voxels, std::int64_t classes) {
  Case result{{batch, voxels, classes}, std::vector<float>(batch * voxels * classes), std::vector<std::uint8_t>(batch * voxels)};
  core::Random random(5, 0, "loss test");
  for (float& value : result.logits) value = static_cast<float>(2 * random.normal());
  for (auto& label : result.labels) label = static_cast<std::uint8_t>(random.integer(0, classes - 1));
  return result;
}

TEST(DiceCrossEntropy, ValueAndGradientAgreeWithTheDefinition) {
  const std::vector<float> weights = {0.5f, 2, 1, 1, 3, 1, 0.25f, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                      1,    1, 1, 1, 1, 1, 1,     1, 1, 1, 1, 1, 1, 1, 1, 1};
  for (std::int64_t classes : {2, 3, 8, 33})
    for (int variant = 0; variant < 4; ++variant) {
      const Case c = random_case(2, 37, classes);
      DiceCrossEntropyOptions options;
      options.batch_dice = variant & 1;
      options.dice_of_background = variant & 1;
      if (variant & 2)
        options.ignore_label = 1, options.class_weights = weights.data(), options.cross_entropy_weight = 0.7, options.dice_weight = 1.5;
      std::vector<double> logits(c.logits.begin(), c.logits.end());
      std::vector<float> gradient(c.logits.size());
      Workspace workspace;
      void* memory = workspace.reserve(dice_cross_entropy_workspace_bytes(c.shape));
      const LossValue value = dice_cross_entropy(c.shape, options, c.logits.data(), c.labels.data(), gradient.data(), 2, memory);
      EXPECT_NEAR(value.total, definition(c.shape, options, logits, c.labels), 1e-6);
      EXPECT_EQ(value.total, dice_cross_entropy(c.shape, options, c.logits.data(), c.labels.data(), nullptr, 1, memory).total);
      for (std::size_t i = 0; i < logits.size(); i += 3) {
        const double kept = logits[i], h = 1e-5;
        logits[i] = kept + h;
        const double above = definition(c.shape, options, logits, c.labels);
        logits[i] = kept - h;
        const double below = definition(c.shape, options, logits, c.labels);
        logits[i] = kept;
        EXPECT_NEAR(gradient[i], 2 * (above - below) / (2 * h), 1e-7);
      }
    }
}

TEST(DiceCrossEntropy, StridesAndThreadsChangeNothingElse) {
  const Case c = random_case(2, 1000, 33);
  LossShape wide = c.shape;
  wide.logits_stride = 40;
  wide.gradient_stride = 35;
  std::vector<float> spread(2000 * 40, 99.f), spread_gradient(2000 * 35, 7.f), gradient(c.logits.size());
  for (std::size_t i = 0; i < c.logits.size(); ++i) spread[i / 33 * 40 + i % 33] = c.logits[i];
  Workspace workspace;
  const int before = core::thread_count();
  double first = 0;
  for (int threads : {1, 2, 3}) {
    core::set_thread_count(threads);
    void* memory = workspace.reserve(dice_cross_entropy_workspace_bytes(c.shape));
    const LossValue value = dice_cross_entropy(c.shape, {}, c.logits.data(), c.labels.data(), gradient.data(), 1, memory);
    const LossValue other = dice_cross_entropy(wide, {}, spread.data(), c.labels.data(), spread_gradient.data(), 1, memory);
    EXPECT_EQ(value.total, other.total);
    for (std::size_t i = 0; i < spread_gradient.size(); ++i) {
      const float expected = i % 35 < 33 ? gradient[i / 35 * 33 + i % 35] : 7.f;
      ASSERT_EQ(spread_gradient[i], expected);
    }
    if (threads == 1) first = value.total;
    EXPECT_NEAR(value.total, first, 1e-6);
  }
  core::set_thread_count(before);
}

TEST(DiceCrossEntropy, ExtremeLogitsKeepTheirLoss) {
  const std::vector<float> logits = {200, -200, -200, 200};
  const std::vector<std::uint8_t> labels = {1, 1};
  Workspace workspace;
  const LossShape shape{1, 2, 2};
  std::vector<float> gradient(4);
  const LossValue value = dice_cross_entropy(shape, {}, logits.data(), labels.data(), gradient.data(), 1,
                                             workspace.reserve(dice_cross_entropy_workspace_bytes(shape)));
  EXPECT_NEAR(value.cross_entropy, 200, 1e-3);
  EXPECT_NEAR(gradient[0], 0.5, 1e-6);
}

TEST(DiceCrossEntropy, NotANumberIsNotHidden) {
  Case c = random_case(1, 10, 3);
  c.logits[7] = NAN;
  Workspace workspace;
  const LossValue value = dice_cross_entropy(c.shape, {}, c.logits.data(), c.labels.data(), nullptr, 1,
                                             workspace.reserve(dice_cross_entropy_workspace_bytes(c.shape)));
  EXPECT_TRUE(std::isnan(value.total));
}

TEST(DiceCrossEntropy, AStrangeLabelIsNamed) {
  Case c = random_case(1, 10, 3);
  c.labels[4] = 9;
  Workspace workspace;
  try {
    dice_cross_entropy(c.shape, {}, c.logits.data(), c.labels.data(), nullptr, 1,
                       workspace.reserve(dice_cross_entropy_workspace_bytes(c.shape)));
    FAIL();
  } catch (const core::InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("label 9 at voxel 4"));
  }
}

// Losses and gradients of the reference trainer, whichever the folder holds: "dice_ce[_ignoreN][_batchdice_B | _3d]".
TEST(DiceCrossEntropyReference, NnUNetTraining) {
  const auto folder = core::shared_path("reference/nnunet-training");
  if (!folder) GTEST_SKIP() << "shared/reference/nnunet-training is absent: 1 folder not checked";
  const auto arrays = core::read_npz(*folder / "arrays.npz");
  const auto values = nlohmann::json::parse(core::read_text(*folder / "values.json"));
  int checked = 0;
  for (const auto& [name, loss] : values.at("losses").items()) {
    if (name.rfind("dice_ce", 0) != 0 && name.rfind("soft_dice", 0) != 0) continue;  // regions are sigmoid losses
    const bool three = arrays.at(name + "_grad").shape.size() == 5;
    DiceCrossEntropyOptions options;
    options.batch_dice = name.find("batchdice_True") != std::string::npos;
    std::string target = three ? "target3d" : "target2d";
    if (const auto at = name.find("ignore"); at != std::string::npos) {
      options.ignore_label = std::stoi(name.substr(at + 6));
      target += "_ignore" + std::to_string(*options.ignore_label);
    }
    if (name.rfind("soft_dice", 0) == 0) {
      options.cross_entropy_weight = 0;
      options.dice_of_background = name.find("with_background") != std::string::npos;
      if (const auto at = name.find("smooth"); at != std::string::npos) options.smooth = std::stod(name.substr(at + 6));
    }
    const auto& logits = arrays.at(three ? "logits3d" : "logits2d");
    const auto first = logits.as_float(), expected = arrays.at(name + "_grad").as_float();
    std::vector<std::uint8_t> labels;
    for (auto label : arrays.at(target).as_integer()) labels.push_back(static_cast<std::uint8_t>(label));
    const std::int64_t batch = logits.shape[0], classes = logits.shape[1], voxels = logits.count() / batch / classes;
    const LossShape shape{batch, voxels, classes};
    std::vector<float> last(first.size()), gradient(first.size());
    auto place = [&](std::size_t i) {  // of element i of (batch, classes, voxels)
      const std::size_t v = i % voxels, c = i / voxels % classes, n = i / voxels / classes;
      return (n * voxels + v) * classes + c;
    };
    for (std::size_t i = 0; i < first.size(); ++i) last[place(i)] = first[i];
    Workspace workspace;
    // The 3D case does not say in its name whether Dice is of the batch; one of the two must agree.
    double best = INFINITY, best_gradient = INFINITY;
    for (bool batch_dice : {false, true}) {
      if (name.find("batchdice") != std::string::npos && batch_dice != options.batch_dice) continue;
      options.batch_dice = batch_dice;
      const LossValue value = dice_cross_entropy(shape, options, last.data(), labels.data(), gradient.data(), 1,
                                                 workspace.reserve(dice_cross_entropy_workspace_bytes(shape)));
      double worst = 0;
      for (std::size_t i = 0; i < first.size(); ++i) worst = std::max(worst, std::abs(double{gradient[place(i)]} - double{expected[i]}));
      if (worst < best_gradient) best_gradient = worst, best = std::abs(value.total - loss.get<double>());
    }
    EXPECT_LE(best, 1e-6) << name;
    EXPECT_LE(best_gradient, 1e-7) << name;
    ++checked;
  }
  EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace isocenter::kernels
