#include "tensor/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/shared_data.h"
#include "tensor/schedule.h"

namespace isocenter::tensor {
namespace {

TEST(Sgd, TwoStepsByHand) {
  Sgd sgd(1, {.momentum = 0.9, .nesterov = true, .weight_decay = 0.1});
  std::vector<float> value{1.0f};
  const std::vector<float> gradient{2.0f};
  sgd.step(value, gradient, 0.01);
  // g = 2 + 0.1 = 2.1, v = 2.1, step 2.1 + 0.9 * 2.1 = 3.99
  EXPECT_NEAR(value[0], 1 - 0.0399, 1e-7);
  sgd.step(value, gradient, 0.01);
  const double g = 2 + 0.1 * (1 - 0.0399), v = 0.9 * 2.1 + g;
  EXPECT_NEAR(value[0], 1 - 0.0399 - 0.01 * (g + 0.9 * v), 1e-6);
  EXPECT_EQ(sgd.steps, 2);
}

TEST(Sgd, WithoutNesterovTakesTheVelocity) {
  Sgd sgd(1, {.momentum = 0.5, .nesterov = false, .weight_decay = 0});
  std::vector<float> value{0.0f};
  sgd.step(value, std::vector<float>{1.0f}, 1);
  sgd.step(value, std::vector<float>{1.0f}, 1);
  EXPECT_FLOAT_EQ(value[0], -1 - 1.5f);
}

TEST(AdamW, FirstStepHasTheSizeOfTheRate) {
  const std::vector<ParameterPiece> pieces{{"w", {2, 1}, 0, 2}, {"b", {1}, 2, 1}};
  AdamW adam(pieces, 3, {.weight_decay = 0.5});
  std::vector<float> values{1, -1, 1};
  adam.step(values, std::vector<float>{1e-3f, -5, 7}, 0.1);
  // Bias correction makes the first step rate * sign(gradient); matrices decay by rate * weight_decay, vectors do not.
  EXPECT_NEAR(values[0], 1 * (1 - 0.05) - 0.1, 1e-5);
  EXPECT_NEAR(values[1], -1 * (1 - 0.05) + 0.1, 1e-6);
  EXPECT_NEAR(values[2], 1 - 0.1, 1e-6);
}

TEST(AdamW, FollowsTheEquationsOverManySteps) {
  AdamW adam({{"w", {1}, 0, 1}}, 1, {.beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0});
  std::vector<float> value{0.5f};
  double w = 0.5, m = 0, v = 0;
  for (int t = 1; t <= 20; ++t) {
    const double g = std::sin(t);
    m = 0.8 * m + 0.2 * g;
    v = 0.95 * v + 0.05 * g * g;
    w -= 0.01 * (m / (1 - std::pow(0.8, t))) / (std::sqrt(v / (1 - std::pow(0.95, t))) + 1e-8);
    adam.step(value, std::vector<float>{static_cast<float>(g)}, 0.01);
    EXPECT_NEAR(value[0], w, 1e-5) << "step " << t;
  }
}

TEST(ClipNorm, ScalesOnlyWhatIsLonger) {
  std::vector<float> gradients{3, 4};
  EXPECT_DOUBLE_EQ(clip_norm(gradients, 10), 5);
  EXPECT_THAT(gradients, testing::ElementsAre(3, 4));
  EXPECT_DOUBLE_EQ(clip_norm(gradients, 1), 5);
  EXPECT_NEAR(gradients[0], 0.6, 1e-5);
  EXPECT_NEAR(gradients[1], 0.8, 1e-5);
}

TEST(UpdateAverage, WarmsUpThenKeepsItsDecay) {
  std::vector<float> average{0};
  update_average(average, std::vector<float>{1}, 0.999, 0);
  EXPECT_NEAR(average[0], 0.9, 1e-6);  // decay 1 / 10
  average = {0};
  update_average(average, std::vector<float>{1}, 0.999, 1'000'000);
  EXPECT_NEAR(average[0], 0.001, 1e-6);
}

TEST(Schedule, PolynomialWithWarmUp) {
  const Schedule schedule{.decay = Decay::polynomial, .peak = 1, .last = 0, .exponent = 1, .steps = 12, .warm_up_steps = 2};
  EXPECT_DOUBLE_EQ(schedule.at(0), 0.5);
  EXPECT_DOUBLE_EQ(schedule.at(1), 1);
  EXPECT_DOUBLE_EQ(schedule.at(2), 1);
  EXPECT_DOUBLE_EQ(schedule.at(7), 0.5);
  EXPECT_DOUBLE_EQ(schedule.at(12), 0);
}

TEST(Schedule, CosineAndConstant) {
  const Schedule cosine{.decay = Decay::cosine, .peak = 3, .last = 1, .steps = 100};
  EXPECT_DOUBLE_EQ(cosine.at(0), 3);
  EXPECT_NEAR(cosine.at(50), 2, 1e-12);
  EXPECT_NEAR(cosine.at(100), 1, 1e-12);
  EXPECT_DOUBLE_EQ((Schedule{.decay = Decay::constant, .peak = 2, .steps = 5}.at(4)), 2);
  EXPECT_THROW(decay_named("linear"), core::InputError);
}

}  // namespace
}  // namespace isocenter::tensor
