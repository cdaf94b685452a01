#include "measures/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "measures/distributions.h"

namespace isocenter::measures {
namespace {

std::vector<double> normal_sample(std::int64_t count, double mean) {
  core::Random random(7, 1, "sample");
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(mean + random.normal());
  return values;
}

TEST(Bootstrap, TheIntervalOfAMeanIsThatOfTheNormalDistribution) {
  const auto values = normal_sample(400, 3);
  double mean = 0, squares = 0;
  for (double value : values) mean += value / 400;
  for (double value : values) squares += (value - mean) * (value - mean);
  const double error = std::sqrt(squares) / 400;  // the bootstrap's own standard error of the mean
  const Interval interval = bootstrap_mean(values);
  EXPECT_NEAR(interval.estimate, mean, 1e-12);
  EXPECT_NEAR(interval.low, mean - 1.96 * error, 0.1 * error);
  EXPECT_NEAR(interval.high, mean + 1.96 * error, 0.1 * error);
}

TEST(Bootstrap, DoesNotDependOnTheNumberOfThreads) {
  const auto values = normal_sample(50, 0);
  const int before = core::thread_count();
  core::set_thread_count(1);
  const Interval one = bootstrap_mean(values);
  core::set_thread_count(3);
  const Interval three = bootstrap_mean(values);
  core::set_thread_count(before);
  EXPECT_EQ(one.low, three.low);
  EXPECT_EQ(one.high, three.high);
}

TEST(Bootstrap, CoversTheTruthAsOftenAsItSays) {
  int covered = 0;
  for (int trial = 0; trial < 300; ++trial) {
    core::Random random(11, trial, "trial");
    std::vector<double> values;
    for (int i = 0; i < 40; ++i) values.push_back(random.normal());
    const Interval interval = bootstrap_mean(values, {0.9, 400, 5});
    covered += interval.low <= 0 && 0 <= interval.high;
  }
  EXPECT_NEAR(covered / 300.0, 0.9, 0.05);
}

TEST(Bootstrap, AcceleratedShiftsTheIntervalOfASkewedSample) {
  std::vector<double> values;
  core::Random random(3, 0, "skewed");
  for (int i = 0; i < 60; ++i) values.push_back(std::exp(random.normal()));
  const Statistic mean = [&](std::span<const std::uint32_t> cases) {
    double sum = 0;
    for (std::uint32_t i : cases) sum += values[i];
    return sum / static_cast<double>(cases.size());
  };
  const Interval plain = bootstrap_percentile(60, mean), corrected = bootstrap_bca(60, mean);
  EXPECT_GT(corrected.low, plain.low);
  EXPECT_GT(corrected.high, plain.high);
}

TEST(Bootstrap, PairedSeesADifferenceThatIsThereAndNoneThatIsNot) {
  auto first = normal_sample(60, 0), second = first;
  for (std::size_t i = 0; i < first.size(); ++i) second[i] += 0.1 + 0.05 * (static_cast<double>(i % 3) - 1);
  const auto found = bootstrap_paired(first, second);
  EXPECT_NEAR(found.difference.estimate, -0.1, 1e-12);
  EXPECT_LT(found.difference.high, 0);
  EXPECT_LT(found.p_value, 0.001);
  EXPECT_EQ(bootstrap_paired(first, first).p_value, 1);
}

TEST(Bootstrap, RefusesWhatItCannotUse) {
  EXPECT_THROW(bootstrap_mean({}), core::InputError);
  const std::vector<double> bad{1, NAN};
  EXPECT_THAT([&] { bootstrap_mean(bad); }, testing::ThrowsMessage<core::InputError>(testing::HasSubstr("value 2 of 2")));
  EXPECT_THROW(bootstrap_mean(std::vector<double>{1}, {1.5}), core::InputError);
}

}  // namespace
}  // namespace isocenter::measures
