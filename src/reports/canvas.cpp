#include "reports/canvas.h"

#include <pango/pangocairo.h>

#include "reports/text.h"

namespace isocenter::reports {
namespace {

struct LayoutDeleter {
  void operator()(PangoLayout* layout) const { g_object_unref(layout); }
};
using Layout = std::unique_ptr<PangoLayout, LayoutDeleter>;

Layout lay_out(cairo_t* context, const std::string& text, const TextStyle& style) {
  Layout layout(pango_cairo_create_layout(context));
  // No hinting and one unit a point: text measures the same on pixels and on paper.
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options(pango_layout_get_context(layout.get()), options);
  cairo_font_options_destroy(options);
  PangoFontDescription* font = pango_font_description_from_string(text_font);
  pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
  if (style.bold) pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description(layout.get(), font);
  pango_font_description_free(font);
  pango_layout_set_text(layout.get(), printable(text).c_str(), -1);
  pango_layout_set_line_spacing(layout.get(), static_cast<float>(style.line_height));
  if (style.width > 0) {
    pango_layout_set_width(layout.get(), static_cast<int>(style.width * PANGO_SCALE));
    pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout.get(), style.align == TextStyle::Align::left     ? PANGO_ALIGN_LEFT
                                             : style.align == TextStyle::Align::center ? PANGO_ALIGN_CENTER
                                                                                       : PANGO_ALIGN_RIGHT);
  }
  return layout;
}

TextSize size_of(PangoLayout* layout) {
  int width = 0, height = 0;
  pango_layout_get_size(layout, &width, &height);
  return {static_cast<double>(width) / PANGO_SCALE, static_cast<double>(height) / PANGO_SCALE};
}

}  // namespace

TextSize measure_text(cairo_t* context, const std::string& text, const TextStyle& style) {
  return size_of(lay_out(context, text, style).get());
}

TextSize draw_text(cairo_t* context, double x, double y, const std::string& text, const TextStyle& style) {
  const Layout layout = lay_out(context, text, style);
  const TextSize size = size_of(layout.get());
  double start = x;
  if (style.width <= 0 && style.align == TextStyle::Align::center) start -= size.width / 2;
  if (style.width <= 0 && style.align == TextStyle::Align::right) start -= size.width;
  cairo_set_source_rgb(context, style.color[0], style.color[1], style.color[2]);
  cairo_move_to(context, start, y);
  pango_cairo_show_layout(context, layout.get());
  return size;
}

}  // namespace isocenter::reports
