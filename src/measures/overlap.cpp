#include "measures/overlap.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "measures/grid_check.h"

namespace isocenter::measures {
namespace {

double ratio(std::int64_t part, std::int64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

}  // namespace

std::map<std::uint16_t, LabelCounts> count_labels(const imaging::LabelMap& prediction, const imaging::LabelMap& reference) {
  require_same_grid(prediction.geometry, reference.geometry);
  std::vector<LabelCounts> counts(65536);
  for (std::size_t i = 0; i < prediction.voxels.size(); ++i) {
    const std::uint16_t p = prediction.voxels[i], r = reference.voxels[i];
    ++counts[p].prediction;
    ++counts[r].reference;
    if (p == r) ++counts[p].both;
  }
  std::map<std::uint16_t, LabelCounts> found;
  for (std::size_t label = 1; label < counts.size(); ++label)
    if (counts[label].prediction + counts[label].reference > 0) found[static_cast<std::uint16_t>(label)] = counts[label];
  return found;
}

LabelCounts count_mask(std::span<const std::uint8_t> prediction, std::span<const std::uint8_t> reference) {
  LabelCounts counts;
  for (std::size_t i = 0; i < prediction.size(); ++i) {
    const bool p = prediction[i] != 0, r = reference[i] != 0;
    counts.prediction += p;
    counts.reference += r;
    counts.both += p && r;
  }
  return counts;
}

LabelCounts count_region(const imaging::LabelMap& prediction, const imaging::LabelMap& reference, std::span<const std::uint16_t> labels) {
  require_same_grid(prediction.geometry, reference.geometry);
  std::vector<std::uint8_t> inside(65536, 0);
  for (std::uint16_t label : labels) inside[label] = 1;
  LabelCounts counts;
  for (std::size_t i = 0; i < prediction.voxels.size(); ++i) {
    const bool p = inside[prediction.voxels[i]] != 0, r = inside[reference.voxels[i]] != 0;
    counts.prediction += p;
    counts.reference += r;
    counts.both += p && r;
  }
  return counts;
}

std::optional<double> dice(const LabelCounts& counts) {
  if (counts.prediction + counts.reference == 0) return std::nullopt;
  return ratio(2 * counts.both, counts.prediction + counts.reference);
}

std::optional<double> intersection_over_union(const LabelCounts& counts) {
  const std::int64_t either = counts.prediction + counts.reference - counts.both;
  if (either == 0) return std::nullopt;
  return ratio(counts.both, either);
}

std::optional<double> sensitivity(const LabelCounts& counts) {
  if (counts.reference == 0) return std::nullopt;
  return ratio(counts.both, counts.reference);
}

std::optional<double> precision(const LabelCounts& counts) {
  if (counts.prediction == 0) return std::nullopt;
  return ratio(counts.both, counts.prediction);
}

std::optional<double> specificity(const LabelCounts& counts, std::int64_t voxels) {
  if (counts.reference == voxels) return std::nullopt;
  return ratio(voxels - counts.prediction - counts.reference + counts.both, voxels - counts.reference);
}

std::optional<double> volumetric_similarity(const LabelCounts& counts) {
  if (counts.prediction + counts.reference == 0) return std::nullopt;
  return 1 - ratio(std::abs(counts.prediction - counts.reference), counts.prediction + counts.reference);
}

std::optional<double> relative_volume_error(const LabelCounts& counts) {
  if (counts.reference == 0) return std::nullopt;
  return ratio(counts.prediction - counts.reference, counts.reference);
}

std::optional<double> generalised_dice(const std::map<std::uint16_t, LabelCounts>& counts) {
  double both = 0, sum = 0;
  for (const auto& [label, count] : counts) {
    if (count.reference == 0) continue;
    const double weight = 1 / (static_cast<double>(count.reference) * static_cast<double>(count.reference));
    both += weight * static_cast<double>(count.both);
    sum += weight * static_cast<double>(count.prediction + count.reference);
  }
  if (sum == 0) return std::nullopt;
  return 2 * both / sum;
}

}  // namespace isocenter::measures
