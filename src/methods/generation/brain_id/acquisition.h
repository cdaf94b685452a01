// What a scanner does to the ideal picture: limited resolution, thick slices, a receive field that varies, noise.
#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "imaging/geometry.h"

namespace isocenter::methods::brain_id {

// Deviation in voxels of the Gaussian that makes voxels of `voxel_mm` look as if acquired with slices of `thickness_mm`: (0.85 + 0.3 u) ln
// 5 / pi times thickness over voxel for u in [0, 1]; 0 where the slice is no thicker than the voxel. (Billot et al. 2020; digest 31.)
double resolution_blur_deviation(double thickness_mm, double voxel_mm, double u);

// In place, along one axis (0 x, 1 y, 2 z), edges extended.
void blur_axis(std::vector<float>& values, const imaging::Index3& size, int axis, double deviation_voxels);

// Keeps every `step` voxels' sample (not a whole number) from `offset` on and interpolates linearly between them: what slices further apart
// than the grid leave of it.
void resample_axis(std::vector<float>& values, const imaging::Index3& size, int axis, double step, double offset);

// Multiplies by exp of a smooth field.
void apply_bias_field(std::vector<float>& values, const imaging::Index3& size, std::int64_t cells, double deviation, core::Random& random);

// Gaussian noise of the given deviation, or Rician: the magnitude of a complex value whose parts carry that noise.
void add_noise(std::vector<float>& values, double deviation, bool rician, core::Random& random);

}  // namespace isocenter::methods::brain_id
