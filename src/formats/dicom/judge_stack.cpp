// Whether parallel slices form a regular box, and which.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "formats/dicom/stacks.h"
#include "formats/dicom/vectors.h"

namespace isocenter::formats {
namespace {

// Scanners round positions to a tenth or hundredth of a millimetre.
constexpr double rounding_mm = 0.05;
// Slices that stray further from even distances, as a share of the distance, are moved by more than a reader would accept.
constexpr double uneven_share = 0.05, noticed_share = 0.01;

std::string file_name(const SliceHeader& slice) {
  std::string name = slice.source.file.filename().string();
  if (slice.source.frame > 0) name += fmt::format(", frame {}", slice.source.frame);
  return name;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Refusal for gaps and uneven distances along the normal; sets a warning for small ones.
std::string judge_distances(const std::vector<SliceHeader>& slices, std::vector<std::string>& warnings) {
  const std::size_t count = slices.size();
  std::vector<double> steps;
  for (std::size_t at = 0; at + 1 < count; ++at) steps.push_back(slices[at + 1].source.position_mm - slices[at].source.position_mm);
  const double typical = median(steps);
  for (std::size_t at = 0; at < steps.size(); ++at) {
    if (steps[at] < 0.5 * rounding_mm && steps[at] < 0.1 * typical)
      return fmt::format("two images at the same position ({} and {}, {:.2f} mm)", file_name(slices[at]), file_name(slices[at + 1]),
                         slices[at].source.position_mm);
  }
  std::string gaps;
  double missing = 0;
  for (std::size_t at = 0; at < steps.size(); ++at) {
    const double whole = std::round(steps[at] / typical);
    if (whole < 2 || std::abs(steps[at] - whole * typical) > std::max(0.2 * typical, rounding_mm)) continue;
    missing += whole - 1;
    if (!gaps.empty()) gaps += "; ";
    gaps += fmt::format("{:.2f} mm between slices {} and {} ({} and {})", steps[at], at + 1, at + 2, file_name(slices[at]),
                        file_name(slices[at + 1]));
    if (gaps.size() > 300) break;
  }
  if (missing > 0)
    return fmt::format("missing slices: {}; the slices are {:.2f} mm apart, {} missing", gaps, typical, static_cast<long>(missing));

  const double mean = (slices.back().source.position_mm - slices.front().source.position_mm) / static_cast<double>(count - 1);
  double worst = 0;
  std::size_t worst_at = 0;
  for (std::size_t at = 0; at < count; ++at) {
    const double strayed = std::abs(slices[at].source.position_mm - slices.front().source.position_mm - mean * static_cast<double>(at));
    if (strayed > worst) worst = strayed, worst_at = at;
  }
  const auto [least, most] = std::minmax_element(steps.begin(), steps.end());
  if (worst > std::max(uneven_share * mean, rounding_mm))
    return fmt::format("uneven slice distances: {:.2f} to {:.2f} mm (slice {}, {}, lies {:.2f} mm off)", *least, *most, worst_at + 1,
                       file_name(slices[worst_at]), worst);
  if (worst > std::max(noticed_share * mean, rounding_mm))
    warnings.push_back(fmt::format("slice distances vary from {:.3f} to {:.3f} mm", *least, *most));
  return "";
}

// Refusal for slices whose corners do not stand in one line along the normal: a tilted gantry, or a slice shifted in its plane.
std::string judge_corners(const std::vector<SliceHeader>& slices, const imaging::Vector3& normal, double smallest_pixel_mm,
                          std::vector<std::string>& warnings) {
  const auto& first = *slices.front().position_lps_mm;
  const auto whole = minus(*slices.back().position_lps_mm, first);
  const double along = dot(whole, normal);
  const auto drift = minus(whole, times(along, normal));
  for (std::size_t at = 0; at < slices.size(); ++at) {
    const auto here = minus(*slices[at].position_lps_mm, first);
    const double share = dot(here, normal) / along;
    const double strayed = norm(minus(minus(here, times(dot(here, normal), normal)), times(share, drift)));
    if (strayed > std::max(0.25 * smallest_pixel_mm, 2 * rounding_mm))
      return fmt::format("slice {} ({}) is shifted by {:.2f} mm within its plane", at + 1, file_name(slices[at]), strayed);
  }
  const double degrees = std::atan2(norm(drift), std::abs(along)) * 180 / 3.14159265358979323846;
  if (norm(drift) > 0.5 * smallest_pixel_mm && degrees > 0.05)
    return fmt::format("gantry tilt: the stack is sheared by {:.1f} degrees ({:.2f} mm from one slice to the next)", degrees,
                       norm(drift) / static_cast<double>(slices.size() - 1));
  if (norm(drift) > 0.25 * smallest_pixel_mm) warnings.push_back(fmt::format("the stack is sheared by {:.2f} degrees", degrees));
  return "";
}

}  // namespace

Stack judge_stack(std::vector<SliceHeader> slices) {
  Stack stack;
  const SliceHeader& sample = slices.front();
  stack.geometry.size = {sample.columns, sample.rows, static_cast<std::int64_t>(slices.size())};
  if (!sample.position_lps_mm || !sample.orientation) {
    stack.refusal = "no position and orientation in the patient: the images cannot be put in place";
  } else if (!sample.pixel_spacing_mm) {
    stack.refusal = "no pixel spacing: nothing can be measured";
  }
  if (!stack.refusal.empty()) {
    std::stable_sort(slices.begin(), slices.end(), [](const auto& a, const auto& b) { return a.instance_number < b.instance_number; });
    stack.slices = std::move(slices);
    return stack;
  }

  const auto& cosines = *sample.orientation;
  const imaging::Vector3 row{cosines[0], cosines[1], cosines[2]}, column{cosines[3], cosines[4], cosines[5]};
  if (std::abs(norm(row) - 1) > 1e-3 || std::abs(norm(column) - 1) > 1e-3 || std::abs(dot(row, column)) > 1e-3) {
    stack.refusal = "the image orientation is not two unit vectors at a right angle";
    stack.slices = std::move(slices);
    return stack;
  }
  const auto along_row = unit(row);
  const auto along_column = unit(minus(column, times(dot(column, along_row), along_row)));
  const auto normal = cross(along_row, along_column);
  for (auto& slice : slices) slice.source.position_mm = dot(*slice.position_lps_mm, normal);
  std::sort(slices.begin(), slices.end(), [](const auto& a, const auto& b) {
    if (a.source.position_mm != b.source.position_mm) return a.source.position_mm < b.source.position_mm;
    return std::tie(a.instance_number, a.source.file, a.source.frame) < std::tie(b.instance_number, b.source.file, b.source.frame);
  });

  const auto [between_rows, between_columns] = *slices.front().pixel_spacing_mm;
  if (slices.front().localizer) {
    stack.refusal = "a localizer: made to plan the other series";
  } else if (slices.size() > 1) {
    stack.refusal = judge_distances(slices, stack.warnings);
    if (stack.refusal.empty()) stack.refusal = judge_corners(slices, normal, std::min(between_rows, between_columns), stack.warnings);
  }

  auto& geometry = stack.geometry;
  geometry.origin_lps_mm = *slices.front().position_lps_mm;
  geometry.direction = {
      {{along_row[0], along_column[0], normal[0]}, {along_row[1], along_column[1], normal[1]}, {along_row[2], along_column[2], normal[2]}}};
  const auto thickness = slices.front().slice_thickness_mm;
  double step = 0;
  if (slices.size() > 1) {
    step = (slices.back().source.position_mm - slices.front().source.position_mm) / static_cast<double>(slices.size() - 1);
    if (thickness && *thickness > 0 && step - *thickness > std::max(0.05 * *thickness, rounding_mm))
      stack.warnings.push_back(fmt::format("gap of {:.2f} mm between slices of {:.2f} mm", step - *thickness, *thickness));
  } else {
    step = thickness.value_or(0) > 0 ? *thickness : slices.front().spacing_between_slices_mm.value_or(0);
    if (step > 0) {
      stack.warnings.push_back("a single slice");
    } else {
      stack.warnings.push_back("a single slice without a thickness: 1 mm is assumed");
      step = 1;
    }
  }
  geometry.spacing_mm = {between_columns, between_rows, step};
  if (stack.refusal.empty()) stack.refusal = imaging::problem(geometry);
  if (!stack.refusal.empty()) stack.warnings.clear();
  stack.slices = std::move(slices);
  return stack;
}

}  // namespace isocenter::formats
