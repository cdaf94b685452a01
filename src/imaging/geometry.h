// Where voxels are in the patient. The frame is DICOM's LPS in millimetres (x to the patient's left, y to the back, z to the head); readers
// of other conventions (NIfTI's RAS) turn it at the door. Arrays are x fastest: voxel (i, j, k) stands at i + size[0] * (j + size[1] * k).
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace isocenter::imaging {

using Index3 = std::array<std::int64_t, 3>;
using Vector3 = std::array<double, 3>;
using Matrix3 = std::array<std::array<double, 3>, 3>;  // [row][column]

struct Geometry {
  Index3 size{0, 0, 0};
  Vector3 spacing_mm{1, 1, 1};
  Vector3 origin_lps_mm{0, 0, 0};                        // centre of voxel (0, 0, 0)
  Matrix3 direction{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};  // column a: the unit vector in LPS along which index a grows

  std::int64_t voxel_count() const { return size[0] * size[1] * size[2]; }
  double voxel_volume_mm3() const { return spacing_mm[0] * spacing_mm[1] * spacing_mm[2]; }
  std::int64_t offset(std::int64_t i, std::int64_t j, std::int64_t k) const { return i + size[0] * (j + size[1] * k); }
  bool contains(const Index3& index) const {
    return index[0] >= 0 && index[1] >= 0 && index[2] >= 0 && index[0] < size[0] && index[1] < size[1] && index[2] < size[2];
  }

  Vector3 point_mm(const Vector3& index) const;     // continuous index to LPS
  Vector3 index_of(const Vector3& point_mm) const;  // LPS to continuous index
};

// What is wrong with it, or an empty string: sizes below 1, spacing not positive or not finite, directions not orthonormal to 1e-3.
std::string problem(const Geometry& geometry);

// The same grid: sizes equal, corner voxels within `tolerance_mm`.
bool same_grid(const Geometry& a, const Geometry& b, double tolerance_mm = 1e-2);

// The three axes in letters of the patient's direction in which the indices grow, as in "LPS" or "RAS".
std::string orientation_code(const Geometry& geometry);

// The grid that covers the same box with axes permuted and flipped so that they point most nearly along `code` (no resampling needed to get
// there): `axis_of[a]` is the source axis that becomes axis a, `flipped[a]` whether it runs backwards.
struct Reorientation {
  std::array<int, 3> axis_of;
  std::array<bool, 3> flipped;
};
Reorientation reorientation_to(const Geometry& geometry, const std::string& code);

}  // namespace isocenter::imaging
