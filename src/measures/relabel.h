// Two label maps of the same anatomy in different numbers, made comparable.
#pragma once

#include <cstdint>
#include <map>

#include "imaging/image.h"

namespace isocenter::measures {

using Relabelling = std::map<std::uint16_t, std::uint16_t>;

// Every voxel whose label is a key takes its value; with `others_to_background`, labels that are no key become 0, otherwise they stay.
void relabel(imaging::LabelMap& labels, const Relabelling& to, bool others_to_background);

// For a reference whose regions have no names: each region goes to the label of the prediction that covers most of it (0 included), so that
// it can be compared as a partition. The answer is read off the prediction itself, so a Dice after it is optimistic; say so where it is
// shown.
Relabelling assign_regions(const imaging::LabelMap& prediction, const imaging::LabelMap& reference);

}  // namespace isocenter::measures
