// Overlap of label maps on the same grid.
//
// Edge cases, decided once for all of these: where both sides are empty, overlap is undefined and nothing is returned (a mean leaves the
// case out); where one side is empty, overlap is 0.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "imaging/image.h"

namespace isocenter::measures {

struct LabelCounts {
  std::int64_t prediction = 0, reference = 0, both = 0;  // voxels
};
// Every label that occurs in either map, 0 left out. Throws core::InputError when the grids differ.
std::map<std::uint16_t, LabelCounts> count_labels(const imaging::LabelMap& prediction, const imaging::LabelMap& reference);
// Of two masks (any value but 0 is inside); the spans are equally long.
LabelCounts count_mask(std::span<const std::uint8_t> prediction, std::span<const std::uint8_t> reference);
// A region: several labels taken as one.
LabelCounts count_region(const imaging::LabelMap& prediction, const imaging::LabelMap& reference, std::span<const std::uint16_t> labels);

// 2 |A and B| / (|A| + |B|); nothing when both are empty.
std::optional<double> dice(const LabelCounts& counts);
std::optional<double> intersection_over_union(const LabelCounts& counts);  // |A and B| / |A or B|
std::optional<double> sensitivity(const LabelCounts& counts);              // |A and B| / |reference|; nothing when the reference is empty
std::optional<double> precision(const LabelCounts& counts);                // |A and B| / |prediction|; nothing when the prediction is empty
// Voxels outside of both, of `voxels` in all, over those outside of the reference; nothing when the reference is everything (MedPy answers
// 0 there, as if all of no voxels had been called wrongly).
std::optional<double> specificity(const LabelCounts& counts, std::int64_t voxels);
// 1 - | |A| - |B| | / (|A| + |B|); Taha and Hanbury, BMC Medical Imaging 15 (2015) 29.
std::optional<double> volumetric_similarity(const LabelCounts& counts);
// (prediction - reference) / reference, signed; nothing when the reference is empty.
std::optional<double> relative_volume_error(const LabelCounts& counts);

// One figure over labels: 2 sum w |A and B| / sum w (|A| + |B|) with w = 1 / |reference|^2 (Crum et al., IEEE TMI 25 (2006) 1451; Sudre et
// al. 2017). Labels without reference voxels weigh nothing; nothing when there are no others.
std::optional<double> generalised_dice(const std::map<std::uint16_t, LabelCounts>& counts);

}  // namespace isocenter::measures
