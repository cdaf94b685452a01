// Arithmetic of three-vectors, for slice geometry.
#pragma once

#include <cmath>

#include "imaging/geometry.h"

namespace isocenter::formats {

inline double dot(const imaging::Vector3& a, const imaging::Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline double norm(const imaging::Vector3& a) { return std::sqrt(dot(a, a)); }
inline imaging::Vector3 minus(const imaging::Vector3& a, const imaging::Vector3& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
inline imaging::Vector3 times(double factor, const imaging::Vector3& a) { return {factor * a[0], factor * a[1], factor * a[2]}; }
inline imaging::Vector3 unit(const imaging::Vector3& a) { return times(1 / norm(a), a); }
inline imaging::Vector3 cross(const imaging::Vector3& a, const imaging::Vector3& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

}  // namespace isocenter::formats
