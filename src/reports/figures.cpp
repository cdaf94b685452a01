#include "reports/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <stdexcept>

#include "core/error.h"
#include "imaging/resample.h"
#include "reports/canvas.h"
#include "reports/outline.h"
#include "reports/slice_choice.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

using imaging::Index3;

// A view of a volume whose axes run to the left, to the back and to the head (as nearly as they can).
struct View {
  const char* name;
  int through, u, v;       // axes: across the slices, to the right and down in the picture
  bool v_upwards;          // v grows upwards in the picture
  const char* letters;     // left, right, top, bottom of the picture
  const char* coordinate;  // of the patient
};
constexpr std::array<View, 3> views = {
    {{"axial", 2, 0, 1, false, "RLAP", "z"}, {"coronal", 1, 0, 2, true, "RLSI", "y"}, {"sagittal", 0, 1, 2, true, "APSI", "x"}}};

constexpr double tilt_worth_saying_deg = 3;
constexpr std::int64_t smallest_area_in_legend = 4;  // voxels

// The part of the patient that all pictures show: by axis, the first and last millimetre along it from voxel 0.
struct Frame {
  std::array<double, 3> middle_mm{};
  double side_mm = 0;
};

Frame frame_round(const imaging::LabelMap& labels, double margin_mm) {
  const imaging::Geometry& grid = labels.geometry;
  Index3 low = grid.size, high{-1, -1, -1}, index{};
  std::size_t voxel = 0;
  for (index[2] = 0; index[2] < grid.size[2]; ++index[2])
    for (index[1] = 0; index[1] < grid.size[1]; ++index[1])
      for (index[0] = 0; index[0] < grid.size[0]; ++index[0], ++voxel) {
        if (labels.voxels[voxel] == 0) continue;
        for (int a = 0; a < 3; ++a) low[a] = std::min(low[a], index[a]), high[a] = std::max(high[a], index[a]);
      }
  Frame frame;
  for (int a = 0; a < 3; ++a) {
    const double end = (static_cast<double>(grid.size[a]) - 0.5) * grid.spacing_mm[a], start = -0.5 * grid.spacing_mm[a];
    const bool found = high[a] >= 0;
    const double first = found ? std::max(start, (static_cast<double>(low[a]) - 0.5) * grid.spacing_mm[a] - margin_mm) : start;
    const double last = found ? std::min(end, (static_cast<double>(high[a]) + 0.5) * grid.spacing_mm[a] + margin_mm) : end;
    frame.middle_mm[a] = (first + last) / 2;
    frame.side_mm = std::max(frame.side_mm, last - first);
  }
  return frame;
}

// The samples that a picture's column or row is interpolated from, and how much each counts (Catmull-Rom: Keys 1981, a = -1/2).
struct Taps {
  std::array<std::int64_t, 4> index{};
  std::array<float, 4> weight{};
  bool inside = false;
};

Taps taps_at(double position, std::int64_t count) {
  Taps taps;
  taps.inside = position >= -0.5 && position <= static_cast<double>(count) - 0.5;
  const double base = std::floor(position);
  const double t = position - base;
  taps.weight = {static_cast<float>(0.5 * t * (-1 + t * (2 - t))), static_cast<float>(1 + 0.5 * t * t * (3 * t - 5)),
                 static_cast<float>(0.5 * t * (1 + t * (4 - 3 * t))), static_cast<float>(0.5 * t * t * (t - 1))};
  for (int n = 0; n < 4; ++n) taps.index[n] = std::clamp<std::int64_t>(static_cast<std::int64_t>(base) - 1 + n, 0, count - 1);
  return taps;
}

// How many steps a thick slice is divided into for its outlines, so that they are about as fine as in the plane.
int steps_between(double spacing_mm, double other_spacing_mm) {
  const double ratio = spacing_mm / other_spacing_mm;
  return ratio < 1.8 ? 1 : static_cast<int>(std::min(16.0, std::round(ratio)));
}

class Drawing {
 public:
  Drawing(const imaging::Volume& volume, const imaging::LabelMap& labels, const View& view, std::int64_t slice, const Frame& frame,
          int pixels)
      : volume_(volume),
        labels_(labels),
        view_(view),
        slice_(slice),
        frame_(frame),
        pixels_(pixels),
        surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, pixels, pixels)),
        context_(cairo_create(surface_.get())) {
    if (cairo_status(context_.get()) != CAIRO_STATUS_SUCCESS)
      throw core::ResourceError("no memory for a picture of {} pixels a side", pixels);
    mm_per_pixel_ = frame.side_mm / pixels;
  }

  void draw_grey(const GreyWindow& window);
  std::vector<LegendEntry> draw_outlines(const std::vector<models::Label>& package_labels);
  void draw_marks(const std::string& position);
  void copy_to(Figure& figure) const;

 private:
  double spacing(int axis) const { return volume_.geometry.spacing_mm[axis]; }
  // Continuous voxel index along u or v at the centre of a pixel, and back.
  double u_index(double column) const {
    return (frame_.middle_mm[view_.u] + (column + 0.5 - 0.5 * pixels_) * mm_per_pixel_) / spacing(view_.u);
  }
  double v_index(double row) const {
    const double down_mm = (row + 0.5 - 0.5 * pixels_) * mm_per_pixel_;
    return (frame_.middle_mm[view_.v] + (view_.v_upwards ? -down_mm : down_mm)) / spacing(view_.v);
  }
  double pixel_x(double u) const { return (u * spacing(view_.u) - frame_.middle_mm[view_.u]) / mm_per_pixel_ + 0.5 * pixels_; }
  double pixel_y(double v) const {
    const double down_mm = v * spacing(view_.v) - frame_.middle_mm[view_.v];
    return (view_.v_upwards ? -down_mm : down_mm) / mm_per_pixel_ + 0.5 * pixels_;
  }
  std::int64_t offset(std::int64_t u, std::int64_t v) const {
    Index3 index{};
    index[view_.through] = slice_, index[view_.u] = u, index[view_.v] = v;
    return volume_.geometry.offset(index[0], index[1], index[2]);
  }
  void draw_lines(std::span<const std::uint8_t> mask, const std::array<std::uint8_t, 3>& color, double opacity, double width);
  void draw_haloed(double x, double y, const std::string& text, double size, TextStyle::Align align);

  const imaging::Volume& volume_;
  const imaging::LabelMap& labels_;
  const View& view_;
  std::int64_t slice_;
  const Frame& frame_;
  int pixels_;
  double mm_per_pixel_ = 1;
  CairoSurface surface_;
  CairoContext context_;
};

void Drawing::draw_grey(const GreyWindow& window) {
  const std::int64_t width = volume_.geometry.size[view_.u], height = volume_.geometry.size[view_.v];
  std::vector<Taps> columns(pixels_);
  for (int x = 0; x < pixels_; ++x) columns[x] = taps_at(u_index(x), width);
  cairo_surface_flush(surface_.get());
  unsigned char* bytes = cairo_image_surface_get_data(surface_.get());
  const int stride = cairo_image_surface_get_stride(surface_.get());
  const float scale = 255 / std::max(window.high - window.low, 1e-20f);
  std::vector<float> line(width);
  for (int y = 0; y < pixels_; ++y) {
    auto* row = reinterpret_cast<std::uint32_t*>(bytes + static_cast<std::ptrdiff_t>(y) * stride);
    const Taps across = taps_at(v_index(y), height);
    if (!across.inside) {
      std::fill_n(row, pixels_, 0u);
      continue;
    }
    for (std::int64_t u = 0; u < width; ++u) {
      float value = 0;
      for (int n = 0; n < 4; ++n) value += across.weight[n] * volume_.voxels[offset(u, across.index[n])];
      line[u] = value;
    }
    for (int x = 0; x < pixels_; ++x) {
      const Taps& taps = columns[x];
      float value = 0;
      for (int n = 0; n < 4; ++n) value += taps.weight[n] * line[taps.index[n]];
      const float grey = (value - window.low) * scale;
      const auto level = taps.inside && std::isfinite(grey) ? static_cast<std::uint32_t>(std::clamp(grey, 0.0f, 255.0f) + 0.5f) : 0u;
      row[x] = level << 16 | level << 8 | level;
    }
  }
  cairo_surface_mark_dirty(surface_.get());
}

void Drawing::draw_lines(std::span<const std::uint8_t> mask, const std::array<std::uint8_t, 3>& color, double opacity, double width) {
  cairo_t* context = context_.get();
  cairo_new_path(context);
  const int times_u = steps_between(spacing(view_.u), spacing(view_.v)), times_v = steps_between(spacing(view_.v), spacing(view_.u));
  const FineMask fine = interpolated(mask, volume_.geometry.size[view_.u], volume_.geometry.size[view_.v], times_u, times_v);
  for (const ClosedLine& line : outlines(fine.pixels, fine.width, fine.height)) {
    bool first = true;
    for (const PlanePoint& point : smoothed(line, 2)) {
      (first ? cairo_move_to : cairo_line_to)(context, pixel_x(point.u / times_u), pixel_y(point.v / times_v));
      first = false;
    }
    cairo_close_path(context);
  }
  cairo_set_source_rgba(context, color[0] / 255.0, color[1] / 255.0, color[2] / 255.0, opacity);
  cairo_set_line_width(context, width);
  cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke(context);
}

std::vector<LegendEntry> Drawing::draw_outlines(const std::vector<models::Label>& package_labels) {
  const std::int64_t width = volume_.geometry.size[view_.u], height = volume_.geometry.size[view_.v];
  std::vector<std::uint16_t> values(width * height);
  for (std::int64_t v = 0; v < height; ++v)
    for (std::int64_t u = 0; u < width; ++u) values[u + width * v] = labels_.voxels[offset(u, v)];

  const double line_width = std::max(1.0, pixels_ / 290.0);
  std::vector<std::uint8_t> mask(values.size());
  std::ranges::transform(values, mask.begin(), [](std::uint16_t value) { return value != 0 ? 1 : 0; });
  draw_lines(mask, {255, 255, 255}, 0.55, 0.75 * line_width);  // the outer border of everything segmented

  std::map<std::string, std::pair<std::int64_t, std::array<std::uint8_t, 3>>> area_of;  // by structure
  for (const models::Label& label : package_labels) {
    if (label.value == 0 || !label.measured) continue;
    std::int64_t area = 0;
    for (std::size_t n = 0; n < values.size(); ++n) {
      mask[n] = values[n] == label.value ? 1 : 0;
      area += mask[n];
    }
    if (area == 0) continue;
    draw_lines(mask, label.color, 0.95, line_width);
    auto& entry = area_of[label.structure.empty() ? label.name : label.structure];
    entry.first += area;
    entry.second = label.color;
  }
  std::vector<std::pair<std::int64_t, LegendEntry>> found;
  for (const auto& [name, entry] : area_of)
    if (entry.first >= smallest_area_in_legend) found.push_back({entry.first, {name, entry.second}});
  std::ranges::stable_sort(found, [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<LegendEntry> legend;
  for (auto& [area, entry] : found) legend.push_back(std::move(entry));
  return legend;
}

void Drawing::draw_haloed(double x, double y, const std::string& text, double size, TextStyle::Align align) {
  const double far = std::max(1.0, size / 14);
  for (const auto& [dx, dy] : {std::pair{-far, 0.0}, {far, 0.0}, {0.0, -far}, {0.0, far}})
    draw_text(context_.get(), x + dx, y + dy, text, {.size = size, .bold = true, .align = align, .color = {0, 0, 0}});
  draw_text(context_.get(), x, y, text, {.size = size, .bold = true, .align = align, .color = {1, 1, 1}});
}

void Drawing::draw_marks(const std::string& position) {
  const double size = pixels_ / 22.0, edge = pixels_ / 64.0, middle = pixels_ / 2.0, line = 1.25 * size;
  const auto letter = [&](int n) { return std::string(1, view_.letters[n]); };
  draw_haloed(edge, middle - line / 2, letter(0), size, TextStyle::Align::left);
  draw_haloed(pixels_ - edge, middle - line / 2, letter(1), size, TextStyle::Align::right);
  draw_haloed(middle, edge / 2, letter(2), size, TextStyle::Align::center);
  draw_haloed(middle, pixels_ - edge / 2 - line, letter(3), size, TextStyle::Align::center);
  draw_haloed(edge, edge / 2, position, 0.75 * size, TextStyle::Align::left);

  const double bar_mm = frame_.side_mm >= 100 ? 50 : frame_.side_mm >= 40 ? 20 : 5;
  const double bar = bar_mm / mm_per_pixel_, x = pixels_ - edge - bar, y = pixels_ - edge, tick = pixels_ / 110.0;
  cairo_t* context = context_.get();
  for (const bool halo : {true, false}) {
    cairo_set_source_rgb(context, halo ? 0 : 1, halo ? 0 : 1, halo ? 0 : 1);
    cairo_set_line_width(context, pixels_ / 300.0 * (halo ? 2.4 : 1));
    cairo_move_to(context, x, y - tick), cairo_line_to(context, x, y);
    cairo_line_to(context, x + bar, y), cairo_line_to(context, x + bar, y - tick);
    cairo_stroke(context);
  }
  draw_haloed(x + bar / 2, y - 1.05 * size, fmt::format("{:.0f} mm", bar_mm), 0.62 * size, TextStyle::Align::center);
}

void Drawing::copy_to(Figure& figure) const {
  cairo_surface_flush(surface_.get());
  const unsigned char* bytes = cairo_image_surface_get_data(surface_.get());
  const int stride = cairo_image_surface_get_stride(surface_.get());
  figure.width = figure.height = pixels_;
  figure.rgb.resize(std::size_t{3} * pixels_ * pixels_);
  std::size_t to = 0;
  for (int y = 0; y < pixels_; ++y) {
    const auto* row = reinterpret_cast<const std::uint32_t*>(bytes + static_cast<std::ptrdiff_t>(y) * stride);
    for (int x = 0; x < pixels_; ++x) {
      figure.rgb[to++] = static_cast<std::uint8_t>(row[x] >> 16);
      figure.rgb[to++] = static_cast<std::uint8_t>(row[x] >> 8);
      figure.rgb[to++] = static_cast<std::uint8_t>(row[x]);
    }
  }
}

double tilt_deg(const imaging::Geometry& grid, int through) {
  return std::acos(std::min(1.0, std::abs(grid.direction[through][through]))) * 180 / 3.14159265358979323846;
}

std::string list_of(const std::vector<LegendEntry>& legend) {
  if (legend.empty()) return "nothing";
  std::string text;
  for (std::size_t n = 0; n < legend.size(); ++n) text += (n == 0 ? "" : n + 1 == legend.size() ? " and " : ", ") + legend[n].name;
  return text;
}

Figure draw(const imaging::Volume& volume, const imaging::LabelMap& labels, const View& view, std::int64_t slice, const Frame& frame,
            const std::vector<models::Label>& package_labels, const GreyWindow& window, const FigureOptions& options) {
  Drawing drawing(volume, labels, view, slice, frame, options.pixels);
  drawing.draw_grey(window);
  Figure figure;
  figure.legend = drawing.draw_outlines(package_labels);

  const imaging::Geometry& grid = volume.geometry;
  imaging::Vector3 centre{};
  for (int a = 0; a < 3; ++a) centre[a] = frame.middle_mm[a] / grid.spacing_mm[a];
  centre[view.through] = static_cast<double>(slice);
  const std::string position = fmt::format("{} = {} mm", view.coordinate, format_number(grid.point_mm(centre)[view.through], 0));
  drawing.draw_marks(position);
  drawing.copy_to(figure);

  const double tilt = tilt_deg(grid, view.through);
  figure.title = fmt::format("{}, {}", capitalized(view.name), position);
  if (tilt >= tilt_worth_saying_deg) figure.title += fmt::format(", tilted {:.0f}\u00b0", tilt);
  figure.title += fmt::format(" (slice {} of {})", slice + 1, grid.size[view.through]);
  figure.description = fmt::format("{} slice at {} with outlines of {}; {} is on the left of the picture.", capitalized(view.name),
                                   position, list_of(figure.legend), view.letters[0] == 'R' ? "the patient's right" : "the front");
  return figure;
}

}  // namespace

GreyWindow grey_window(const imaging::Volume& volume, const imaging::LabelMap& labels) {
  std::vector<float> tissue, all;
  for (std::size_t n = 0; n < volume.voxels.size(); ++n) {
    if (!std::isfinite(volume.voxels[n])) continue;
    all.push_back(volume.voxels[n]);
    if (labels.voxels[n] != 0) tissue.push_back(volume.voxels[n]);
  }
  // Tissue of one value says nothing about what is dark and what is bright; then the whole picture does.
  for (std::vector<float>* values : {&tissue, &all}) {
    if (values->empty()) continue;
    const auto percentile = [&](double share) {
      const auto place = values->begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values->size() - 1));
      std::ranges::nth_element(*values, place);
      return *place;
    };
    GreyWindow window;
    window.low = percentile(0.01);
    window.high = percentile(0.99);
    // Room above: white matter is not to be the brightest white, nor are enhancing vessels to darken everything else.
    window.high += 0.15f * (window.high - window.low);
    if (window.high > window.low) return window;
  }
  return all.empty() ? GreyWindow{} : GreyWindow{all.front(), all.front() + 1};
}

std::vector<Figure> draw_figures(const imaging::Volume& volume, const imaging::LabelMap& labels,
                                 const std::vector<models::Label>& package_labels, const FigureOptions& options) {
  if (!imaging::same_grid(volume.geometry, labels.geometry)) throw std::logic_error("the label map is not on the volume's grid");
  const GreyWindow window = grey_window(volume, labels);
  const imaging::Volume turned = imaging::reorient(volume, "LPS");
  const imaging::LabelMap turned_labels = imaging::reorient(labels, "LPS");
  const Frame frame = frame_round(turned_labels, options.margin_mm);

  std::vector<std::uint16_t> values;
  for (const models::Label& label : package_labels)
    if (label.value != 0 && label.measured) values.push_back(label.value);
  std::array<std::vector<std::int64_t>, 3> chosen;
  for (std::size_t n = 0; n < views.size(); ++n) {
    chosen[n] = best_slices(slice_areas(turned_labels, values, views[n].through), options.slices_a_view);
    if (chosen[n].empty()) chosen[n] = {turned.geometry.size[views[n].through] / 2};
  }
  std::vector<Figure> figures;
  for (int round = 0; round < options.slices_a_view; ++round)
    for (std::size_t n = 0; n < views.size(); ++n)
      if (round < static_cast<int>(chosen[n].size()))
        figures.push_back(draw(turned, turned_labels, views[n], chosen[n][round], frame, package_labels, window, options));
  return figures;
}

}  // namespace isocenter::reports
