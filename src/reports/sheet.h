// Pages of a PDF filled from top to bottom: text flows, blocks that do not fit go to the next page, every page has its head and its number.
#pragma once

#include <cairo.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "reports/canvas.h"

namespace isocenter::reports {

using Color = std::array<double, 3>;
inline constexpr Color ink{0.10, 0.11, 0.13}, soft{0.29, 0.31, 0.35}, rule{0.83, 0.84, 0.86}, accent{0.12, 0.31, 0.47},
    warning_color{0.54, 0.27, 0}, serious_color{0.63, 0.07, 0.09};

struct PageText {
  std::string title, head, foot;  // document title; left of every page's head; under every page
  std::string created;            // ISO 8601
};

class Sheet {
 public:
  static constexpr double page_width = 595.28, page_height = 841.89;  // A4 in points
  static constexpr double left = 40, right = page_width - 40, top = 56, bottom = page_height - 46;
  static constexpr double width = right - left;

  // `pages`: how many there will be, for "page 2 of 4"; found by a first run.
  Sheet(const PageText& text, int pages);

  cairo_t* context() const { return context_.get(); }
  double y() const { return y_; }
  void set_y(double y) { y_ = y; }
  void skip(double points) { y_ += points; }
  int page() const { return page_; }

  void keep_together(double height);  // begins a page when so much does not fit any more
  void begin_page();

  double text(double x, double y, const std::string& text, const TextStyle& style);  // returns its height
  double height_of(const std::string& text, const TextStyle& style) const;
  void paragraph(const std::string& text, const TextStyle& style);  // over the whole width; advances
  void heading(const std::string& text, double with_at_least);      // kept with what follows
  void line(double x0, double y, double x1, const Color& color, double width = 0.6);
  void box(double x, double y, double width, double height, const Color& color, bool filled);
  void picture(double x, double y, double size, const std::vector<std::uint8_t>& rgb, int pixels_wide, int pixels_high);

  std::vector<std::uint8_t> finish();

 private:
  void draw_head_and_foot();

  PageText text_;
  int pages_, page_ = 1;
  double y_ = top;
  std::vector<std::uint8_t> bytes_;
  CairoSurface surface_;
  CairoContext context_;
};

}  // namespace isocenter::reports
