// A drawing surface of Cairo with text by Pango: pixels for the figures, pages for the PDF. The only two that use it are figures.cpp and
// pdf.cpp.
#pragma once

#include <cairo.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace isocenter::reports {

struct CairoDeleter {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using CairoContext = std::unique_ptr<cairo_t, CairoDeleter>;
using CairoSurface = std::unique_ptr<cairo_surface_t, CairoDeleter>;

// Named fonts, so that a report looks the same everywhere; Pango falls back by itself for scripts that they lack.
inline constexpr const char* text_font = "Liberation Sans, DejaVu Sans, sans-serif";

struct TextStyle {
  double size = 9;  // in the surface's units (points, pixels)
  bool bold = false;
  double width = 0;  // lines break at this width; 0: never
  enum class Align { left, center, right } align = Align::left;
  std::array<double, 3> color{0.10, 0.11, 0.13};
  double line_height = 1.25;
};

struct TextSize {
  double width = 0, height = 0;
};

TextSize measure_text(cairo_t* context, const std::string& text, const TextStyle& style);
// (x, y) is the upper left corner; with a width, the alignment is within it; without, `right` and `center` are about x.
TextSize draw_text(cairo_t* context, double x, double y, const std::string& text, const TextStyle& style);

}  // namespace isocenter::reports
