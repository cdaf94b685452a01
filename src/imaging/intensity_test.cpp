#include "imaging/intensity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/random.h"

namespace isocenter::imaging {
namespace {

std::vector<float> scaled(std::vector<float> values) {
  scale_percentile(values.data(), static_cast<std::int64_t>(values.size()));
  return values;
}

// Air at zero, then tissue evenly spread from 50 to 100.
std::vector<float> head(std::size_t air, std::size_t tissue) {
  std::vector<float> values(air, 0.0f);
  for (std::size_t i = 0; i < tissue; ++i) values.push_back(50 + 50 * static_cast<float>(i) / static_cast<float>(tissue));
  return values;
}

TEST(Intensity, TheForegroundsUpperEndBecomesOne) {
  const auto got = scaled(head(5000, 5000));
  EXPECT_EQ(got[0], 0);
  EXPECT_NEAR(got[5000], 50 / 99.5, 2e-3);
  EXPECT_NEAR(got.back(), 100 / 99.5, 2e-3);
}

TEST(Intensity, TheAmountOfAirDoesNotChangeTheTissue) {
  const auto little = scaled(head(2000, 5000)), much = scaled(head(40'000, 5000));
  for (int n = 1; n <= 5000; n += 99) EXPECT_NEAR(little[little.size() - n], much[much.size() - n], 2e-3);
}

TEST(Intensity, UnitsDoNotMatter) {
  const auto plain = head(3000, 5000);
  auto other = plain;
  for (auto& value : other) value = 7 * value - 1000;
  const auto a = scaled(plain), b = scaled(other);
  for (std::size_t i = 0; i < a.size(); i += 61) EXPECT_NEAR(a[i], b[i], 2e-3);
}

TEST(Intensity, OutliersAreClippedAndDoNotStretchTheRest) {
  auto values = head(3000, 5000);
  values.push_back(300);
  const auto got = scaled(values);
  EXPECT_EQ(got.back(), 1.2f);
  EXPECT_NEAR(got[3000], 50 / 99.5, 2e-2);  // the histogram's step is three times as wide
}

TEST(Intensity, HostileValuesGiveZerosNotDefects) {
  const float inf = std::numeric_limits<float>::infinity(), huge = std::numeric_limits<float>::max();
  const float tiny = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(scaled({3, 3, 3}), (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(scaled({NAN, inf, -inf}), (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(scaled({}), std::vector<float>{});
  for (const auto& values :
       {std::vector<float>{-huge, huge, 0, NAN}, std::vector<float>{0, tiny, 2 * tiny}, std::vector<float>{inf, 1, 2, 3}})
    for (const float value : scaled(values)) EXPECT_TRUE(value >= 0 && value <= 1.2f) << value;
}

}  // namespace
}  // namespace isocenter::imaging
