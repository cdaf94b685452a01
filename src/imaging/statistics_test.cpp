#include "imaging/statistics.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/random.h"
#include "imaging/filter.h"

namespace isocenter::imaging {
namespace {

TEST(Statistics, OfAFewValuesWithMissingOnes) {
  const std::vector<float> values{2, NAN, 4, 4, INFINITY, 4, 5, 5, 7, 9};
  const Statistics got = statistics(values);
  EXPECT_EQ(got.count, 8);
  EXPECT_EQ(got.missing, 2);
  EXPECT_EQ(got.minimum, 2);
  EXPECT_EQ(got.maximum, 9);
  EXPECT_EQ(got.mean, 5);
  EXPECT_EQ(got.deviation, 2);
}

TEST(Statistics, LargeOffsetsDoNotSwallowTheDeviation) {
  const std::vector<float> values{1e7f, 1e7f + 1, 1e7f + 2};
  EXPECT_NEAR(statistics(values).deviation, std::sqrt(2.0 / 3), 1e-9);
}

TEST(Statistics, OfAMaskAndOfNothing) {
  Geometry grid;
  grid.size = {2, 2, 1};
  Volume volume(grid);
  volume.voxels = {1, 2, 3, 4};
  Mask mask(grid);
  EXPECT_EQ(statistics(volume, mask).count, 0);
  EXPECT_EQ(statistics(volume, mask).mean, 0);
  mask.voxels = {0, 1, 0, 1};
  EXPECT_EQ(statistics(volume, mask).mean, 3);
  grid.size = {4, 1, 1};
  EXPECT_THROW(statistics(volume, Mask(grid)), core::InputError);
}

TEST(Percentile, InterpolatesBetweenOrderStatistics) {
  const std::vector<float> values{40, NAN, 10, 30, 20};
  EXPECT_EQ(percentile(values, 0), 10);
  EXPECT_EQ(percentile(values, 1), 40);
  EXPECT_EQ(percentile(values, 0.5), 25);
  EXPECT_NEAR(percentile(values, 0.1), 13, 1e-9);
  EXPECT_TRUE(std::isnan(percentile({}, 0.5)));
  const std::vector<float> missing{NAN};
  EXPECT_TRUE(std::isnan(percentile(missing, 0.5)));
}

RC_GTEST_PROP(PercentileProperty, AgreesWithSorting, (std::uint64_t seed)) {
  core::Random random(seed, 0, "values");
  std::vector<float> values(random.integer(1, 200));
  for (auto& value : values) value = static_cast<float>(random.integer(-20, 20));  // many ties
  const std::array shares{random.uniform(), 0.99, random.uniform(), 0.0, 1.0, 0.01};
  const auto got = percentiles(values, shares);
  std::sort(values.begin(), values.end());
  for (std::size_t n = 0; n < shares.size(); ++n) {
    const double position = shares[n] * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(position), above = std::min(below + 1, values.size() - 1);
    RC_ASSERT(std::abs(got[n] - (values[below] + (position - below) * (values[above] - values[below]))) < 1e-5);
  }
}

TEST(Otsu, SeparatesTwoHeapsInTheMiddleOfTheGap) {
  std::vector<float> values;
  for (int n = 0; n < 300; ++n) values.push_back(10.0f + n % 3);
  for (int n = 0; n < 100; ++n) values.push_back(90.0f + n % 3);
  values.push_back(NAN);
  EXPECT_NEAR(otsu_threshold(values), 51, 1);
}

TEST(Otsu, OfTwoNormalHeapsLiesBetweenTheirMeans) {
  std::vector<float> values(40'000);
  core::Random(8).fill_normal(values.data(), values.size());
  for (std::size_t n = 0; n < values.size() / 2; ++n) values[n] += 6;
  EXPECT_NEAR(otsu_threshold(values), 3, 0.1);
}

TEST(Otsu, OfAConstantIsTheConstant) {
  const std::vector<float> values(5, 3.0f);
  EXPECT_EQ(otsu_threshold(values), 3);
}

TEST(GaussianBlur, OfAPulseHasTheVarianceAndSumAskedFor) {
  Geometry grid;
  grid.size = {61, 41, 41};
  grid.spacing_mm = {1, 2, 2};
  Volume pulse(grid);
  pulse.at(30, 20, 20) = 1;
  const Volume blurred = gaussian_blur_mm(pulse, 3);
  double sum = 0, variance[3] = {};
  for (int k = 0; k < 41; ++k)
    for (int j = 0; j < 41; ++j)
      for (int i = 0; i < 61; ++i) {
        const double value = blurred.at(i, j, k);
        sum += value;
        variance[0] += value * (i - 30) * (i - 30), variance[1] += value * 4 * (j - 20) * (j - 20);
        variance[2] += value * 4 * (k - 20) * (k - 20);
      }
  EXPECT_NEAR(sum, 1, 1e-5);
  for (const double v : variance) EXPECT_NEAR(v, 9, 0.02);  // the tails beyond four deviations are missing
}

TEST(GaussianBlur, KeepsConstantsAndRefusesNonsense) {
  Geometry grid;
  grid.size = {5, 1, 7};
  const Volume flat(grid, 4.0f);
  const Volume got = gaussian_blur_voxels(flat, {2, 3, 100});
  for (const float value : got.voxels) EXPECT_NEAR(value, 4, 1e-5);
  EXPECT_EQ(gaussian_blur_voxels(flat, {0, 0, 0}).voxels, flat.voxels);
  EXPECT_THROW(gaussian_blur_voxels(flat, {-1, 0, 0}), core::InputError);
  EXPECT_THROW(gaussian_blur_voxels(flat, {NAN, 0, 0}), core::InputError);
}

}  // namespace
}  // namespace isocenter::imaging
