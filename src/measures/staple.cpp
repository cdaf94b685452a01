#include "measures/staple.h"

#include <cmath>
#include <map>

#include "core/error.h"
#include "measures/grid_check.h"

namespace isocenter::measures {
using core::InputError;
namespace {

void check(const std::vector<imaging::Mask>& observers) {
  if (observers.size() < 2) throw InputError("{} observers; a consensus needs at least 2", observers.size());
  if (observers.size() > 64) throw InputError("{} observers; at most 64 are taken", observers.size());
  for (const imaging::Mask& mask : observers)
    require_same_grid(mask.geometry, observers[0].geometry, "an observer's mask", "the first one");
}

}  // namespace

imaging::Mask Staple::consensus() const {
  imaging::Mask mask(probability.geometry);
  for (std::size_t i = 0; i < mask.voxels.size(); ++i) mask.voxels[i] = probability.voxels[i] >= 0.5;
  return mask;
}

imaging::Mask majority_vote(const std::vector<imaging::Mask>& observers) {
  check(observers);
  imaging::Mask vote(observers[0].geometry);
  for (std::size_t i = 0; i < vote.voxels.size(); ++i) {
    std::size_t votes = 0;
    for (const imaging::Mask& mask : observers) votes += mask.voxels[i] != 0;
    vote.voxels[i] = 2 * votes > observers.size();
  }
  return vote;
}

Staple staple(const std::vector<imaging::Mask>& observers, double tolerance, int most_iterations) {
  check(observers);
  const std::size_t count = observers.size(), voxels = observers[0].voxels.size();
  // Voxels with the same decisions have the same probability: one entry a pattern of decisions.
  struct Pattern {
    double voxels = 0, probability = 0;
  };
  std::map<std::uint64_t, Pattern> patterns;
  std::vector<std::uint64_t> pattern_of(voxels, 0);
  double marked = 0;
  for (std::size_t i = 0; i < voxels; ++i) {
    for (std::size_t o = 0; o < count; ++o)
      if (observers[o].voxels[i]) pattern_of[i] |= std::uint64_t{1} << o, ++marked;
    ++patterns[pattern_of[i]].voxels;
  }
  Staple result;
  result.prior = marked / static_cast<double>(voxels * count);
  if (marked == 0 || result.prior == 1)
    throw InputError("the observers mark {}; there is nothing to weigh", marked == 0 ? "nothing" : "everything");
  double sum = 0;
  for (auto& [pattern, entry] : patterns) {
    entry.probability = __builtin_popcountll(pattern) / static_cast<double>(count);
    sum += entry.voxels * entry.probability;
  }
  for (result.iterations = 0; result.iterations < most_iterations;) {
    // Maximisation: each observer against the present estimate.
    result.sensitivity.assign(count, 0.0);
    result.specificity.assign(count, 0.0);
    double inside = 0, outside = 0;
    for (const auto& [pattern, entry] : patterns) {
      inside += entry.voxels * entry.probability, outside += entry.voxels * (1 - entry.probability);
      for (std::size_t o = 0; o < count; ++o) {
        if (pattern >> o & 1)
          result.sensitivity[o] += entry.voxels * entry.probability;
        else
          result.specificity[o] += entry.voxels * (1 - entry.probability);
      }
    }
    for (std::size_t o = 0; o < count; ++o) result.sensitivity[o] /= inside, result.specificity[o] /= outside;
    // Expectation (equations 14 to 16).
    double next = 0;
    for (auto& [pattern, entry] : patterns) {
      double a = result.prior, b = 1 - result.prior;
      for (std::size_t o = 0; o < count; ++o) {
        const bool says = pattern >> o & 1;
        a *= says ? result.sensitivity[o] : 1 - result.sensitivity[o];
        b *= says ? 1 - result.specificity[o] : result.specificity[o];
      }
      entry.probability = a + b > 0 ? a / (a + b) : 0;
      next += entry.voxels * entry.probability;
    }
    ++result.iterations;
    const bool settled = std::abs(next - sum) <= tolerance;
    sum = next;
    if (settled) break;
  }
  result.probability.geometry = observers[0].geometry;
  for (std::uint64_t pattern : pattern_of) result.probability.voxels.push_back(patterns[pattern].probability);
  return result;
}

}  // namespace isocenter::measures
