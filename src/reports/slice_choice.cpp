#include "reports/slice_choice.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace isocenter::reports {

SliceAreas slice_areas(const imaging::LabelMap& labels, const std::vector<std::uint16_t>& values, int axis) {
  const imaging::Index3& size = labels.geometry.size;
  std::vector<int> place(65536, -1);
  for (std::size_t n = 0; n < values.size(); ++n) place[values[n]] = static_cast<int>(n);
  SliceAreas areas(values.size(), std::vector<std::int64_t>(size[axis], 0));
  imaging::Index3 index{};
  std::size_t voxel = 0;
  for (index[2] = 0; index[2] < size[2]; ++index[2])
    for (index[1] = 0; index[1] < size[1]; ++index[1])
      for (index[0] = 0; index[0] < size[0]; ++index[0], ++voxel)
        if (const int found = place[labels.voxels[voxel]]; found >= 0) ++areas[found][index[axis]];
  return areas;
}

std::vector<std::int64_t> best_slices(const SliceAreas& areas, int count) {
  if (areas.empty() || areas[0].empty()) return {};
  const std::size_t slices = areas[0].size();
  std::vector<double> largest(areas.size(), 0), shown(areas.size(), 0);
  double mass = 0, moment = 0;
  for (std::size_t n = 0; n < areas.size(); ++n) {
    for (std::size_t s = 0; s < slices; ++s) {
      largest[n] = std::max(largest[n], static_cast<double>(areas[n][s]));
      mass += static_cast<double>(areas[n][s]);
      moment += static_cast<double>(areas[n][s]) * static_cast<double>(s);
    }
  }
  if (mass == 0) return {};
  const double middle = moment / mass;
  std::vector<std::int64_t> chosen;
  while (static_cast<int>(chosen.size()) < count) {
    double best_gain = 1e-9;
    std::int64_t best = -1;
    for (std::size_t s = 0; s < slices; ++s) {
      double gain = 0;
      for (std::size_t n = 0; n < areas.size(); ++n)
        if (largest[n] > 0) gain += std::max(0.0, static_cast<double>(areas[n][s]) / largest[n] - shown[n]);
      const double distance = std::abs(static_cast<double>(s) - middle);
      const bool nearer = best >= 0 && std::abs(gain - best_gain) <= 1e-9 && distance < std::abs(static_cast<double>(best) - middle) - 1e-9;
      if (gain > best_gain + 1e-9 || nearer) best_gain = gain, best = static_cast<std::int64_t>(s);
    }
    if (best < 0) break;
    chosen.push_back(best);
    for (std::size_t n = 0; n < areas.size(); ++n)
      if (largest[n] > 0) shown[n] = std::max(shown[n], static_cast<double>(areas[n][best]) / largest[n]);
  }
  return chosen;
}

}  // namespace isocenter::reports
