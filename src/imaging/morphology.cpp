#include "imaging/morphology.h"

#include "imaging/distance.h"

namespace isocenter::imaging {
namespace {

Mask complement(const Mask& mask) {
  Mask result = mask;
  for (auto& voxel : result.voxels) voxel = voxel == 0;
  return result;
}

}  // namespace

Mask dilate(const Mask& mask, double radius_mm) {
  const Volume distance = distance_to(mask);
  const auto reach = static_cast<float>(radius_mm * (1 + 1e-5));  // a radius of two voxels reaches the second, whatever the rounding
  Mask result(mask.geometry);
  for (std::size_t i = 0; i < result.voxels.size(); ++i) result.voxels[i] = distance.voxels[i] <= reach;
  return result;
}

Mask erode(const Mask& mask, double radius_mm) { return complement(dilate(complement(mask), radius_mm)); }

Mask open(const Mask& mask, double radius_mm) { return dilate(erode(mask, radius_mm), radius_mm); }

Mask close(const Mask& mask, double radius_mm) { return erode(dilate(mask, radius_mm), radius_mm); }

Mask fill_holes(const Mask& mask, Connectivity background) {
  const Components outside = connected_components(complement(mask), background);
  std::vector<char> reaches_border(outside.sizes.size() + 1, 0);
  const auto [nx, ny, nz] = mask.geometry.size;
  std::size_t at = 0;
  for (std::int64_t k = 0; k < nz; ++k)
    for (std::int64_t j = 0; j < ny; ++j)
      for (std::int64_t i = 0; i < nx; ++i, ++at)
        if (i == 0 || j == 0 || k == 0 || i == nx - 1 || j == ny - 1 || k == nz - 1) reaches_border[outside.numbers.voxels[at]] = 1;
  Mask result(mask.geometry);
  for (std::size_t i = 0; i < result.voxels.size(); ++i) {
    const auto number = outside.numbers.voxels[i];
    result.voxels[i] = number == 0 || !reaches_border[number];
  }
  return result;
}

}  // namespace isocenter::imaging
