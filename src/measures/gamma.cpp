#include "measures/gamma.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"

namespace isocenter::measures {
using core::InputError;
namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();

void check(const imaging::Volume& evaluation, const imaging::Volume& reference, const GammaCriteria& criteria) {
  if (!(criteria.dose_percent > 0 && criteria.distance_mm > 0 && criteria.maximum > 0) || criteria.steps < 1)
    throw InputError("gamma criteria of {} % and {} mm, up to {}, in {} steps: all must be positive", criteria.dose_percent,
                     criteria.distance_mm, criteria.maximum, criteria.steps);
  for (const imaging::Volume* dose : {&evaluation, &reference}) {
    if (const std::string fault = imaging::problem(dose->geometry); !fault.empty()) throw InputError("a dose grid is unusable: {}", fault);
    for (float value : dose->voxels)
      if (!std::isfinite(value))
        throw InputError("a dose of {} is among the {} values", value, dose == &evaluation ? "evaluated" : "reference");
  }
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c)
      if (std::abs(evaluation.geometry.direction[r][c] - reference.geometry.direction[r][c]) > 1e-4)
        throw InputError("the axes of the two dose grids point in different directions; resample one of them first");
}

// The evaluated dose between its voxels; infinite outside of the grid, so that no point there is near.
class Interpolated {
 public:
  explicit Interpolated(const imaging::Volume& dose) : dose_(dose) {}

  double operator()(const imaging::Vector3& index) const {
    std::int64_t low[3];
    double share[3];
    for (int a = 0; a < 3; ++a) {
      const auto last = static_cast<double>(dose_.geometry.size[a] - 1);
      if (index[a] < -1e-9 || index[a] > last + 1e-9) return std::numeric_limits<double>::infinity();
      const double place = std::clamp(index[a], 0.0, last);
      low[a] = std::min(static_cast<std::int64_t>(place), std::max<std::int64_t>(dose_.geometry.size[a] - 2, 0));
      share[a] = place - static_cast<double>(low[a]);
    }
    double value = 0;
    for (int corner = 0; corner < 8; ++corner) {
      double weight = 1;
      std::int64_t at[3];
      for (int a = 0; a < 3; ++a) {
        const int up = corner >> a & 1;
        weight *= up ? share[a] : 1 - share[a];
        at[a] = low[a] + up;
      }
      if (weight > 0) value += weight * dose_.at(at[0], at[1], at[2]);
    }
    return value;
  }

 private:
  const imaging::Volume& dose_;
};

// Points at about the same distance, ring by ring: ring r holds the lattice points of distance in (r - 1, r] steps.
using Offset = std::array<int, 3>;
std::vector<std::vector<Offset>> rings(int count, const std::array<bool, 3>& used) {
  std::vector<std::vector<Offset>> all(count + 1);
  const int x = used[0] ? count : 0, y = used[1] ? count : 0, z = used[2] ? count : 0;
  for (int k = -z; k <= z; ++k)
    for (int j = -y; j <= y; ++j)
      for (int i = -x; i <= x; ++i)
        if (const auto ring = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(i * i + j * j + k * k)))); ring <= count)
          all[ring].push_back({i, j, k});
  return all;
}

}  // namespace

GammaResult gamma_index(const imaging::Volume& evaluation, const imaging::Volume& reference, const GammaCriteria& criteria) {
  check(evaluation, reference, criteria);
  const auto& grid = reference.geometry;
  const double highest = *std::max_element(reference.voxels.begin(), reference.voxels.end()),
               cutoff = criteria.lower_cutoff_percent / 100 * highest;
  if (!(highest > 0)) throw InputError("the reference dose is nowhere above 0");
  std::array<bool, 3> used;
  for (int a = 0; a < 3; ++a) used[a] = grid.size[a] > 1;
  const double step_mm = criteria.distance_mm / criteria.steps;
  const int ring_count = static_cast<int>(std::ceil(criteria.maximum * criteria.steps));
  // Most points need the first few rings; the others are listed only when a point does.
  const int near = std::min(ring_count, 2 * criteria.steps);
  const auto near_rings = rings(near, used);
  const Interpolated dose(evaluation);

  GammaResult result;
  result.map.geometry = grid;
  result.map.voxels.assign(grid.voxel_count(), nan_value);
  core::parallel_for(grid.voxel_count(), [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::vector<Offset>> far_rings;
    for (std::int64_t voxel = begin; voxel < end; ++voxel) {
      const double wanted = reference.voxels[voxel];
      if (wanted < cutoff) continue;
      const double dose_criterion = criteria.dose_percent / 100 * (criteria.local ? wanted : highest);
      const imaging::Vector3 place{static_cast<double>(voxel % grid.size[0]), static_cast<double>(voxel / grid.size[0] % grid.size[1]),
                                   static_cast<double>(voxel / (grid.size[0] * grid.size[1]))};
      const imaging::Vector3 centre = evaluation.geometry.index_of(grid.point_mm(place));
      double best = criteria.maximum * criteria.maximum;
      for (int ring = 0; ring <= ring_count; ++ring) {
        const double least = std::max(0, ring - 1) * step_mm / criteria.distance_mm;
        if (least * least >= best) break;
        if (ring > near && far_rings.empty()) far_rings = rings(ring_count, used);
        for (const Offset& offset : ring > near ? far_rings[ring] : near_rings[ring]) {
          imaging::Vector3 at = centre;
          double squares = 0;
          for (int a = 0; a < 3; ++a) {
            at[a] += offset[a] * step_mm / evaluation.geometry.spacing_mm[a];
            squares += static_cast<double>(offset[a]) * offset[a];
          }
          const double distance = squares / (static_cast<double>(criteria.steps) * criteria.steps);
          if (distance >= best) continue;
          const double difference = (dose(at) - wanted) / dose_criterion;
          best = std::min(best, distance + difference * difference);
        }
      }
      result.map.voxels[voxel] = std::sqrt(best);
    }
  });

  std::vector<double> values;
  for (double value : result.map.voxels)
    if (!std::isnan(value)) values.push_back(value);
  std::sort(values.begin(), values.end());
  result.points = static_cast<std::int64_t>(values.size());
  if (values.empty()) {
    result.pass_rate_percent = result.mean = result.median = result.maximum = nan_value;
    return result;
  }
  double passed = 0;
  for (double value : values) passed += value <= 1, result.mean += value / static_cast<double>(values.size());
  result.pass_rate_percent = 100 * passed / static_cast<double>(values.size());
  result.median = (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
  result.maximum = values.back();
  return result;
}

}  // namespace isocenter::measures
