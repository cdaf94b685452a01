#include "imaging/resample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.h"
#include "imaging/affine.h"
#include "imaging/bspline.h"
#include "imaging/testing.h"

namespace isocenter::imaging {
namespace {

double ramp(const Vector3& p) { return 3 + 0.5 * p[0] - 0.25 * p[1] + 2 * p[2]; }

Geometry grid_of(Index3 size, Vector3 spacing, Vector3 origin = {0, 0, 0}) {
  Geometry grid;
  grid.size = size;
  grid.spacing_mm = spacing;
  grid.origin_lps_mm = origin;
  return grid;
}

// A turned grid of about `spacing_mm` that lies within the central part of the box [0, 40] mm.
Geometry turned_inside(std::uint64_t seed) {
  Geometry grid = random_geometry(seed);
  for (auto& spacing : grid.spacing_mm) spacing = std::min(spacing, 1.2);
  const Vector3 centre = index_to_point(grid)({(grid.size[0] - 1) / 2.0, (grid.size[1] - 1) / 2.0, (grid.size[2] - 1) / 2.0});
  for (int a = 0; a < 3; ++a) grid.origin_lps_mm[a] += 20 - centre[a];
  return grid;
}

RC_GTEST_PROP(ResampleProperty, ARampIsExactOnTurnedGrids, (std::uint64_t seed)) {
  const Volume source = volume_of(grid_of({41, 21, 14}, {1, 2, 3}), ramp);
  const Geometry target = turned_inside(seed);
  const Volume expected = volume_of(target, ramp);
  const Volume got = resample(source, target, Interpolation::linear, -1000);
  for (std::size_t i = 0; i < got.voxels.size(); ++i) RC_ASSERT(std::abs(got.voxels[i] - expected.voxels[i]) < 2e-3f);
}

TEST(Resample, ARampIsExactAlongTheAxes) {
  const Volume source = volume_of(grid_of({20, 20, 20}, {1, 1, 1}), ramp);
  const Geometry target = grid_of({7, 9, 11}, {2.3, 1.7, 0.9}, {1.5, 2.2, 3.3});
  const Volume expected = volume_of(target, ramp);
  for (const auto& got : {resample(source, target, Interpolation::linear), resample_smoothed(source, target)})
    for (std::size_t i = 0; i < got.voxels.size(); ++i) EXPECT_NEAR(got.voxels[i], expected.voxels[i], 1e-4);
}

TEST(Resample, CubicFollowsACubicPolynomialWithinTheImage) {
  // Cubic splines reproduce cubics; the mirror at the ends is felt only near them (0.27 a voxel).
  const auto cubic = [](const Vector3& p) { return 0.01 * p[0] * p[0] * p[0] - 0.2 * p[0] * p[0] + p[1]; };
  const Volume source = volume_of(grid_of({48, 16, 16}, {1, 1, 1}), cubic);
  const Geometry target = grid_of({9, 3, 3}, {0.7, 0.7, 0.7}, {20.3, 7.1, 7.6});
  const Volume expected = volume_of(target, cubic), got = resample(source, target, Interpolation::cubic);
  for (std::size_t i = 0; i < got.voxels.size(); ++i) EXPECT_NEAR(got.voxels[i], expected.voxels[i], 2e-3);
}

TEST(Resample, CubicPassesThroughTheSamples) {
  Volume source(grid_of({9, 2, 5}, {1, 1, 1}));
  core::Random(4).fill_normal(source.voxels.data(), source.voxels.size());
  Geometry shifted = source.geometry;
  shifted.size = {7, 2, 5};
  shifted.origin_lps_mm[0] = 2;
  const Volume got = resample(source, shifted, Interpolation::cubic);
  for (std::int64_t k = 0; k < 5; ++k)
    for (std::int64_t j = 0; j < 2; ++j)
      for (std::int64_t i = 0; i < 7; ++i) EXPECT_NEAR(got.at(i, j, k), source.at(i + 2, j, k), 2e-5);
}

TEST(Resample, BSplineCoefficientsOfAPulseAreTheKnownOnes) {
  // The coefficients of a unit pulse far from the ends are sqrt(3) z^|n| (Unser 1999), z = sqrt(3) - 2.
  Volume pulse(grid_of({41, 1, 1}, {1, 1, 1}));
  pulse.voxels[20] = 1;
  to_bspline_coefficients(pulse);
  for (int n = -4; n <= 4; ++n) EXPECT_NEAR(pulse.voxels[20 + n], std::sqrt(3.0) * std::pow(std::sqrt(3.0) - 2, std::abs(n)), 1e-5);
}

TEST(Resample, NearestTakesTheVoxelThePointLiesIn) {
  LabelMap source(grid_of({4, 1, 1}, {1, 1, 1}));
  std::iota(source.voxels.begin(), source.voxels.end(), 1);
  const auto at = [&](double x) { return resample_labels(source, grid_of({1, 1, 1}, {1, 1, 1}, {x, 0, 0}), 99).voxels[0]; };
  EXPECT_EQ(at(-0.6), 99);
  EXPECT_EQ(at(-0.5), 1);
  EXPECT_EQ(at(0.49), 1);
  EXPECT_EQ(at(0.5), 2);
  EXPECT_EQ(at(2.6), 4);
  EXPECT_EQ(at(3.5), 4);
  EXPECT_EQ(at(3.6), 99);
}

TEST(Resample, OutsideBeginsAtTheBorderVoxelsFace) {
  const Volume source(grid_of({3, 3, 3}, {2, 2, 2}), 7.0f);
  const Geometry target = grid_of({11, 1, 1}, {1, 1, 1}, {-3, 0, 0});  // -3 ... 7 mm; the faces are at -1 and 5
  for (const auto interpolation : {Interpolation::nearest, Interpolation::linear, Interpolation::cubic}) {
    const Volume got = resample(source, target, interpolation, -1);
    for (int i = 0; i < 11; ++i) EXPECT_NEAR(got.voxels[i], i - 3 >= -1 && i - 3 <= 5 ? 7 : -1, 1e-5) << i;
  }
}

TEST(Resample, FineAndBackGivesTheSamplesAgain) {
  Volume source(grid_of({6, 5, 4}, {2, 3, 4}, {5, 6, 7}));
  core::Random(9).fill_normal(source.voxels.data(), source.voxels.size());
  Geometry fine = source.geometry;
  for (int a = 0; a < 3; ++a) fine.spacing_mm[a] /= 2, fine.size[a] = 2 * fine.size[a] - 1;
  const Volume back = resample(resample(source, fine), source.geometry);
  for (std::size_t i = 0; i < source.voxels.size(); ++i) EXPECT_NEAR(back.voxels[i], source.voxels[i], 1e-5);
}

TEST(Resample, TheSameGridIsACopyEvenWhereValuesAreMissing) {
  Volume source(grid_of({3, 3, 3}, {1, 1, 1}), 1.0f);
  source.at(1, 1, 1) = NAN;
  const Volume got = resample(source, source.geometry);
  EXPECT_TRUE(std::isnan(got.at(1, 1, 1)));
  EXPECT_EQ(got.at(0, 1, 1), 1);
}

TEST(Resample, RefusesBrokenGrids) {
  const Volume source(grid_of({3, 3, 3}, {1, 1, 1}));
  EXPECT_THROW(resample(source, grid_of({0, 1, 1}, {1, 1, 1})), core::InputError);
  EXPECT_THROW(resample(source, grid_of({1, 1, 1}, {0, 1, 1})), core::InputError);
  EXPECT_THROW(resample_smoothed(source, grid_of({1, 1, 1}, {1, NAN, 1})), core::InputError);
}

TEST(ResampleSmoothed, HalvingIsTheMeanOfTheTwoVoxelsWithTheirNeighbours) {
  // The mean of the linear interpolant over two samples: (1, 6, 6, 1) / 8 / ... by integration: 1/16, 7/16, 7/16, 1/16.
  Volume source(grid_of({8, 1, 1}, {1, 1, 1}));
  source.voxels = {0, 0, 0, 16, 0, 0, 0, 0};
  const Volume got = resample_smoothed(source, grid_of({4, 1, 1}, {2, 1, 1}, {0.5, 0, 0}));
  EXPECT_THAT(got.voxels, testing::Pointwise(testing::FloatNear(1e-5f), {0.0f, 7.0f, 1.0f, 0.0f}));
}

TEST(ResampleSmoothed, KeepsTheMeanWhereEveryVoxelCounts) {
  Volume source(grid_of({32, 32, 32}, {1, 1, 1}));
  core::Random(2).fill_uniform(source.voxels.data(), source.voxels.size());
  const auto mean = [](const Volume& v) { return std::accumulate(v.voxels.begin(), v.voxels.end(), 0.0) / v.voxels.size(); };
  const Volume got = resample_smoothed(source, grid_of({8, 8, 8}, {4, 4, 4}, {1.5, 1.5, 1.5}));
  EXPECT_NEAR(mean(got), mean(source), 2e-3);
  double variance = 0;
  for (float v : got.voxels) variance += (v - mean(got)) * (v - mean(got)) / got.voxels.size();
  EXPECT_NEAR(variance, 1.0 / 12 / 64, 6e-4);  // averaging about 64 voxels
}

TEST(ResampleSmoothed, PermutedAndFlippedAxesGiveTheSameValues) {
  Volume source(grid_of({12, 10, 8}, {1, 1.5, 2}));
  core::Random(3).fill_uniform(source.voxels.data(), source.voxels.size());
  const Geometry target = grid_of({5, 4, 6}, {2.2, 3.1, 2.5}, {0.3, 0.4, 0.5});
  const Volume expected = resample_smoothed(source, target);
  for (const auto& code : orientation_codes()) {
    const Volume got = reorient(resample_smoothed(reorient(source, code), reorient(target, "ASR")), "LPS");
    ASSERT_TRUE(same_grid(got.geometry, target));
    for (std::size_t i = 0; i < got.voxels.size(); ++i) ASSERT_NEAR(got.voxels[i], expected.voxels[i], 1e-5) << code;
  }
}

RC_GTEST_PROP(ResampleProperty, SmoothedIsExactOnRampsOfTurnedGrids, (std::uint64_t seed)) {
  const Volume source = volume_of(grid_of({41, 41, 41}, {1, 1, 1}), ramp);
  const Geometry target = turned_inside(seed);
  const Volume expected = volume_of(target, ramp), got = resample_smoothed(source, target, -1000);
  for (std::size_t i = 0; i < got.voxels.size(); ++i) RC_ASSERT(std::abs(got.voxels[i] - expected.voxels[i]) < 2e-3f);
}

TEST(Reorient, AllFortyEightAxisOrdersKeepEveryVoxelInItsPlace) {
  Geometry grid = grid_of({5, 18, 21}, {1, 2, 3}, {7, 8, 9});
  LabelMap source(grid);
  std::iota(source.voxels.begin(), source.voxels.end(), 0);
  for (const auto& code : orientation_codes()) {
    const LabelMap turned = reorient(source, code);
    ASSERT_EQ(orientation_code(turned.geometry), code);
    for (std::int64_t k = 0; k < turned.geometry.size[2]; ++k)
      for (std::int64_t j = 0; j < turned.geometry.size[1]; ++j)
        for (std::int64_t i = 0; i < turned.geometry.size[0]; ++i) {
          const Vector3 index =
              grid.index_of(turned.geometry.point_mm({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)}));
          ASSERT_EQ(turned.at(i, j, k), source.at(std::lround(index[0]), std::lround(index[1]), std::lround(index[2]))) << code;
        }
    const LabelMap back = reorient(turned, "LPS");
    ASSERT_TRUE(same_grid(back.geometry, grid, 1e-9));
    ASSERT_EQ(back.voxels, source.voxels);
  }
}

RC_GTEST_PROP(ReorientProperty, AgreesWithNearestResamplingOnTurnedGrids, (std::uint64_t seed)) {
  LabelMap source(random_geometry(seed));
  std::iota(source.voxels.begin(), source.voxels.end(), 1);
  const auto codes = orientation_codes();
  const LabelMap turned = reorient(source, codes[seed % 48]);
  RC_ASSERT(resample_labels(source, turned.geometry).voxels == turned.voxels);
}

RC_GTEST_PROP(GridCoveringProperty, CoversEveryCornerAndIsCentred, (std::uint64_t seed)) {
  const Geometry source = random_geometry(seed);
  const Geometry grid = grid_covering(source, {1, 1.5, 2});
  RC_ASSERT(problem(grid).empty());
  RC_ASSERT(orientation_code(grid) == "LPS");
  for (int corner = 0; corner < 8; ++corner) {
    Vector3 index;
    for (int a = 0; a < 3; ++a) index[a] = (corner >> a & 1) ? source.size[a] - 0.5 : -0.5;
    const Vector3 in_grid = grid.index_of(source.point_mm(index));
    for (int a = 0; a < 3; ++a) RC_ASSERT(in_grid[a] > -0.5 - 1e-3 && in_grid[a] < grid.size[a] - 0.5 + 1e-3);
  }
  const Vector3 a = source.point_mm({(source.size[0] - 1) / 2.0, (source.size[1] - 1) / 2.0, (source.size[2] - 1) / 2.0});
  const Vector3 b = grid.point_mm({(grid.size[0] - 1) / 2.0, (grid.size[1] - 1) / 2.0, (grid.size[2] - 1) / 2.0});
  for (int r = 0; r < 3; ++r) RC_ASSERT(std::abs(a[r] - b[r]) < 1e-6);
}

TEST(GridCovering, AnAxisAlignedGridOfItsOwnSpacingIsItself) {
  const Geometry source = grid_of({5, 6, 7}, {1, 2, 3}, {4, 5, 6});
  EXPECT_TRUE(same_grid(grid_covering(source, {1, 2, 3}), source, 1e-9));
}

}  // namespace
}  // namespace isocenter::imaging
