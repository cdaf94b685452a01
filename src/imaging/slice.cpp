#include "imaging/slice.h"

#include <cmath>
#include <limits>

#include "core/error.h"
#include "imaging/resample.h"

namespace isocenter::imaging {
namespace {

template <class Voxel>
Image<Voxel> slice_image(const Image<Voxel>& image, int axis, std::int64_t position) {
  const Geometry& from = image.geometry;
  if (axis < 0 || axis > 2 || position < 0 || position >= from.size[axis])
    throw core::InputError("no slice {} along axis {}: the image has the size {} x {} x {}", position, axis, from.size[0], from.size[1],
                           from.size[2]);
  const int order[3] = {axis == 0 ? 1 : 0, axis == 2 ? 1 : 2, axis};
  Geometry flat = from;
  for (int a = 0; a < 3; ++a) {
    flat.size[a] = from.size[order[a]];
    flat.spacing_mm[a] = from.spacing_mm[order[a]];
    for (int r = 0; r < 3; ++r) flat.direction[r][a] = from.direction[r][order[a]];
  }
  flat.size[2] = 1;
  Vector3 first{0, 0, 0};
  first[axis] = static_cast<double>(position);
  flat.origin_lps_mm = from.point_mm(first);
  Image<Voxel> result(flat);
  const Index3 stride{1, from.size[0], from.size[0] * from.size[1]};
  const Voxel* base = image.voxels.data() + position * stride[axis];
  for (std::int64_t j = 0; j < flat.size[1]; ++j)
    for (std::int64_t i = 0; i < flat.size[0]; ++i) result.voxels[i + j * flat.size[0]] = base[i * stride[order[0]] + j * stride[order[1]]];
  return result;
}

}  // namespace

Volume slice(const Volume& volume, int axis, std::int64_t position) { return slice_image(volume, axis, position); }
LabelMap slice(const LabelMap& labels, int axis, std::int64_t position) { return slice_image(labels, axis, position); }
Mask slice(const Mask& mask, int axis, std::int64_t position) { return slice_image(mask, axis, position); }

Geometry display_grid(const Geometry& volume, Plane plane, const Vector3& point_lps_mm, double pixel_mm) {
  Geometry grid = reorient(grid_covering(volume, {pixel_mm, pixel_mm, pixel_mm}), plane == Plane::axial     ? "LPS"
                                                                                  : plane == Plane::coronal ? "LIP"
                                                                                                            : "PIL");
  const int normal = plane == Plane::axial ? 2 : plane == Plane::coronal ? 1 : 0;  // in LPS
  grid.size[2] = 1;
  grid.origin_lps_mm[normal] = point_lps_mm[normal];
  return grid;
}

}  // namespace isocenter::imaging
