#include "imaging/slice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/random.h"
#include "imaging/contour.h"
#include "imaging/resample.h"
#include "imaging/testing.h"

namespace isocenter::imaging {
namespace {

RC_GTEST_PROP(SliceProperty, KeepsEveryVoxelAtItsPointInThePatient, (std::uint64_t seed)) {
  Volume volume(random_geometry(seed));
  std::iota(volume.voxels.begin(), volume.voxels.end(), 0.0f);
  for (int axis = 0; axis < 3; ++axis) {
    const Volume flat = slice(volume, axis, volume.geometry.size[axis] / 2);
    RC_ASSERT(flat.geometry.size[2] == 1);
    for (std::int64_t j = 0; j < flat.geometry.size[1]; ++j)
      for (std::int64_t i = 0; i < flat.geometry.size[0]; ++i) {
        const Vector3 index = volume.geometry.index_of(flat.geometry.point_mm({static_cast<double>(i), static_cast<double>(j), 0}));
        RC_ASSERT(flat.at(i, j, 0) == volume.at(std::lround(index[0]), std::lround(index[1]), std::lround(index[2])));
      }
  }
}

TEST(Slice, RefusesPositionsThatAreNotThere) {
  const Volume volume(random_geometry(1));
  EXPECT_THROW(slice(volume, 0, -1), core::InputError);
  EXPECT_THROW(slice(volume, 1, volume.geometry.size[1]), core::InputError);
  EXPECT_THROW(slice(volume, 3, 0), core::InputError);
}

TEST(DisplayGrid, ShowsThePlanesAsRadiologistsLookAtThem) {
  Geometry grid;  // any orientation of the volume gives the same pictures
  grid.size = {40, 30, 20};
  grid.spacing_mm = {1, 1, 2};
  const Vector3 point{11, 12, 13};
  for (const auto& code : orientation_codes()) {
    const Geometry volume = reorient(grid, code);
    for (const auto& [plane, expected] :
         {std::pair(Plane::axial, "LPS"), std::pair(Plane::coronal, "LIP"), std::pair(Plane::sagittal, "PIL")}) {
      const Geometry flat = display_grid(volume, plane, point, 0.5);
      ASSERT_EQ(problem(flat), "");
      EXPECT_EQ(orientation_code(flat), expected);
      EXPECT_EQ(flat.size[2], 1);
      const int normal = plane == Plane::axial ? 2 : plane == Plane::coronal ? 1 : 0;
      EXPECT_NEAR(flat.point_mm({0, 0, 0})[normal], point[normal], 1e-9);
      EXPECT_NEAR(flat.index_of(point)[2], 0, 1e-9);
      EXPECT_EQ(flat.size[0] * flat.size[1], plane == Plane::axial ? 80 * 60 : plane == Plane::coronal ? 80 * 80 : 60 * 80);
    }
  }
}

LabelMap picture(const std::vector<std::string>& rows) {
  Geometry grid;
  grid.size = {static_cast<std::int64_t>(rows[0].size()), static_cast<std::int64_t>(rows.size()), 1};
  LabelMap flat(grid);
  for (std::size_t j = 0; j < rows.size(); ++j)
    for (std::size_t i = 0; i < rows[j].size(); ++i) flat.voxels[i + j * rows[0].size()] = rows[j][i] == '#' ? 3 : 0;
  return flat;
}

TEST(Contour, OfARectangleAreItsFourCorners) {
  const auto found = outlines(picture({"....", ".##.", ".##.", ".##."}), 3);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(signed_area(found[0]), 6);
  EXPECT_THAT(found[0].points,
              testing::UnorderedElementsAre(std::array{0.5, 0.5}, std::array{2.5, 0.5}, std::array{2.5, 3.5}, std::array{0.5, 3.5}));
}

TEST(Contour, AHoleRunsTheOtherWay) {
  const auto found = outlines(picture({"#####", "#...#", "#.#.#", "#...#", "#####"}), 3);
  ASSERT_EQ(found.size(), 3u);
  std::vector<double> areas;
  for (const auto& outline : found) areas.push_back(signed_area(outline));
  EXPECT_THAT(areas, testing::UnorderedElementsAre(25, -9, 1));
}

TEST(Contour, PixelsThatTouchAtACornerAreApart) {
  const auto found = outlines(picture({"#.", ".#"}), 3);
  ASSERT_EQ(found.size(), 2u);
  for (const auto& outline : found) EXPECT_EQ(signed_area(outline), 1);
  EXPECT_TRUE(outlines(picture({"..", ".."}), 3).empty());
}

RC_GTEST_PROP(ContourProperty, AreasSumToThePixelsAndEveryTurnIsRight, (std::uint64_t seed)) {
  core::Random random(seed, 0, "picture");
  Geometry grid;
  grid.size = {random.integer(1, 12), random.integer(1, 12), 1};
  LabelMap flat(grid);
  const double density = random.uniform(0.2, 0.8);
  double expected = 0;
  for (auto& voxel : flat.voxels) expected += voxel = random.chance(density);
  double area = 0;
  for (const auto& outline : outlines(flat, 1)) {
    area += signed_area(outline);
    RC_ASSERT(outline.points.size() >= 4u);
    for (std::size_t n = 0; n < outline.points.size(); ++n) {  // neighbouring sides are at right angles: corners only
      const auto &a = outline.points[n], &b = outline.points[(n + 1) % outline.points.size()],
                 &c = outline.points[(n + 2) % outline.points.size()];
      RC_ASSERT((a[0] == b[0]) != (a[1] == b[1]));
      RC_ASSERT((a[0] == b[0]) == (b[1] == c[1]));
    }
  }
  RC_ASSERT(area == expected);
}

}  // namespace
}  // namespace isocenter::imaging
