// Bootstrap intervals (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993).
//
// The same seed gives the same interval whatever the number of threads. Throws core::InputError for no values, values not finite, and a
// level that is not between 0 and 1.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace isocenter::measures {

struct Interval {
  double estimate = 0;  // of the whole sample
  double low = 0, high = 0;
};

struct BootstrapOptions {
  double level = 0.95;
  int resamples = 10000;
  std::uint64_t seed = 1;
};

// A statistic of the cases whose numbers are given (with repetition, as many as there are cases).
using Statistic = std::function<double(std::span<const std::uint32_t> cases)>;

// The mean and its percentile interval. One value: low = high = estimate, an interval without width, which says nothing; look at the count.
Interval bootstrap_mean(std::span<const double> values, const BootstrapOptions& options = {});

// Any statistic of `count` cases: percentile interval (section 13.3). Resamples for which it is not finite are left out.
Interval bootstrap_percentile(std::int64_t count, const Statistic& statistic, const BootstrapOptions& options = {});
// Bias-corrected and accelerated (section 14.3); acceleration from the jackknife.
Interval bootstrap_bca(std::int64_t count, const Statistic& statistic, const BootstrapOptions& options = {});

// Paired: the mean of first - second over the same cases, its percentile interval, and the two-sided achieved significance level
// 2 min(share of resamples <= 0, share >= 0), at least 1 / resamples.
struct PairedBootstrap {
  Interval difference;
  double p_value = 1;
};
PairedBootstrap bootstrap_paired(std::span<const double> first, std::span<const double> second, const BootstrapOptions& options = {});

// The statistic over every resample, in their order: for figures and for intervals of one's own.
std::vector<double> bootstrap_values(std::int64_t count, const Statistic& statistic, const BootstrapOptions& options = {});

// Linear interpolation between order statistics, (n - 1) share + 1 (Hyndman and Fan, 1996, type 7). `sorted` is ascending and not empty.
double quantile_of_sorted(std::span<const double> sorted, double share);

}  // namespace isocenter::measures
