#include "imaging/intensity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace isocenter::imaging {
namespace {

constexpr int bins = 4096;

// The value below which `share` of the histogram lies, as a bin.
int percentile_bin(const std::array<std::int64_t, bins>& histogram, int first, double share) {
  std::int64_t total = 0;
  for (int i = first; i < bins; ++i) total += histogram[i];
  std::int64_t below = 0;
  for (int i = first; i < bins; ++i) {
    below += histogram[i];
    if (static_cast<double>(below) >= share * static_cast<double>(total)) return i;
  }
  return bins - 1;
}

}  // namespace

void scale_percentile(float* values, std::int64_t count) {
  if (count <= 0) return;
  float minimum = std::numeric_limits<float>::infinity(), maximum = -minimum;
  for (std::int64_t i = 0; i < count; ++i)
    if (std::isfinite(values[i])) minimum = std::min(minimum, values[i]), maximum = std::max(maximum, values[i]);
  if (maximum - minimum > std::numeric_limits<float>::max()) {  // the range itself must stay finite
    for (std::int64_t i = 0; i < count; ++i) values[i] *= 0.25f;
    minimum *= 0.25f, maximum *= 0.25f;
  }
  const float range = maximum - minimum;
  const float to_bin = bins / range;
  if (!(range > 0) || !std::isfinite(to_bin)) {
    std::fill(values, values + count, 0.0f);
    return;
  }
  const std::int64_t step = std::max<std::int64_t>(count >> 18, 1);
  for (std::int64_t i = 0; i < count; ++i)
    if (!std::isfinite(values[i])) values[i] = minimum;
  std::array<std::int64_t, bins> histogram{};
  for (std::int64_t i = 0; i < count; i += step) ++histogram[std::min(static_cast<int>((values[i] - minimum) * to_bin), bins - 1)];
  const int dark = percentile_bin(histogram, 0, 0.005), bright = percentile_bin(histogram, 0, 0.995);
  const int foreground = std::min(dark + 1 + (bright - dark) / 20, bins - 1);
  const int top = std::max(percentile_bin(histogram, foreground, 0.99), dark + 1);
  const float zero = minimum + static_cast<float>(dark) / to_bin, scale = to_bin / static_cast<float>(top - dark);
  for (std::int64_t i = 0; i < count; ++i) values[i] = std::clamp((values[i] - zero) * scale, 0.0f, 1.2f);
}

}  // namespace isocenter::imaging
