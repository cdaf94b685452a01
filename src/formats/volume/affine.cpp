#include "formats/volume/affine.h"

#include <cmath>

#include "core/error.h"

namespace isocenter::formats {
using core::InputError;
using imaging::Matrix3;
using imaging::Vector3;
namespace {

Vector3 column(const Matrix3& m, int a) { return {m[0][a], m[1][a], m[2][a]}; }
double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

double determinant(const Matrix3& m) {
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

Matrix3 inverse_transposed(const Matrix3& m) {
  const double scale = 1 / determinant(m);
  Matrix3 result;
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c) {
      const int r1 = (r + 1) % 3, r2 = (r + 2) % 3, c1 = (c + 1) % 3, c2 = (c + 2) % 3;
      result[r][c] = scale * (m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]);
    }
  return result;
}

// The nearest orthonormal matrix (polar factor) by Newton's iteration X <- (X + X^-T) / 2; Higham, "Computing the polar decomposition",
// 1986.
Matrix3 nearest_orthonormal(Matrix3 m) {
  for (int iteration = 0; iteration < 20; ++iteration) {
    const Matrix3 other = inverse_transposed(m);
    for (int r = 0; r < 3; ++r)
      for (int c = 0; c < 3; ++c) m[r][c] = (m[r][c] + other[r][c]) / 2;
  }
  return m;
}

}  // namespace

Affine turn_ras_lps(Affine affine) {
  for (int row = 0; row < 2; ++row)
    for (double& value : affine[row]) value = -value + 0.0;  // + 0.0: no negative zeros
  return affine;
}

void add_note(std::map<std::string, std::string>& text, const std::string& note) {
  std::string& notes = text["geometry_note"];
  notes += notes.empty() ? note : "; " + note;
}

imaging::Geometry geometry_from_affine(const Affine& affine, const imaging::Index3& size, std::map<std::string, std::string>& text,
                                       const std::filesystem::path& shown) {
  imaging::Geometry geometry;
  geometry.size = size;
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 4; ++c)
      if (!std::isfinite(affine[r][c])) throw InputError("{}: the orientation matrix holds a value that is not finite", shown.string());
  for (int r = 0; r < 3; ++r) geometry.origin_lps_mm[r] = affine[r][3];
  for (int a = 0; a < 3; ++a) {
    const double length = std::hypot(affine[0][a], affine[1][a], affine[2][a]);
    if (!(length > 1e-6) || length > 1e6)
      throw InputError("{}: the orientation matrix is singular or without scale: spacing {} mm along axis {}", shown.string(), length,
                       "xyz"[a]);
    geometry.spacing_mm[a] = length;
    for (int r = 0; r < 3; ++r) geometry.direction[r][a] = affine[r][a] / length;
  }
  if (std::abs(determinant(geometry.direction)) < 1e-3) throw InputError("{}: the orientation matrix is singular", shown.string());
  double worst = 0;
  for (int a = 0; a < 3; ++a)
    for (int b = a + 1; b < 3; ++b) worst = std::max(worst, std::abs(dot(column(geometry.direction, a), column(geometry.direction, b))));
  if (worst > 1e-3)
    throw InputError("{}: the grid is sheared (two axes stand at {:.3f} degrees): resample it to a rectangular grid first", shown.string(),
                     std::acos(worst) * 180 / M_PI);
  // Float32 headers are off by 1e-7 or so: not worth a note.
  if (worst > 1e-5)
    add_note(text, fmt::format("axes were {:.4f} degrees off the right angle and were corrected", std::asin(worst) * 180 / M_PI));
  geometry.direction = nearest_orthonormal(geometry.direction);
  for (auto& row : geometry.direction)
    for (double& value : row)
      if (std::abs(value) < 1e-12) value = 0;
  return geometry;
}

Affine affine_of(const imaging::Geometry& geometry) {
  Affine affine;
  for (int r = 0; r < 3; ++r) {
    for (int a = 0; a < 3; ++a) affine[r][a] = geometry.direction[r][a] * geometry.spacing_mm[a];
    affine[r][3] = geometry.origin_lps_mm[r];
  }
  return affine;
}

}  // namespace isocenter::formats
