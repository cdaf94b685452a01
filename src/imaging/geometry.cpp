#include "imaging/geometry.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "imaging/affine.h"

namespace isocenter::imaging {
namespace {

// For each LPS axis the index axis that runs most nearly along it, each used once: the permutation with the largest sum of |cosines|.
std::array<int, 3> nearest_axes(const Geometry& geometry) {
  std::array<int, 3> order{0, 1, 2}, best = order;
  double best_sum = -1;
  do {
    double sum = 0;
    for (int world = 0; world < 3; ++world) sum += std::abs(geometry.direction[world][order[world]]);
    if (sum > best_sum + 1e-9) best_sum = sum, best = order;
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

constexpr char positive[] = "LPS", negative[] = "RAI";

}  // namespace

Vector3 Geometry::point_mm(const Vector3& index) const { return index_to_point(*this)(index); }

Vector3 Geometry::index_of(const Vector3& point_mm) const { return point_to_index(*this)(point_mm); }

std::string problem(const Geometry& geometry) {
  for (int a = 0; a < 3; ++a) {
    if (geometry.size[a] < 1) return fmt::format("size along axis {} is {}", a, geometry.size[a]);
    if (!(std::isfinite(geometry.spacing_mm[a]) && geometry.spacing_mm[a] > 0))
      return fmt::format("spacing along axis {} is {} mm", a, geometry.spacing_mm[a]);
    if (!std::isfinite(geometry.origin_lps_mm[a])) return "the origin is not finite";
  }
  for (int a = 0; a < 3; ++a)
    for (int b = a; b < 3; ++b) {
      double dot = 0;
      for (int r = 0; r < 3; ++r) dot += geometry.direction[r][a] * geometry.direction[r][b];
      if (!(std::abs(dot - (a == b)) <= 1e-3))
        return a == b ? fmt::format("direction of axis {} has the length {:.4g}, not 1", a, std::sqrt(dot))
                      : fmt::format("directions of axes {} and {} are not perpendicular (cosine {:.4g})", a, b, dot);
    }
  return {};
}

bool same_grid(const Geometry& a, const Geometry& b, double tolerance_mm) {
  if (a.size != b.size) return false;
  const Affine first = index_to_point(a), second = index_to_point(b);
  for (int corner = 0; corner < 8; ++corner) {
    Vector3 index;
    for (int axis = 0; axis < 3; ++axis) index[axis] = (corner >> axis & 1) ? static_cast<double>(a.size[axis] - 1) : 0;
    const Vector3 p = first(index), q = second(index);
    if (!(std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) <= tolerance_mm)) return false;
  }
  return true;
}

std::string orientation_code(const Geometry& geometry) {
  const auto axis_of = nearest_axes(geometry);
  std::string code(3, ' ');
  for (int world = 0; world < 3; ++world)
    code[axis_of[world]] = geometry.direction[world][axis_of[world]] < 0 ? negative[world] : positive[world];
  return code;
}

Reorientation reorientation_to(const Geometry& geometry, const std::string& code) {
  std::array<int, 3> world{-1, -1, -1};
  bool backwards[3] = {}, used[3] = {};
  bool valid = code.size() == 3;
  for (int a = 0; valid && a < 3; ++a) {
    for (int w = 0; w < 3; ++w)
      if (code[a] == positive[w] || code[a] == negative[w]) world[a] = w, backwards[a] = code[a] == negative[w];
    valid = world[a] >= 0 && !used[world[a]];
    if (valid) used[world[a]] = true;
  }
  if (!valid) throw core::InputError("orientation \"{}\": give one letter each of L/R, P/A and S/I, as in \"LPS\" or \"RAS\"", code);
  const auto axis_of = nearest_axes(geometry);
  Reorientation result{};
  for (int a = 0; a < 3; ++a) {
    result.axis_of[a] = axis_of[world[a]];
    result.flipped[a] = (geometry.direction[world[a]][result.axis_of[a]] < 0) != backwards[a];
  }
  return result;
}

}  // namespace isocenter::imaging
