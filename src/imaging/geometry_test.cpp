#include "imaging/geometry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "imaging/affine.h"
#include "imaging/testing.h"

namespace isocenter::imaging {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(Geometry, PlacesVoxelsOfATurnedGrid) {
  Geometry grid;  // index x runs to the head, y to the left, z to the front
  grid.size = {4, 5, 6};
  grid.spacing_mm = {2, 3, 5};
  grid.origin_lps_mm = {10, 20, 30};
  grid.direction = {{{0, 1, 0}, {0, 0, -1}, {1, 0, 0}}};
  EXPECT_THAT(problem(grid), IsEmpty());
  EXPECT_EQ(grid.point_mm({1, 1, 1}), (Vector3{13, 15, 32}));
  EXPECT_EQ(grid.index_of({13, 15, 32}), (Vector3{1, 1, 1}));
  EXPECT_EQ(orientation_code(grid), "SLA");
}

TEST(Geometry, NamesItsFault) {
  Geometry grid;
  grid.size = {4, 4, 4};
  EXPECT_THAT(problem(grid), IsEmpty());
  Geometry broken = grid;
  broken.size[1] = 0;
  EXPECT_THAT(problem(broken), HasSubstr("size along axis 1"));
  broken = grid;
  broken.spacing_mm[2] = -1;
  EXPECT_THAT(problem(broken), HasSubstr("spacing along axis 2"));
  broken.spacing_mm[2] = NAN;
  EXPECT_THAT(problem(broken), HasSubstr("spacing along axis 2"));
  broken = grid;
  broken.origin_lps_mm[0] = INFINITY;
  EXPECT_THAT(problem(broken), HasSubstr("origin"));
  broken = grid;
  broken.direction[0][0] = 0.5;
  EXPECT_THAT(problem(broken), HasSubstr("length"));
  broken = grid;
  broken.direction = {{{1, std::sqrt(0.5), 0}, {0, std::sqrt(0.5), 0}, {0, 0, 1}}};
  EXPECT_THAT(problem(broken), HasSubstr("not perpendicular"));
}

TEST(Geometry, SameGridComparesCorners) {
  Geometry a;
  a.size = {100, 100, 100};
  Geometry b = a;
  b.spacing_mm[0] = 1.00005;  // 0.005 mm at the far corner
  EXPECT_TRUE(same_grid(a, b));
  b.spacing_mm[0] = 1.0005;
  EXPECT_FALSE(same_grid(a, b));
  b = a;
  b.size[2] = 99;
  EXPECT_FALSE(same_grid(a, b));
}

RC_GTEST_PROP(GeometryProperty, IndexAndPointAreInverse, (std::uint64_t seed)) {
  const Geometry grid = random_geometry(seed);
  RC_ASSERT(problem(grid).empty());
  core::Random random(seed, 1);
  const Vector3 index{random.uniform(-50, 50), random.uniform(-50, 50), random.uniform(-50, 50)};
  const Vector3 back = grid.index_of(grid.point_mm(index));
  for (int a = 0; a < 3; ++a) RC_ASSERT(std::abs(back[a] - index[a]) < 1e-9);
}

RC_GTEST_PROP(GeometryProperty, InverseUndoesAnAffineMap, (std::uint64_t seed)) {
  const Affine map = index_to_point(random_geometry(seed));
  const Affine same = compose(inverse(map), map);
  for (int r = 0; r < 3; ++r) {
    RC_ASSERT(std::abs(same.offset[r]) < 1e-9);
    for (int c = 0; c < 3; ++c) RC_ASSERT(std::abs(same.linear[r][c] - (r == c)) < 1e-9);
  }
}

TEST(Geometry, OrientationCodesOfAllFortyEightAxisOrders) {
  const auto codes = orientation_codes();
  ASSERT_EQ(codes.size(), 48u);
  for (const auto& code : codes) EXPECT_EQ(orientation_code(geometry_of_code(code, {3, 4, 5})), code);
}

TEST(Geometry, ObliqueAxesGetDistinctLetters) {
  // The direction halfway between left and back, twice: each letter is still given once.
  Geometry grid;
  grid.size = {2, 2, 2};
  const double h = std::sqrt(0.5);
  grid.direction = {{{h, -h, 0}, {h, h, 0}, {0, 0, 1}}};
  const std::string code = orientation_code(grid);
  EXPECT_TRUE(code == "LPS" || code == "PRS") << code;
}

TEST(Geometry, RefusesWordsThatAreNoOrientation) {
  Geometry grid;
  grid.size = {2, 2, 2};
  for (const char* code : {"", "LP", "LLS", "LRS", "XYZ", "LPSA", "lps"})
    EXPECT_THROW(reorientation_to(grid, code), core::InputError) << code;
}

}  // namespace
}  // namespace isocenter::imaging
