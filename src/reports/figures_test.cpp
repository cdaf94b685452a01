#include "reports/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "imaging/resample.h"
#include "reports/outline.h"
#include "reports/slice_choice.h"
#include "reports/testing.h"

namespace isocenter::reports {
namespace {

double signed_area(const ClosedLine& line) {
  double twice = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const PlanePoint a = line[i], b = line[(i + 1) % line.size()];
    twice += a.u * b.v - b.u * a.v;
  }
  return twice / 2;
}

TEST(Outlines, one_pixel_is_a_diamond_round_its_centre) {
  const std::vector<std::uint8_t> mask = {0, 0, 0, 0, 1, 0, 0, 0, 0};
  const auto lines = outlines(mask, 3, 3);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].size(), 4u);
  EXPECT_DOUBLE_EQ(std::abs(signed_area(lines[0])), 0.5);
  for (const PlanePoint& point : lines[0]) EXPECT_DOUBLE_EQ(std::abs(point.u - 1) + std::abs(point.v - 1), 0.5);
}

TEST(Outlines, a_region_at_the_border_is_closed_and_a_hole_has_a_line_of_its_own) {
  std::vector<std::uint8_t> mask(7 * 6, 1);
  mask[3 + 7 * 3] = 0;
  const auto lines = outlines(mask, 7, 6);
  ASSERT_EQ(lines.size(), 2u);
  const double outer = signed_area(lines[0]), hole = signed_area(lines[1]);
  EXPECT_LT(outer * hole, 0) << "a hole runs the other way round";
  EXPECT_DOUBLE_EQ(std::abs(outer), 7 * 6 - 4 * 0.125);  // the four corners are cut
  EXPECT_DOUBLE_EQ(std::abs(hole), 0.5);
}

TEST(Outlines, pixels_that_touch_at_a_corner_are_apart) {
  EXPECT_EQ(outlines(std::vector<std::uint8_t>{1, 0, 0, 1}, 2, 2).size(), 2u);
  EXPECT_EQ(outlines(std::vector<std::uint8_t>{0, 1, 1, 0}, 2, 2).size(), 2u);
  EXPECT_TRUE(outlines(std::vector<std::uint8_t>(4, 0), 2, 2).empty());
}

TEST(Outlines, between_thick_slices_a_border_moves_evenly) {
  // Two rows: the structure begins at pixel 2 in the first and at pixel 6 in the second.
  const std::vector<std::uint8_t> mask = {0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
  const FineMask fine = interpolated(mask, 10, 2, 1, 4);
  ASSERT_EQ(fine.width, 10);
  ASSERT_EQ(fine.height, 5);
  std::vector<std::int64_t> begins;
  for (std::int64_t v = 0; v < 5; ++v)
    begins.push_back(std::find(&fine.pixels[10 * v], &fine.pixels[10 * v] + 10, 1) - &fine.pixels[10 * v]);
  EXPECT_THAT(begins, ::testing::ElementsAre(2, 3, 4, 5, 6));
  // The same turned, and where nothing is to be done.
  std::vector<std::uint8_t> turned(20);
  for (int u = 0; u < 10; ++u)
    for (int v = 0; v < 2; ++v) turned[v + 2 * u] = mask[u + 10 * v];
  const FineMask across = interpolated(turned, 2, 10, 4, 1);
  for (std::int64_t u = 0; u < 10; ++u)
    for (std::int64_t v = 0; v < 5; ++v) EXPECT_EQ(across.pixels[v + 5 * u], fine.pixels[u + 10 * v]);
  EXPECT_EQ(interpolated(mask, 10, 2, 1, 1).pixels, mask);
}

TEST(Outlines, a_structure_in_one_slice_only_closes_before_the_next) {
  const std::vector<std::uint8_t> mask = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const FineMask fine = interpolated(mask, 8, 3, 1, 6);
  for (std::int64_t v = 0; v < fine.height; ++v) {
    const auto count = std::count(&fine.pixels[8 * v], &fine.pixels[8 * v] + 8, 1);
    EXPECT_EQ(count > 0, std::abs(v - 6) <= 2) << v;
    EXPECT_LE(count, 3);
  }
}

TEST(Outlines, smoothing_stays_within_a_quarter_pixel) {
  const std::vector<std::uint8_t> mask = {0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
  const ClosedLine line = outlines(mask, 5, 5).at(0), smooth = smoothed(line, 3);
  EXPECT_EQ(smooth.size(), 8 * line.size());
  for (const PlanePoint& point : smooth) {
    double nearest = 1e9;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const PlanePoint a = line[i], b = line[(i + 1) % line.size()];
      const double length = std::hypot(b.u - a.u, b.v - a.v);
      const double t = std::clamp(((point.u - a.u) * (b.u - a.u) + (point.v - a.v) * (b.v - a.v)) / (length * length), 0.0, 1.0);
      nearest = std::min(nearest, std::hypot(point.u - a.u - t * (b.u - a.u), point.v - a.v - t * (b.v - a.v)));
    }
    EXPECT_LE(nearest, 0.25);
  }
}

TEST(BestSlices, the_first_cuts_most_structures_and_the_second_shows_what_it_missed) {
  // Three structures over six slices: two are largest in slice 1, the third in slice 4.
  const SliceAreas areas = {{0, 10, 5, 0, 0, 0}, {2, 8, 8, 0, 0, 0}, {0, 0, 0, 3, 6, 0}};
  EXPECT_THAT(best_slices(areas, 2), ::testing::ElementsAre(1, 4));
  EXPECT_THAT(best_slices(areas, 5), ::testing::ElementsAre(1, 4)) << "nothing more is to be seen";
  EXPECT_TRUE(best_slices({{0, 0, 0}}, 2).empty());
  EXPECT_TRUE(best_slices({}, 2).empty());
}

int grey_at(const Figure& figure, double x, double y) {
  const auto column = static_cast<std::size_t>(x * figure.width), row = static_cast<std::size_t>(y * figure.height);
  return figure.rgb[3 * (column + figure.width * row)];
}

// A head without labels in which one quarter is bright: the patient's right, front, top.
imaging::Volume bright_corner(const imaging::Geometry& grid) {
  imaging::Volume volume(grid, 10);
  for (std::int64_t k = 0; k < grid.size[2]; ++k)
    for (std::int64_t j = 0; j < grid.size[1]; ++j)
      for (std::int64_t i = 0; i < grid.size[0]; ++i) {
        const imaging::Vector3 at = grid.point_mm({double(i), double(j), double(k)});
        if (at[0] < 0 && at[1] < 0 && at[2] > 0) volume.at(i, j, k) = 1000;
      }
  return volume;
}

TEST(Figures, the_patients_right_is_on_the_left_of_the_picture_however_the_array_lies) {
  imaging::Geometry grid;
  grid.size = {60, 60, 60};
  grid.spacing_mm = {3, 3, 3};
  grid.origin_lps_mm = {-88.5 + 1.5, -88.5 - 1.5, -88.5 + 1.5};
  for (const char* code : {"LPS", "RAS", "LIA", "SRP", "PIR"}) {
    SCOPED_TRACE(code);
    const imaging::Volume volume = imaging::reorient(bright_corner(grid), code);
    std::vector<models::Label> labels(1);
    imaging::LabelMap map(volume.geometry);
    // One labelled voxel in the bright corner chooses the slices.
    const imaging::Vector3 index = volume.geometry.index_of({-40, -40, 40});
    map.at(std::llround(index[0]), std::llround(index[1]), std::llround(index[2])) = 5;
    models::Label label;
    label.value = 5;
    label.name = label.structure = "spot";
    labels.push_back(label);
    const auto figures = draw_figures(volume, map, labels, {.pixels = 200, .slices_a_view = 1, .margin_mm = 300});
    ASSERT_EQ(figures.size(), 3u);
    EXPECT_GT(grey_at(figures[0], 0.35, 0.35), grey_at(figures[0], 0.65, 0.35)) << "axial: right on the left";
    EXPECT_GT(grey_at(figures[0], 0.35, 0.35), grey_at(figures[0], 0.35, 0.65)) << "axial: front on top";
    EXPECT_GT(grey_at(figures[1], 0.35, 0.35), grey_at(figures[1], 0.65, 0.35)) << "coronal: right on the left";
    EXPECT_GT(grey_at(figures[1], 0.35, 0.35), grey_at(figures[1], 0.35, 0.65)) << "coronal: head on top";
    EXPECT_GT(grey_at(figures[2], 0.35, 0.35), grey_at(figures[2], 0.65, 0.35)) << "sagittal: front on the left";
    EXPECT_GT(grey_at(figures[2], 0.35, 0.35), grey_at(figures[2], 0.35, 0.65)) << "sagittal: head on top";
    EXPECT_THAT(figures[0].title, ::testing::StartsWith("Axial, z = "));
    EXPECT_THAT(figures[0].title, ::testing::AnyOf(::testing::HasSubstr("z = 39 mm"), ::testing::HasSubstr("z = 42 mm")));
  }
}

TEST(Figures, voxels_that_are_not_cubes_keep_their_proportions) {
  // A ball of radius 40 mm in voxels of 1 x 2 x 5 mm must be round in every view.
  imaging::Geometry grid;
  grid.size = {120, 60, 24};
  grid.spacing_mm = {1, 2, 5};
  grid.origin_lps_mm = {-59.5, -59, -57.5};
  imaging::Volume volume(grid, 0);
  imaging::LabelMap map(grid);
  for (std::int64_t k = 0; k < 24; ++k)
    for (std::int64_t j = 0; j < 60; ++j)
      for (std::int64_t i = 0; i < 120; ++i) {
        const imaging::Vector3 at = grid.point_mm({double(i), double(j), double(k)});
        const bool inside = at[0] * at[0] + at[1] * at[1] + at[2] * at[2] < 40 * 40;
        volume.at(i, j, k) = inside ? 1000.0f : 0.0f;
        map.at(i, j, k) = inside ? 1 : 0;
      }
  models::Label none, ball;
  ball.value = 1;
  ball.name = ball.structure = "ball";
  const auto figures = draw_figures(volume, map, {none, ball}, {.pixels = 400, .slices_a_view = 1, .margin_mm = 20});
  ASSERT_EQ(figures.size(), 3u);
  for (const Figure& figure : figures) {
    SCOPED_TRACE(figure.title);
    int across = 0, down = 0;
    for (int n = 0; n < 400; ++n)
      across += grey_at(figure, (n + 0.5) / 400, 0.53) > 127, down += grey_at(figure, 0.53, (n + 0.5) / 400) > 127;
    EXPECT_NEAR(across, down, 20);
    EXPECT_NEAR(across, 80.0 / 120 * 400, 25) << "one scale: 120 mm are 400 pixels";
  }
}

TEST(Figures, name_the_structures_and_the_tilt) {
  const Findings findings = testing::phantom_findings(testing::thick_tilted_grid());
  ASSERT_EQ(findings.figures.size(), 6u);
  EXPECT_THAT(findings.figures[0].title, ::testing::HasSubstr("tilted 11\u00b0"));
  std::string all;
  for (const Figure& figure : findings.figures) {
    EXPECT_EQ(figure.rgb.size(), 3u * figure.width * figure.height);
    EXPECT_FALSE(figure.legend.empty());
    all += figure.description;
  }
  for (const char* name : {"hippocampus", "lateral ventricle", "brain stem", "thalamus"}) EXPECT_THAT(all, ::testing::HasSubstr(name));
}

TEST(Figures, nothing_segmented_gives_the_middle_slices) {
  imaging::Geometry grid;
  grid.size = {20, 24, 18};
  const imaging::Volume volume(grid, 7);
  const auto figures = draw_figures(volume, imaging::LabelMap(grid), testing::phantom_package().labels, {.pixels = 64});
  ASSERT_EQ(figures.size(), 3u);
  EXPECT_THAT(figures[0].title, ::testing::HasSubstr("slice 10 of 18"));
}

TEST(GreyWindow, leaves_out_the_background_and_survives_a_flat_image) {
  const testing::Phantom head = testing::head_phantom(testing::thick_tilted_grid());
  const GreyWindow window = grey_window(head.volume, head.labels);
  EXPECT_GT(window.low, 30);
  EXPECT_GT(window.high, 500);
  EXPECT_LT(window.high, 700);
  imaging::Geometry grid;
  grid.size = {4, 4, 4};
  const GreyWindow flat = grey_window(imaging::Volume(grid, 3), imaging::LabelMap(grid));
  EXPECT_GT(flat.high, flat.low);
}

}  // namespace
}  // namespace isocenter::reports
