#include "reports/acquisition.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/text.h"

namespace isocenter::reports {
namespace {

void add(UsedSeries& used, const char* label, const std::string& value) {
  if (!value.empty()) used.acquisition.emplace_back(label, value);
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts)
    if (!part.empty()) text += (text.empty() ? "" : between) + part;
  return text;
}

// 5.0 as "5", 0.6875 as "0.69"
std::string short_number(double value) {
  std::string text = fmt::format("{:.2f}", value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string milliseconds(const char* name, const std::optional<double>& value) {
  return value && *value > 0 ? fmt::format("{} {} ms", name, short_number(*value)) : "";
}

const char* plane_of(const imaging::Geometry& grid) {
  int across = 0;
  for (int a = 1; a < 3; ++a)
    if (std::abs(grid.direction[a][2]) > std::abs(grid.direction[across][2])) across = a;
  return across == 0 ? "sagittal" : across == 1 ? "coronal" : "axial";
}

std::string geometry_text(const imaging::Geometry& grid) {
  return fmt::format("{} \u00d7 {} \u00d7 {} of {} \u00d7 {} \u00d7 {} mm", grid.size[0], grid.size[1], grid.size[2],
                     short_number(grid.spacing_mm[0]), short_number(grid.spacing_mm[1]), short_number(grid.spacing_mm[2]));
}

std::string plane_text(const imaging::Geometry& grid) {
  double largest = 0;
  for (int r = 0; r < 3; ++r) largest = std::max(largest, std::abs(grid.direction[r][2]));
  const double tilt = std::acos(std::min(1.0, largest)) * 180 / 3.14159265358979323846;
  return tilt < 1 ? plane_of(grid) : fmt::format("{}, tilted {:.0f}\u00b0", plane_of(grid), tilt);
}

}  // namespace

UsedSeries describe_series(const formats::Series& series) {
  UsedSeries used;
  used.description = series.description;
  used.modality = series.modality;
  used.uid = series.uid;
  used.geometry = series.geometry;
  used.warnings = series.warnings;
  for (const formats::SliceSource& slice : series.slices)
    if (used.files.empty() || used.files.back() != slice.file) used.files.push_back(slice.file);

  add(used, "Scanner", joined({series.manufacturer, series.manufacturer_model}, " "));
  if (series.magnetic_field_t) add(used, "Field", short_number(*series.magnetic_field_t) + " T");
  if (series.kvp) add(used, "Tube voltage", short_number(*series.kvp) + " kV");
  add(used, "Sequence",
      joined({milliseconds("TR", series.repetition_time_ms), milliseconds("TE", series.echo_time_ms),
              milliseconds("TI", series.inversion_time_ms),
              series.flip_angle_deg ? "flip angle " + short_number(*series.flip_angle_deg) + "\u00b0" : ""},
             ", "));
  add(used, "Contrast agent", series.contrast_agent);
  add(used, "Plane", plane_text(series.geometry));
  add(used, "Voxels", geometry_text(series.geometry));
  if (series.slice_thickness_mm && std::abs(*series.slice_thickness_mm - series.geometry.spacing_mm[2]) > 0.01)
    add(used, "Slice thickness", short_number(*series.slice_thickness_mm) + " mm");
  return used;
}

}  // namespace isocenter::reports
