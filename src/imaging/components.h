// Connected components of masks and label maps: which voxels hang together.
#pragma once

#include "imaging/image.h"

namespace isocenter::imaging {

enum class Connectivity { faces = 6, corners = 26 };  // neighbours share a face; or at least a corner

struct Components {
  Image<std::uint32_t> numbers;     // 0: background; 1 is the largest component, 2 the next (of equal ones the first met)
  std::vector<std::int64_t> sizes;  // in voxels, sizes[n - 1] of component n
};

Components connected_components(const Mask& mask, Connectivity connectivity);
Components connected_components(const LabelMap& labels, Connectivity connectivity);  // voxels of different labels never join

// What remains when all but the largest component is cleared; for a label map that of each label by itself.
Mask largest_component(const Mask& mask, Connectivity connectivity = Connectivity::corners);
LabelMap largest_components(const LabelMap& labels, Connectivity connectivity = Connectivity::corners);

}  // namespace isocenter::imaging
