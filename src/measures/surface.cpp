#include "measures/surface.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/parallel.h"
#include "measures/bootstrap.h"
#include "measures/grid_check.h"

namespace isocenter::measures {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Both by distance, then by area: the order decides which of two equally far elements reaches a percentile.
void sort_together(std::vector<double>& distances, std::vector<double>& areas) {
  std::vector<std::pair<double, double>> pairs(distances.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {distances[i], areas[i]};
  std::sort(pairs.begin(), pairs.end());
  for (std::size_t i = 0; i < pairs.size(); ++i) distances[i] = pairs[i].first, areas[i] = pairs[i].second;
}

SurfaceDistances between(const SurfaceElements& prediction, const SurfaceElements& reference, const imaging::Vector3& spacing_mm) {
  SurfaceDistances distances;
  distances.reference_to_prediction_mm = NearestPoints(prediction.cells, spacing_mm).distances_mm(reference.cells);
  distances.prediction_to_reference_mm = NearestPoints(reference.cells, spacing_mm).distances_mm(prediction.cells);
  distances.reference_areas = reference.areas;
  distances.prediction_areas = prediction.areas;
  sort_together(distances.reference_to_prediction_mm, distances.reference_areas);
  sort_together(distances.prediction_to_reference_mm, distances.prediction_areas);
  return distances;
}

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

double weighted_sum(const std::vector<double>& values, const std::vector<double>& weights) {
  return std::inner_product(values.begin(), values.end(), weights.begin(), 0.0);
}

std::optional<double> weighted_mean(const std::vector<double>& values, const std::vector<double>& weights) {
  if (values.empty()) return std::nullopt;
  return weighted_sum(values, weights) / sum(weights);
}

// The first distance at which the share of area reached is at least `share`.
double percentile(const std::vector<double>& distances, const std::vector<double>& areas, double share) {
  const double total = sum(areas);
  double reached = 0;
  for (std::size_t i = 0; i < distances.size(); ++i) {
    reached += areas[i];
    if (reached / total >= share) return distances[i];
  }
  return distances.back();
}

double area_within(const std::vector<double>& distances, const std::vector<double>& areas, double tolerance_mm) {
  double area = 0;
  for (std::size_t i = 0; i < distances.size() && distances[i] <= tolerance_mm; ++i) area += areas[i];
  return area;
}

std::optional<double> mean(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return sum(values) / static_cast<double>(values.size());
}

}  // namespace

std::map<std::uint16_t, SurfaceDistances> surface_distances(const imaging::LabelMap& prediction, const imaging::LabelMap& reference) {
  require_same_grid(prediction.geometry, reference.geometry);
  auto predicted = surface_elements(prediction), wanted = surface_elements(reference);
  std::map<std::uint16_t, SurfaceDistances> distances;
  for (const auto& [label, surface] : predicted) distances[label];
  for (const auto& [label, surface] : wanted) distances[label];
  std::vector<std::pair<std::int64_t, std::uint16_t>> order;  // the largest first, so that no thread is left with it at the end
  for (const auto& [label, none] : distances)
    order.push_back({-static_cast<std::int64_t>(predicted[label].cells.size() + wanted[label].cells.size()), label});
  std::sort(order.begin(), order.end());
  core::parallel_each(static_cast<std::int64_t>(order.size()), [&](std::int64_t i) {
    const std::uint16_t label = order[i].second;
    distances.at(label) = between(predicted.at(label), wanted.at(label), reference.geometry.spacing_mm);
  });
  return distances;
}

SurfaceDistances surface_distances(const imaging::Mask& prediction, const imaging::Mask& reference) {
  require_same_grid(prediction.geometry, reference.geometry);
  return between(surface_elements(prediction), surface_elements(reference), reference.geometry.spacing_mm);
}

std::optional<double> average_distance_to_prediction(const SurfaceDistances& d) {
  return weighted_mean(d.reference_to_prediction_mm, d.reference_areas);
}
std::optional<double> average_distance_to_reference(const SurfaceDistances& d) {
  return weighted_mean(d.prediction_to_reference_mm, d.prediction_areas);
}

std::optional<double> average_symmetric_surface_distance(const SurfaceDistances& d) {
  if (d.reference_areas.empty() && d.prediction_areas.empty()) return std::nullopt;
  if (d.reference_areas.empty() || d.prediction_areas.empty()) return infinity;
  return (weighted_sum(d.reference_to_prediction_mm, d.reference_areas) + weighted_sum(d.prediction_to_reference_mm, d.prediction_areas)) /
         (sum(d.reference_areas) + sum(d.prediction_areas));
}

std::optional<double> hausdorff(const SurfaceDistances& d, double percent) {
  if (d.reference_areas.empty() && d.prediction_areas.empty()) return std::nullopt;
  if (d.reference_areas.empty() || d.prediction_areas.empty()) return infinity;
  return std::max(percentile(d.reference_to_prediction_mm, d.reference_areas, percent / 100),
                  percentile(d.prediction_to_reference_mm, d.prediction_areas, percent / 100));
}

std::pair<std::optional<double>, std::optional<double>> surface_overlap(const SurfaceDistances& d, double tolerance_mm) {
  std::pair<std::optional<double>, std::optional<double>> overlap;
  if (!d.reference_areas.empty())
    overlap.first = area_within(d.reference_to_prediction_mm, d.reference_areas, tolerance_mm) / sum(d.reference_areas);
  if (!d.prediction_areas.empty())
    overlap.second = area_within(d.prediction_to_reference_mm, d.prediction_areas, tolerance_mm) / sum(d.prediction_areas);
  return overlap;
}

std::optional<double> surface_dice(const SurfaceDistances& d, double tolerance_mm) {
  const double total = sum(d.reference_areas) + sum(d.prediction_areas);
  if (d.reference_areas.empty() && d.prediction_areas.empty()) return std::nullopt;
  return (area_within(d.reference_to_prediction_mm, d.reference_areas, tolerance_mm) +
          area_within(d.prediction_to_reference_mm, d.prediction_areas, tolerance_mm)) /
         total;
}

std::vector<GridPoint> border_voxels(const imaging::Mask& mask, Connectivity connectivity) {
  const auto& size = mask.geometry.size;
  const bool flat = size[2] == 1;  // a slice has no neighbours above and below, not even outside ones
  std::vector<GridPoint> border;
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i) {
        if (!mask.at(i, j, k)) continue;
        bool at_border = false;
        for (int dz = flat ? 0 : -1; dz <= (flat ? 0 : 1) && !at_border; ++dz)
          for (int dy = -1; dy <= 1 && !at_border; ++dy)
            for (int dx = -1; dx <= 1 && !at_border; ++dx) {
              const int steps = std::abs(dx) + std::abs(dy) + std::abs(dz);
              if (steps == 0 || steps > static_cast<int>(connectivity)) continue;
              const imaging::Index3 other{i + dx, j + dy, k + dz};
              at_border = !mask.geometry.contains(other) || !mask.at(other[0], other[1], other[2]);
            }
        if (at_border) border.push_back({static_cast<std::int32_t>(i), static_cast<std::int32_t>(j), static_cast<std::int32_t>(k)});
      }
  return border;
}

BorderDistances border_distances(const imaging::Mask& prediction, const imaging::Mask& reference, Connectivity connectivity) {
  require_same_grid(prediction.geometry, reference.geometry);
  const auto predicted = border_voxels(prediction, connectivity), wanted = border_voxels(reference, connectivity);
  BorderDistances distances{NearestPoints(predicted, reference.geometry.spacing_mm).distances_mm(wanted),
                            NearestPoints(wanted, reference.geometry.spacing_mm).distances_mm(predicted)};
  std::sort(distances.reference_to_prediction_mm.begin(), distances.reference_to_prediction_mm.end());
  std::sort(distances.prediction_to_reference_mm.begin(), distances.prediction_to_reference_mm.end());
  return distances;
}

std::optional<double> average_distance_to_prediction(const BorderDistances& d) { return mean(d.reference_to_prediction_mm); }
std::optional<double> average_distance_to_reference(const BorderDistances& d) { return mean(d.prediction_to_reference_mm); }

std::optional<double> average_symmetric_surface_distance(const BorderDistances& d) {
  if (d.reference_to_prediction_mm.empty() && d.prediction_to_reference_mm.empty()) return std::nullopt;
  if (d.reference_to_prediction_mm.empty() || d.prediction_to_reference_mm.empty()) return infinity;
  return (sum(d.reference_to_prediction_mm) + sum(d.prediction_to_reference_mm)) /
         static_cast<double>(d.reference_to_prediction_mm.size() + d.prediction_to_reference_mm.size());
}

std::optional<double> hausdorff(const BorderDistances& d, double percent) {
  if (d.reference_to_prediction_mm.empty() && d.prediction_to_reference_mm.empty()) return std::nullopt;
  if (d.reference_to_prediction_mm.empty() || d.prediction_to_reference_mm.empty()) return infinity;
  std::vector<double> both = d.reference_to_prediction_mm;
  both.insert(both.end(), d.prediction_to_reference_mm.begin(), d.prediction_to_reference_mm.end());
  std::sort(both.begin(), both.end());
  return quantile_of_sorted(both, percent / 100);
}

}  // namespace isocenter::measures
