// From a volume to what the network sees.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "imaging/intensity.h"
#include "imaging/resample.h"
#include "models/segmentation.h"

namespace isocenter::models {
namespace {

using imaging::Index3;

void check_extent(const Package& package, const imaging::Geometry& geometry) {
  if (const std::string fault = imaging::problem(geometry); !fault.empty()) throw core::InputError("the volume's geometry: {}", fault);
  for (std::size_t a = 0; a < 3; ++a) {
    const double extent = static_cast<double>(geometry.size[a]) * geometry.spacing_mm[a];
    if (extent < package.input.minimum_extent_mm)
      throw core::InputError("the volume covers {:.0f} mm along its {} axis; model '{}' needs {:.0f} mm at least", extent,
                             std::array{"first", "second", "third"}[a], package.name, package.input.minimum_extent_mm);
  }
}

// A value that noise and padding stay below: 5 % of the way from the lowest values to the highest.
float foreground_threshold(const std::vector<float>& values) {
  const std::size_t step = std::max<std::size_t>(1, values.size() >> 18);
  std::vector<float> taken;
  for (std::size_t i = 0; i < values.size(); i += step) taken.push_back(values[i]);
  const auto at = [&](double share) {
    const auto place = taken.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(taken.size() - 1));
    std::nth_element(taken.begin(), place, taken.end());
    return *place;
  };
  const float low = at(0.005), high = at(0.995);
  return low + 0.05f * (high - low);
}

struct Box {
  Index3 first, last;  // both inside
};

// The box of what lies above the threshold, planes with less than a thousandth of such voxels aside (specks of noise), and a margin.
Box content_box(const imaging::Volume& volume, float threshold, double margin_mm) {
  const Index3& size = volume.geometry.size;
  std::array<std::vector<std::int64_t>, 3> counts;
  for (std::size_t a = 0; a < 3; ++a) counts[a].assign(static_cast<std::size_t>(size[a]), 0);
  std::size_t at = 0;
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i, ++at)
        if (volume.voxels[at] > threshold) {
          ++counts[0][static_cast<std::size_t>(i)];
          ++counts[1][static_cast<std::size_t>(j)];
          ++counts[2][static_cast<std::size_t>(k)];
        }
  Box box{{0, 0, 0}, {size[0] - 1, size[1] - 1, size[2] - 1}};
  for (std::size_t a = 0; a < 3; ++a) {
    const std::int64_t plane = volume.geometry.voxel_count() / size[a], least = std::max<std::int64_t>(1, plane / 1000);
    const auto filled = [&](std::int64_t count) { return count >= least; };
    const auto first = std::find_if(counts[a].begin(), counts[a].end(), filled);
    if (first == counts[a].end()) continue;
    const auto last = std::find_if(counts[a].rbegin(), counts[a].rend(), filled);
    const auto margin = static_cast<std::int64_t>(std::ceil(margin_mm / volume.geometry.spacing_mm[a]));
    box.first[a] = std::max<std::int64_t>(0, first - counts[a].begin() - margin);
    box.last[a] = std::min(size[a] - 1, counts[a].rend() - last - 1 + margin);
  }
  return box;
}

imaging::Volume cropped(const imaging::Volume& volume, const Box& box) {
  imaging::Geometry grid = volume.geometry;
  grid.origin_lps_mm =
      volume.geometry.point_mm({static_cast<double>(box.first[0]), static_cast<double>(box.first[1]), static_cast<double>(box.first[2])});
  for (std::size_t a = 0; a < 3; ++a) grid.size[a] = box.last[a] - box.first[a] + 1;
  imaging::Volume result(grid);
  for (std::int64_t k = 0; k < grid.size[2]; ++k)
    for (std::int64_t j = 0; j < grid.size[1]; ++j)
      std::copy_n(&volume.at(box.first[0], j + box.first[1], k + box.first[2]), grid.size[0], &result.at(0, j, k));
  return result;
}

void scale_z_score(std::vector<float>& values) {
  double sum = 0, square = 0, count = 0;
  for (float value : values)
    if (value != 0) {
      sum += value;
      square += static_cast<double>(value) * value;
      ++count;
    }
  if (count == 0) return;
  const double mean = sum / count, deviation = std::sqrt(std::max(1e-16, square / count - mean * mean));
  for (float& value : values)
    if (value != 0) value = static_cast<float>((value - mean) / deviation);
}

}  // namespace

imaging::Volume preprocess(const Package& package, const imaging::Volume& volume) {
  check_extent(package, volume.geometry);
  const auto [lowest, highest] = std::minmax_element(volume.voxels.begin(), volume.voxels.end());
  if (!(*lowest < *highest)) throw core::InputError("the volume holds nothing: every value is {}", *lowest);
  constexpr double margin_mm = 6;
  imaging::Volume on_grid = imaging::resample_smoothed(volume, imaging::grid_covering(volume.geometry, package.input.spacing_mm), *lowest);
  on_grid = cropped(on_grid, content_box(on_grid, foreground_threshold(on_grid.voxels), margin_mm));
  if (package.intensity == Intensity::percentile)
    imaging::scale_percentile(on_grid.voxels.data(), on_grid.geometry.voxel_count());
  else
    scale_z_score(on_grid.voxels);
  return on_grid;
}

}  // namespace isocenter::models
