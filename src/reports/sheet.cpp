#include "reports/sheet.h"

#include <cairo-pdf.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

cairo_status_t append(void* bytes, const unsigned char* data, unsigned int length) {
  auto& all = *static_cast<std::vector<std::uint8_t>*>(bytes);
  try {
    all.insert(all.end(), data, data + length);
  } catch (const std::bad_alloc&) {
    return CAIRO_STATUS_NO_MEMORY;
  }
  return CAIRO_STATUS_SUCCESS;
}

void check(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) throw core::ResourceError("report.pdf cannot be drawn: {}", cairo_status_to_string(status));
}

}  // namespace

Sheet::Sheet(const PageText& text, int pages)
    : text_(text),
      pages_(pages),
      surface_(cairo_pdf_surface_create_for_stream(append, &bytes_, page_width, page_height)),
      context_(cairo_create(surface_.get())) {
  check(cairo_status(context_.get()));
  cairo_surface_t* surface = surface_.get();
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, printable(text.title).c_str());
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "isocenter");
  if (!text.created.empty()) cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, printable(text.created).c_str());
  draw_head_and_foot();
}

void Sheet::draw_head_and_foot() {
  text(left, 26, text_.head, {.size = 8, .color = soft});
  text(left, 26, text_.title, {.size = 8, .width = width, .align = TextStyle::Align::right, .color = soft});
  line(left, 40, right, rule);
  line(left, page_height - 36, right, rule);
  text(left, page_height - 31, text_.foot, {.size = 7, .bold = true, .color = serious_color});
  text(left, page_height - 31, fmt::format("page {} of {}", page_, std::max(page_, pages_)),
       {.size = 8, .width = width, .align = TextStyle::Align::right, .color = soft});
  y_ = top;
}

void Sheet::begin_page() {
  cairo_show_page(context());
  ++page_;
  draw_head_and_foot();
}

void Sheet::keep_together(double height) {
  if (y_ + height > bottom && y_ > top) begin_page();
}

double Sheet::text(double x, double y, const std::string& text, const TextStyle& style) {
  return draw_text(context(), x, y, text, style).height;
}

double Sheet::height_of(const std::string& text, const TextStyle& style) const { return measure_text(context(), text, style).height; }

void Sheet::paragraph(const std::string& words, const TextStyle& style) {
  TextStyle flowing = style;
  flowing.width = width;
  keep_together(height_of(words, flowing));
  y_ += text(left, y_, words, flowing);
}

void Sheet::heading(const std::string& words, double with_at_least) {
  const TextStyle style{.size = 11.5, .bold = true};
  const double height = height_of(words, style);
  if (y_ > top) y_ += 12;
  keep_together(height + 5 + with_at_least);
  y_ += text(left, y_, words, style) + 5;
}

void Sheet::line(double x0, double y, double x1, const Color& color, double line_width) {
  cairo_set_source_rgb(context(), color[0], color[1], color[2]);
  cairo_set_line_width(context(), line_width);
  cairo_move_to(context(), x0, y);
  cairo_line_to(context(), x1, y);
  cairo_stroke(context());
}

void Sheet::box(double x, double y, double box_width, double height, const Color& color, bool filled) {
  cairo_set_source_rgb(context(), color[0], color[1], color[2]);
  cairo_set_line_width(context(), 0.6);
  cairo_rectangle(context(), x, y, box_width, height);
  filled ? cairo_fill(context()) : cairo_stroke(context());
}

void Sheet::picture(double x, double y, double size, const std::vector<std::uint8_t>& rgb, int pixels_wide, int pixels_high) {
  const CairoSurface image(cairo_image_surface_create(CAIRO_FORMAT_RGB24, pixels_wide, pixels_high));
  check(cairo_surface_status(image.get()));
  unsigned char* bytes = cairo_image_surface_get_data(image.get());
  const int stride = cairo_image_surface_get_stride(image.get());
  for (int row = 0; row < pixels_high; ++row) {
    auto* pixels = reinterpret_cast<std::uint32_t*>(bytes + static_cast<std::ptrdiff_t>(row) * stride);
    const std::uint8_t* from = rgb.data() + std::size_t{3} * row * pixels_wide;
    for (int column = 0; column < pixels_wide; ++column, from += 3) pixels[column] = from[0] << 16 | from[1] << 8 | from[2];
  }
  cairo_surface_mark_dirty(image.get());
  cairo_save(context());
  cairo_translate(context(), x, y);
  cairo_scale(context(), size / pixels_wide, size / pixels_wide);
  cairo_set_source_surface(context(), image.get(), 0, 0);
  cairo_paint(context());
  cairo_restore(context());
}

std::vector<std::uint8_t> Sheet::finish() {
  cairo_show_page(context());
  check(cairo_status(context()));
  cairo_surface_finish(surface_.get());
  check(cairo_surface_status(surface_.get()));
  return std::move(bytes_);
}

}  // namespace isocenter::reports
