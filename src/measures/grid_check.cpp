#include "measures/grid_check.h"

#include <cmath>

#include "core/error.h"

namespace isocenter::measures {
namespace {

// A single slice has no neighbour whose place would show its thickness, but volumes depend on it.
bool same_thickness(const imaging::Geometry& a, const imaging::Geometry& b) {
  for (int axis = 0; axis < 3; ++axis)
    if (a.size[axis] == 1 && std::abs(a.spacing_mm[axis] - b.spacing_mm[axis]) > 1e-3 * b.spacing_mm[axis]) return false;
  return true;
}

std::string difference(const imaging::Geometry& a, const imaging::Geometry& b) {
  constexpr char axis_name[] = "xyz";
  for (int axis = 0; axis < 3; ++axis)
    if (a.size[axis] != b.size[axis]) return fmt::format("{} against {} voxels along axis {}", a.size[axis], b.size[axis], axis_name[axis]);
  for (int axis = 0; axis < 3; ++axis)
    if (std::abs(a.spacing_mm[axis] - b.spacing_mm[axis]) * static_cast<double>(a.size[axis]) > 1e-2 ||
        (a.size[axis] == 1 && std::abs(a.spacing_mm[axis] - b.spacing_mm[axis]) > 1e-3 * b.spacing_mm[axis]))
      return fmt::format("spacing along axis {} is {:.5g} against {:.5g} mm", axis_name[axis], a.spacing_mm[axis], b.spacing_mm[axis]);
  for (int axis = 0; axis < 3; ++axis) {
    double cosine = 0;
    for (int r = 0; r < 3; ++r) cosine += a.direction[r][axis] * b.direction[r][axis];
    const double degrees = std::acos(std::min(1.0, std::max(-1.0, cosine))) * 180 / M_PI;
    if (degrees > 0.01)
      return fmt::format("axis {} points {:.3g} degrees away ({} against {})", axis_name[axis], degrees, imaging::orientation_code(a),
                         imaging::orientation_code(b));
  }
  for (int component = 0; component < 3; ++component) {
    const double shift = a.origin_lps_mm[component] - b.origin_lps_mm[component];
    if (std::abs(shift) > 5e-3) return fmt::format("shifted by {:.4g} mm along {}", shift, std::string("LPS").substr(component, 1));
  }
  return "their corners differ by more than 0.01 mm";
}

}  // namespace

void require_same_grid(const imaging::Geometry& prediction, const imaging::Geometry& reference, const std::string& prediction_name,
                       const std::string& reference_name) {
  if (imaging::same_grid(prediction, reference) && same_thickness(prediction, reference)) return;
  throw core::InputError("{} and {} lie on different grids: {}; resample one to the other first", prediction_name, reference_name,
                         difference(prediction, reference));
}

}  // namespace isocenter::measures
