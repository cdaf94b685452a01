#include "imaging/affine.h"

#include <cmath>
#include <stdexcept>

namespace isocenter::imaging {

Affine compose(const Affine& outer, const Affine& inner) {
  Affine result;
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c) {
      result.linear[r][c] = 0;
      for (int m = 0; m < 3; ++m) result.linear[r][c] += outer.linear[r][m] * inner.linear[m][c];
    }
  result.offset = outer(inner.offset);
  return result;
}

double determinant(const Matrix3& m) {
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

Affine inverse(const Affine& map) {
  const Matrix3& m = map.linear;
  const double d = determinant(m);
  if (!std::isfinite(d) || d == 0) throw std::logic_error("inverse of a singular affine map");
  Affine result;
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c) {  // cofactors, with the sign hidden in the cyclic order
      const int r1 = (c + 1) % 3, r2 = (c + 2) % 3, c1 = (r + 1) % 3, c2 = (r + 2) % 3;
      result.linear[r][c] = (m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]) / d;
    }
  result.offset = {0, 0, 0};
  const Vector3 moved = result(map.offset);
  result.offset = {-moved[0], -moved[1], -moved[2]};
  return result;
}

Affine index_to_point(const Geometry& geometry) {
  Affine map;
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c) map.linear[r][c] = geometry.direction[r][c] * geometry.spacing_mm[c];
  map.offset = geometry.origin_lps_mm;
  return map;
}

Affine point_to_index(const Geometry& geometry) { return inverse(index_to_point(geometry)); }

Affine index_to_index(const Geometry& from, const Geometry& to) { return compose(point_to_index(to), index_to_point(from)); }

}  // namespace isocenter::imaging
