// Affine maps of points and of continuous indices, and the ones that lead from one grid to another.
#pragma once

#include "imaging/geometry.h"

namespace isocenter::imaging {

// y = linear x + offset
struct Affine {
  Matrix3 linear{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  Vector3 offset{0, 0, 0};

  Vector3 operator()(const Vector3& x) const {
    Vector3 y;
    for (int r = 0; r < 3; ++r) y[r] = linear[r][0] * x[0] + linear[r][1] * x[1] + linear[r][2] * x[2] + offset[r];
    return y;
  }
};

Affine compose(const Affine& outer, const Affine& inner);  // x -> outer(inner(x))
Affine inverse(const Affine& map);                         // throws std::logic_error when singular
double determinant(const Matrix3& matrix);

Affine index_to_point(const Geometry& geometry);
Affine point_to_index(const Geometry& geometry);
Affine index_to_index(const Geometry& from, const Geometry& to);  // where a voxel of `from` lies in the indices of `to`

}  // namespace isocenter::imaging
