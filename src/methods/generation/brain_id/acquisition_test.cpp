#include "methods/generation/brain_id/acquisition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "methods/generation/brain_id/smooth_field.h"

namespace isocenter::methods::brain_id {
namespace {

TEST(Acquisition, BlurOfThickSlicesFollowsTheFormula) {
  EXPECT_NEAR(resolution_blur_deviation(5, 1, 0.5), 2.5615, 1e-4);
  EXPECT_NEAR(resolution_blur_deviation(5, 1, 0), 0.85 * std::log(5.0) / M_PI * 5, 1e-12);
  EXPECT_EQ(resolution_blur_deviation(1, 1, 0.5), 0);
  EXPECT_EQ(resolution_blur_deviation(0.5, 1, 0.5), 0);
}

TEST(Acquisition, BlurSpreadsAPulseAlongItsAxisAlone) {
  const imaging::Index3 size{21, 23, 25};
  for (int axis = 0; axis < 3; ++axis) {
    std::vector<float> values(21 * 23 * 25, 0.0f);
    values[10 + 21 * (11 + 23 * 12)] = 1;
    blur_axis(values, size, axis, 2);
    double sum = 0, variance = 0;
    for (int k = 0; k < 25; ++k)
      for (int j = 0; j < 23; ++j)
        for (int i = 0; i < 21; ++i) {
          const double value = values[i + 21 * (j + 23 * k)];
          const int d[3] = {i - 10, j - 11, k - 12};
          for (int other = 0; other < 3; ++other) {
            if (other != axis && d[other] != 0) {
              ASSERT_EQ(value, 0);
            }
          }
          sum += value, variance += value * d[axis] * d[axis];
        }
    EXPECT_NEAR(sum, 1, 1e-5);
    EXPECT_NEAR(variance, 4, 0.15);  // the kernel ends at three deviations
  }
}

TEST(Acquisition, SlicesFurtherApartKeepARampAndTheSlicesThemselves) {
  const imaging::Index3 size{1, 1, 40};
  std::vector<float> ramp(40), random(40);
  core::Random(3).fill_normal(random.data(), 40);
  for (int k = 0; k < 40; ++k) ramp[k] = static_cast<float>(k);
  resample_axis(ramp, size, 2, 4, 1);
  for (int k = 1; k <= 37; ++k) EXPECT_FLOAT_EQ(ramp[k], static_cast<float>(k));
  EXPECT_FLOAT_EQ(ramp[0], 1);  // before the first slice and behind the last nothing new is seen
  EXPECT_FLOAT_EQ(ramp[39], 37);
  auto values = random;
  resample_axis(values, size, 2, 4, 1);
  for (int k = 1; k <= 37; k += 4) EXPECT_FLOAT_EQ(values[k], random[k]);
  EXPECT_FLOAT_EQ(values[3], 0.5f * (random[1] + random[5]));
  values = random;
  resample_axis(values, size, 2, 1, 0);
  EXPECT_EQ(values, random);
}

TEST(Acquisition, NoiseHasItsDeviationAndRicianItsFloor) {
  std::vector<float> plain(100'000, 0.0f), magnitude(100'000, 0.0f);
  core::Random first(1), second(2);
  add_noise(plain, 0.1, false, first);
  add_noise(magnitude, 0.1, true, second);
  double square = 0, mean = 0;
  for (const double x : plain) square += x * x / plain.size();
  for (const double x : magnitude) mean += x / magnitude.size();
  EXPECT_NEAR(std::sqrt(square), 0.1, 1e-3);
  EXPECT_NEAR(mean, 0.1 * std::sqrt(M_PI / 2), 1e-3);  // of a Rayleigh variable
}

TEST(Acquisition, ABiasFieldIsSmoothPositiveAndMultiplies) {
  const imaging::Index3 size{30, 32, 34};
  std::vector<float> one(30 * 32 * 34, 1.0f), two(one.size(), 2.0f), none = one;
  core::Random a(4), b(4), c(4);
  apply_bias_field(one, size, 3, 0.5, a);
  apply_bias_field(two, size, 3, 0.5, b);
  apply_bias_field(none, size, 3, 0, c);
  float steepest = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    ASSERT_GT(one[i], 0);
    EXPECT_FLOAT_EQ(two[i], 2 * one[i]);
    EXPECT_EQ(none[i], 1);
    if (i % 30 != 0) steepest = std::max(steepest, std::abs(std::log(one[i] / one[i - 1])));
  }
  EXPECT_GT(steepest, 0);
  EXPECT_LT(steepest, 0.25);  // a cell is ten voxels wide
}

TEST(SmoothField, ValuesHaveAThirdOfTheDeviationOfItsPoints) {
  // The sum of squares of cubic B-spline weights is 0.479 on average over a cell (151/315), in three dimensions its cube.
  const imaging::Index3 size{60, 60, 60};
  double square = 0;
  core::Random random(5);
  for (int n = 0; n < 4; ++n)
    for (const double x : smooth_field(size, {15, 15, 15}, 2.0, random)) square += x * x / (4 * 60.0 * 60 * 60);
  EXPECT_NEAR(std::sqrt(square), 2 * std::pow(151.0 / 315, 1.5), 0.04);
}

}  // namespace
}  // namespace isocenter::methods::brain_id
