#include "imaging/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace isocenter::imaging {
namespace {

template <class Take>
Statistics gather(std::span<const float> values, const Take& take) {
  Statistics result;
  double minimum = std::numeric_limits<double>::infinity(), maximum = -minimum, sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!take(i)) continue;
    const double value = values[i];
    if (!std::isfinite(value)) {
      ++result.missing;
      continue;
    }
    ++result.count;
    minimum = std::min(minimum, value);
    maximum = std::max(maximum, value);
    sum += value;
  }
  if (result.count == 0) return result;
  const auto count = static_cast<double>(result.count);
  result.minimum = minimum, result.maximum = maximum, result.mean = sum / count;
  double square = 0;  // a second pass: exact where the mean is large beside the deviation
  for (std::size_t i = 0; i < values.size(); ++i)
    if (take(i) && std::isfinite(values[i])) square += (values[i] - result.mean) * (values[i] - result.mean);
  result.deviation = std::sqrt(square / count);
  return result;
}

}  // namespace

Statistics statistics(std::span<const float> values) {
  return gather(values, [](std::size_t) { return true; });
}

Statistics statistics(const Volume& volume, const Mask& mask) {
  if (volume.geometry.size != mask.geometry.size) throw core::InputError("statistics: the mask's grid is not the volume's");
  return gather(volume.voxels, [&](std::size_t i) { return mask.voxels[i] != 0; });
}

std::vector<double> percentiles(std::span<const float> values, std::span<const double> shares) {
  std::vector<float> finite;
  finite.reserve(values.size());
  for (const float value : values)
    if (std::isfinite(value)) finite.push_back(value);
  std::vector<double> result(shares.size(), std::numeric_limits<double>::quiet_NaN());
  if (finite.empty()) return result;
  std::vector<std::size_t> order(shares.size());
  for (std::size_t n = 0; n < order.size(); ++n) order[n] = n;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return shares[a] < shares[b]; });
  auto begin = finite.begin();  // everything before it is in its final place
  for (const auto n : order) {
    const double position = std::clamp(shares[n], 0.0, 1.0) * static_cast<double>(finite.size() - 1);
    const auto below = static_cast<std::ptrdiff_t>(position);
    const auto at = finite.begin() + below;
    std::nth_element(begin, at, finite.end());
    begin = at;
    result[n] = *at;
    const double fraction = position - static_cast<double>(below);
    if (fraction > 0) result[n] += fraction * (static_cast<double>(*std::min_element(at + 1, finite.end())) - *at);
  }
  return result;
}

double percentile(std::span<const float> values, double share) { return percentiles(values, std::array{share})[0]; }

double otsu_threshold(std::span<const float> values) {
  const Statistics all = statistics(values);
  if (all.count == 0) return std::numeric_limits<double>::quiet_NaN();
  if (all.maximum <= all.minimum) return all.minimum;
  constexpr int bins = 256;
  std::array<std::int64_t, bins> histogram{};
  const double to_bin = bins / (all.maximum - all.minimum);
  for (const float value : values)
    if (std::isfinite(value)) ++histogram[std::min(static_cast<int>((value - all.minimum) * to_bin), bins - 1)];
  double total = 0;
  for (int b = 0; b < bins; ++b) total += static_cast<double>(b) * static_cast<double>(histogram[b]);
  double below = 0, below_sum = 0, best = -1;
  int first_best = 0, last_best = 0;  // an empty stretch between the classes gives equal values: its middle is taken
  for (int b = 0; b + 1 < bins; ++b) {
    below += static_cast<double>(histogram[b]);
    below_sum += static_cast<double>(b) * static_cast<double>(histogram[b]);
    const double above = static_cast<double>(all.count) - below;
    if (below == 0 || above == 0) continue;
    const double gap = below_sum / below - (total - below_sum) / above, between = below * above * gap * gap;
    if (between > best * (1 + 1e-12))
      best = between, first_best = last_best = b;
    else if (between >= best * (1 - 1e-12))
      last_best = b;
  }
  return all.minimum + (0.5 * (first_best + last_best) + 1) / to_bin;
}

}  // namespace isocenter::imaging
