// How many items of a parallel loop are worth a thread: waking one costs as much as tens of thousands of voxels.
#pragma once

#include <algorithm>
#include <cstdint>

namespace isocenter::imaging {

// The `grain` for core::parallel_for when each item touches this many voxels.
inline std::int64_t items_a_thread(std::int64_t voxels_an_item) {
  return std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(voxels_an_item, 1));
}

}  // namespace isocenter::imaging
