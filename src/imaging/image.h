// An image: a grid in the patient and a value a voxel (x fastest, see geometry.h).
#pragma once

#include <cstdint>
#include <vector>

#include "imaging/geometry.h"

namespace isocenter::imaging {

template <class Voxel>
struct Image {
  Geometry geometry;
  std::vector<Voxel> voxels;

  Image() = default;
  explicit Image(const Geometry& grid, Voxel value = Voxel{}) : geometry(grid), voxels(grid.voxel_count(), value) {}

  Voxel& at(std::int64_t i, std::int64_t j, std::int64_t k) { return voxels[geometry.offset(i, j, k)]; }
  const Voxel& at(std::int64_t i, std::int64_t j, std::int64_t k) const { return voxels[geometry.offset(i, j, k)]; }
};

using Volume = Image<float>;            // intensities, in the units the file states
using LabelMap = Image<std::uint16_t>;  // one structure's number a voxel, 0 is background
using Mask = Image<std::uint8_t>;       // 0 or 1

}  // namespace isocenter::imaging
