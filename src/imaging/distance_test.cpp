#include "imaging/distance.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "core/parallel.h"
#include "core/random.h"
#include "imaging/morphology.h"

namespace isocenter::imaging {
namespace {

Geometry grid_of(Index3 size, Vector3 spacing) {
  Geometry grid;
  grid.size = size;
  grid.spacing_mm = spacing;
  return grid;
}

TEST(Distance, FromAPointOnUnequalSpacing) {
  Mask mask(grid_of({9, 8, 7}, {0.5, 2, 3}));
  mask.at(4, 3, 2) = 1;
  const Volume distance = distance_to(mask);
  for (int k = 0; k < 7; ++k)
    for (int j = 0; j < 8; ++j)
      for (int i = 0; i < 9; ++i) EXPECT_NEAR(distance.at(i, j, k), std::hypot(0.5 * (i - 4), 2.0 * (j - 3), 3.0 * (k - 2)), 1e-5);
}

TEST(Distance, FromAPlane) {
  Mask mask(grid_of({4, 5, 11}, {1, 1, 2.5}));
  for (int j = 0; j < 5; ++j)
    for (int i = 0; i < 4; ++i) mask.at(i, j, 6) = 1;
  const Volume distance = distance_to(mask);
  for (int k = 0; k < 11; ++k) EXPECT_FLOAT_EQ(distance.at(2, 2, k), 2.5f * std::abs(k - 6));
}

TEST(Distance, FromNothingIsInfinite) {
  const Volume distance = distance_to(Mask(grid_of({3, 3, 3}, {1, 1, 1})));
  for (const float value : distance.voxels) EXPECT_EQ(value, std::numeric_limits<float>::infinity());
}

TEST(Distance, SignTellsTheSide) {
  Mask mask(grid_of({8, 1, 1}, {2, 1, 1}));
  mask.voxels = {0, 0, 1, 1, 1, 0, 0, 0};
  const std::vector<float> expected{4, 2, -2, -4, -2, 2, 4, 6};
  EXPECT_EQ(signed_distance(mask).voxels, expected);
}

RC_GTEST_PROP(DistanceProperty, AgreesWithTheSearchOfAllPairs, (std::uint64_t seed)) {
  core::Random random(seed, 0, "mask");
  Mask mask(grid_of({random.integer(1, 20), random.integer(1, 9), random.integer(1, 9)},
                    {random.uniform(0.3, 4), random.uniform(0.3, 4), random.uniform(0.3, 4)}));
  const double density = random.uniform(0.005, 0.4);
  for (auto& voxel : mask.voxels) voxel = random.chance(density);
  const Volume got = distance_to(mask);
  const auto& [size, spacing, origin, direction] = mask.geometry;
  const auto place = [&, size = size, spacing = spacing](std::int64_t at) {
    return Vector3{static_cast<double>(at % size[0]) * spacing[0], static_cast<double>(at / size[0] % size[1]) * spacing[1],
                   static_cast<double>(at / size[0] / size[1]) * spacing[2]};
  };
  for (std::int64_t a = 0; a < mask.geometry.voxel_count(); a += 17) {
    double best = std::numeric_limits<double>::infinity();
    for (std::int64_t b = 0; b < mask.geometry.voxel_count(); ++b) {
      if (mask.voxels[b] == 0) continue;
      const Vector3 p = place(a), q = place(b);
      best = std::min(best, std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
    }
    RC_ASSERT(got.voxels[a] == best || std::abs(got.voxels[a] - best) < 1e-4);
  }
}

TEST(Distance, ThreadsDoNotChangeIt) {
  Mask mask(grid_of({40, 30, 20}, {1, 1.3, 2.7}));
  core::Random random(6);
  for (auto& voxel : mask.voxels) voxel = random.chance(0.01);
  const int before = core::thread_count();
  core::set_thread_count(1);
  const Volume one = distance_to(mask);
  core::set_thread_count(3);
  const Volume three = distance_to(mask);
  core::set_thread_count(before);
  EXPECT_EQ(one.voxels, three.voxels);
}

TEST(Morphology, ADilatedPointIsABallInMillimetres) {
  Mask mask(grid_of({21, 21, 21}, {1, 2, 0.5}));
  mask.at(10, 10, 10) = 1;
  const Mask ball = dilate(mask, 4);
  for (int k = 0; k < 21; ++k)
    for (int j = 0; j < 21; ++j)
      for (int i = 0; i < 21; ++i) {
        const double square = (i - 10) * (i - 10) + 4.0 * (j - 10) * (j - 10) + 0.25 * (k - 10) * (k - 10);
        EXPECT_EQ(ball.at(i, j, k), square <= 16) << i << " " << j << " " << k;
      }
}

TEST(Morphology, ErosionUndoesTheDilationOfABlockAndSparesTheBorder) {
  Mask block(grid_of({12, 12, 12}, {1, 1, 1}));
  for (int k = 4; k < 8; ++k)
    for (int j = 4; j < 8; ++j)
      for (int i = 4; i < 8; ++i) block.at(i, j, k) = 1;
  EXPECT_EQ(erode(dilate(block, 2), 2).voxels, block.voxels);
  EXPECT_EQ(close(block, 2).voxels, block.voxels);
  const Mask full(grid_of({5, 5, 5}, {1, 1, 1}), 1);
  EXPECT_EQ(erode(full, 3).voxels, full.voxels);
}

TEST(Morphology, OpeningDropsThinPartsClosingFillsGaps) {
  Mask line(grid_of({15, 1, 1}, {1, 1, 1}));
  line.voxels = {0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 0};
  EXPECT_EQ(close(line, 1).voxels, (std::vector<std::uint8_t>{0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(open(line, 2).voxels, (std::vector<std::uint8_t>{0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Morphology, HolesAreWhatCannotReachTheBorder) {
  Mask shell(grid_of({7, 7, 7}, {1, 1, 1}));
  for (int k = 1; k < 6; ++k)
    for (int j = 1; j < 6; ++j)
      for (int i = 1; i < 6; ++i) shell.at(i, j, k) = i == 1 || j == 1 || k == 1 || i == 5 || j == 5 || k == 5;
  Mask filled = fill_holes(shell);
  int voxels = 0;
  for (const auto voxel : filled.voxels) voxels += voxel;
  EXPECT_EQ(voxels, 125);
  shell.at(1, 3, 3) = 0;  // a door
  EXPECT_EQ(fill_holes(shell).voxels, shell.voxels);
  shell.at(1, 3, 3) = 1;
  shell.at(1, 1, 1) = 0;  // the corner opens only for background that passes through corners
  EXPECT_EQ(fill_holes(shell, Connectivity::corners).voxels, shell.voxels);
  EXPECT_NE(fill_holes(shell, Connectivity::faces).voxels, shell.voxels);
}

}  // namespace
}  // namespace isocenter::imaging
