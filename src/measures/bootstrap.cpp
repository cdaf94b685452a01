#include "measures/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "measures/distributions.h"

namespace isocenter::measures {
using core::InputError;
namespace {

void check(std::int64_t count, const BootstrapOptions& options) {
  if (count < 1) throw InputError("a bootstrap interval needs at least one value");
  if (!(options.level > 0 && options.level < 1))
    throw InputError("the interval's level is {}; it lies between 0 and 1, as in 0.95", options.level);
  if (options.resamples < 1) throw InputError("{} resamples were asked for; at least 1 is needed", options.resamples);
}

void check_finite(std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      throw InputError("value {} of {} is {}; a bootstrap needs finite values", i + 1, values.size(), values[i]);
}

Interval from_values(double estimate, std::vector<double> values, double low_share, double high_share) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) throw InputError("the statistic is undefined in every resample; there are too few cases");
  std::sort(values.begin(), values.end());
  return {estimate, quantile_of_sorted(values, low_share), quantile_of_sorted(values, high_share)};
}

std::vector<std::uint32_t> everyone(std::int64_t count) {
  std::vector<std::uint32_t> cases(count);
  for (std::int64_t i = 0; i < count; ++i) cases[i] = static_cast<std::uint32_t>(i);
  return cases;
}

}  // namespace

double quantile_of_sorted(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

std::vector<double> bootstrap_values(std::int64_t count, const Statistic& statistic, const BootstrapOptions& options) {
  check(count, options);
  std::vector<double> values(options.resamples);
  core::parallel_for(options.resamples, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint32_t> cases(count);
    for (std::int64_t resample = begin; resample < end; ++resample) {
      core::Random random(options.seed, static_cast<std::uint64_t>(resample), "bootstrap");
      for (auto& chosen : cases) chosen = static_cast<std::uint32_t>(random.integer(0, count - 1));
      values[resample] = statistic(cases);
    }
  });
  return values;
}

Interval bootstrap_percentile(std::int64_t count, const Statistic& statistic, const BootstrapOptions& options) {
  const double tail = (1 - options.level) / 2;
  std::vector<double> values = bootstrap_values(count, statistic, options);
  return from_values(statistic(everyone(count)), std::move(values), tail, 1 - tail);
}

Interval bootstrap_mean(std::span<const double> values, const BootstrapOptions& options) {
  check(static_cast<std::int64_t>(values.size()), options);
  check_finite(values);
  return bootstrap_percentile(
      static_cast<std::int64_t>(values.size()),
      [values](std::span<const std::uint32_t> cases) {
        double sum = 0;
        for (std::uint32_t i : cases) sum += values[i];
        return sum / static_cast<double>(cases.size());
      },
      options);
}

Interval bootstrap_bca(std::int64_t count, const Statistic& statistic, const BootstrapOptions& options) {
  std::vector<double> values = bootstrap_values(count, statistic, options);
  const double estimate = statistic(everyone(count));
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) throw InputError("the statistic is undefined in every resample; there are too few cases");
  // Resamples equal to the estimate count half, so that a statistic with ties is not called biased.
  double below = 0;
  for (double value : values) below += value < estimate ? 1 : value == estimate ? 0.5 : 0;
  const double share = std::clamp(below / static_cast<double>(values.size()), 0.5 / static_cast<double>(values.size()),
                                  1 - 0.5 / static_cast<double>(values.size()));
  const double bias = normal_quantile(share);

  std::vector<double> left_out(count);
  for (std::int64_t out = 0; out < count; ++out) {
    std::vector<std::uint32_t> cases;
    for (std::int64_t i = 0; i < count; ++i)
      if (i != out) cases.push_back(static_cast<std::uint32_t>(i));
    left_out[out] = cases.empty() ? estimate : statistic(cases);
  }
  double mean = 0;
  for (double value : left_out) mean += value / static_cast<double>(count);
  double squares = 0, cubes = 0;
  for (double value : left_out) squares += (mean - value) * (mean - value), cubes += (mean - value) * (mean - value) * (mean - value);
  const double acceleration = squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;

  auto corrected = [&](double tail) {
    const double z = bias + normal_quantile(tail);
    return normal_cdf(bias + z / (1 - acceleration * z));
  };
  const double tail = (1 - options.level) / 2;
  return from_values(estimate, std::move(values), corrected(tail), corrected(1 - tail));
}

PairedBootstrap bootstrap_paired(std::span<const double> first, std::span<const double> second, const BootstrapOptions& options) {
  if (first.size() != second.size())
    throw InputError("a paired comparison needs equally many values on both sides; there are {} and {}", first.size(), second.size());
  check_finite(first);
  check_finite(second);
  const auto count = static_cast<std::int64_t>(first.size());
  const Statistic mean_difference = [&](std::span<const std::uint32_t> cases) {
    double sum = 0;
    for (std::uint32_t i : cases) sum += first[i] - second[i];
    return sum / static_cast<double>(cases.size());
  };
  const std::vector<double> values = bootstrap_values(count, mean_difference, options);
  double not_above = 0, not_below = 0;
  for (double value : values) not_above += value <= 0, not_below += value >= 0;
  const double tail = (1 - options.level) / 2, total = static_cast<double>(values.size());
  PairedBootstrap result;
  result.difference = from_values(mean_difference(everyone(count)), values, tail, 1 - tail);
  result.p_value = std::clamp(2 * std::min(not_above, not_below) / total, 1 / total, 1.0);
  return result;
}

}  // namespace isocenter::measures
