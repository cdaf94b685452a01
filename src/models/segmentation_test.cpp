#include "models/segmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.h"
#include "core/random.h"
#include "imaging/resample.h"
#include "models/probability_map.h"
#include "models/testing.h"

namespace isocenter::models {
namespace {

using imaging::Geometry;
using imaging::Vector3;
using ::testing::HasSubstr;

// A bright ball in a dark field, its edge softened over the voxel.
imaging::Volume ball(const Geometry& grid, const Vector3& centre_mm, double radius_mm) {
  imaging::Volume volume(grid);
  for (std::int64_t k = 0; k < grid.size[2]; ++k)
    for (std::int64_t j = 0; j < grid.size[1]; ++j)
      for (std::int64_t i = 0; i < grid.size[0]; ++i) {
        const Vector3 p = grid.point_mm({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
        const double distance = std::hypot(p[0] - centre_mm[0], p[1] - centre_mm[1], p[2] - centre_mm[2]);
        volume.at(i, j, k) = static_cast<float>(100 + 900 * std::clamp(0.5 + (radius_mm - distance) / 2, 0.0, 1.0));
      }
  return volume;
}

double ball_ml(double radius_mm) { return 4.0 / 3.0 * std::numbers::pi * std::pow(radius_mm, 3) * 1e-3; }

double dice_with_ball(const imaging::LabelMap& labels, std::uint16_t value, const Vector3& centre_mm, double radius_mm) {
  double both = 0, either = 0;
  const Geometry& grid = labels.geometry;
  for (std::int64_t k = 0; k < grid.size[2]; ++k)
    for (std::int64_t j = 0; j < grid.size[1]; ++j)
      for (std::int64_t i = 0; i < grid.size[0]; ++i) {
        const Vector3 p = grid.point_mm({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
        const bool inside = std::hypot(p[0] - centre_mm[0], p[1] - centre_mm[1], p[2] - centre_mm[2]) < radius_mm;
        const bool said = labels.at(i, j, k) == value;
        both += inside && said;
        either += inside + said;
      }
  return 2 * both / either;
}

// Scores for the class "left ball" where a value is above the middle; the other side never.
Package ball_package(const core::TemporaryFolder& folder, const std::string& labels = testing::kLabels) {
  testing::write_pointwise_package(folder.path(), {0, 40, 0}, {0, -20, -60}, labels);
  return read_package(folder.path());
}

Geometry grid(const imaging::Index3& size, const Vector3& spacing_mm) {
  Geometry geometry;
  geometry.size = size;
  geometry.spacing_mm = spacing_mm;
  geometry.origin_lps_mm = {-31, 12, 7};
  return geometry;
}

Vector3 middle(const Geometry& geometry) {
  return geometry.point_mm({0.5 * static_cast<double>(geometry.size[0] - 1), 0.5 * static_cast<double>(geometry.size[1] - 1),
                            0.5 * static_cast<double>(geometry.size[2] - 1)});
}

TEST(Segmentation, FindsABallInEveryOrientationAndSpacing) {
  core::TemporaryFolder folder;
  const Package package = ball_package(folder);
  std::vector<Geometry> grids = {grid({64, 60, 50}, {1, 1.1, 1.2}), grid({50, 48, 20}, {1.4, 1.4, 4}), grid({30, 30, 30}, {2.3, 2.3, 2.3})};
  grids.push_back(imaging::reorient(grids[0], "RAS"));
  grids.push_back(imaging::reorient(grids[1], "PIL"));
  Geometry oblique = grids[0];
  const double turn = 0.3;
  oblique.direction = {{{std::cos(turn), -std::sin(turn), 0}, {std::sin(turn), std::cos(turn), 0}, {0, 0, 1}}};
  grids.push_back(oblique);
  for (const Geometry& geometry : grids) {
    const imaging::Volume volume = ball(geometry, middle(geometry), 20);
    const Segmentation result = segment(package, volume);
    EXPECT_TRUE(imaging::same_grid(result.labels.geometry, geometry));
    EXPECT_GT(dice_with_ball(result.labels, 17, middle(geometry), 20), 0.95);
    EXPECT_NEAR(result.volume_ml.at(1), ball_ml(20), 0.06 * ball_ml(20));
    EXPECT_FALSE(result.cut.at(1));
    ASSERT_EQ(result.confidence.size(), 1u);
    EXPECT_EQ(result.confidence[0].label, 17);
    EXPECT_GT(result.confidence[0].mean_probability, 0.9);
    EXPECT_EQ(absence(package, result), std::nullopt);
    EXPECT_NEAR(sum_ml(package, result, "balls"), ball_ml(20), 0.06 * ball_ml(20));
  }
}

TEST(Segmentation, SaysWhatTheEdgeCutsAndWhatIsAbsent) {
  core::TemporaryFolder folder;
  const Package package = ball_package(folder);
  const Geometry geometry = grid({60, 60, 60}, {1, 1, 1});
  const Segmentation cut = segment(package, ball(geometry, geometry.point_mm({30, 30, 4}), 20));
  EXPECT_TRUE(cut.cut.at(1));
  EXPECT_FALSE(cut.cut.at(0));
  const Segmentation small = segment(package, ball(geometry, middle(geometry), 6));
  const auto why = absence(package, small);
  ASSERT_TRUE(why.has_value());
  EXPECT_THAT(*why, HasSubstr("no ball"));
  EXPECT_THAT(*why, HasSubstr("30 ml"));
}

TEST(Segmentation, OneWindowAboutTheStructuresSaysWhatManyDo) {
  core::TemporaryFolder folder;
  Package package = ball_package(folder);
  const Geometry geometry = grid({70, 70, 70}, {2, 2, 2});
  imaging::Volume volume = ball(geometry, geometry.point_mm({24, 40, 36}), 24);
  // A second, dimmer object makes the content larger than one window.
  const imaging::Volume dim = ball(geometry, geometry.point_mm({60, 12, 10}), 8);
  for (std::size_t i = 0; i < volume.voxels.size(); ++i) volume.voxels[i] = std::max(volume.voxels[i], 100 + 0.3f * (dim.voxels[i] - 100));
  package.recentre = false;
  const Segmentation windows = segment(package, volume);
  EXPECT_GT(windows.windows, 1);
  package.recentre = true;
  const Segmentation centred = segment(package, volume);
  EXPECT_LT(centred.windows, windows.windows);
  EXPECT_EQ(centred.labels.voxels, windows.labels.voxels);  // a pointwise network sees the same everywhere
  EXPECT_GT(dice_with_ball(centred.labels, 17, geometry.point_mm({24, 40, 36}), 24), 0.95);
}

TEST(Segmentation, FlippingExchangesTheSides) {
  core::TemporaryFolder folder;
  const Package package = ball_package(folder);
  const Geometry geometry = grid({40, 44, 48}, {1.5, 1.5, 1.5});
  const imaging::Volume volume = ball(geometry, middle(geometry), 18);
  SegmentationOptions options;
  options.flip = true;
  // "right ball" is never said, so the mirror image votes against "left ball" everywhere.
  EXPECT_TRUE(segment(package, volume, options).confidence.empty());
  // Without sides the mirror image agrees.
  core::TemporaryFolder sideless_folder;
  std::string labels = testing::kLabels;
  for (const std::string side : {"side = \"left\"\n", "side = \"right\"\n"}) labels.erase(labels.find(side), side.size());
  const Package sideless = ball_package(sideless_folder, labels);
  EXPECT_EQ(segment(sideless, volume, options).labels.voxels, segment(sideless, volume).labels.voxels);
}

TEST(Segmentation, RefusesWhatThePackageDoesNotTake) {
  core::TemporaryFolder folder;
  const Package package = ball_package(folder);
  const Geometry thin = grid({60, 60, 5}, {1, 1, 1});
  EXPECT_THROW(segment(package, ball(thin, middle(thin), 5)), core::InputError);
  EXPECT_THROW(segment(package, imaging::Volume(grid({60, 60, 60}, {1, 1, 1}), 7.0f)), core::InputError);
}

TEST(ProbabilityMap, InterpolatedWinnersAreThoseOfEveryClassInterpolated) {
  Geometry coarse = grid({7, 6, 5}, {3, 3, 3});
  ProbabilityMap map{coarse, 4, std::vector<float>(static_cast<std::size_t>(7 * 6 * 5 * 4))};
  core::Random random(3);
  for (std::int64_t v = 0; v < coarse.voxel_count(); ++v) {
    float sum = 0;
    for (int c = 0; c < 4; ++c)
      sum += map.values[static_cast<std::size_t>(4 * v + c)] = static_cast<float>(random.uniform() + (c == v / 60));
    for (int c = 0; c < 4; ++c) map.values[static_cast<std::size_t>(4 * v + c)] /= sum;
  }
  Geometry fine = grid({19, 17, 14}, {1.1, 1.05, 1.1});
  fine.origin_lps_mm = {-30, 12.5, 6.5};
  const auto result = resampled_winners(map, winners(map), fine);
  std::vector<imaging::Volume> resampled;
  for (int c = 0; c < 4; ++c) {
    imaging::Volume one(coarse);
    for (std::int64_t v = 0; v < coarse.voxel_count(); ++v)
      one.voxels[static_cast<std::size_t>(v)] = map.values[static_cast<std::size_t>(4 * v + c)];
    resampled.push_back(imaging::resample(one, fine));
  }
  for (std::size_t v = 0; v < result.size(); ++v) {
    float best = 0;
    for (const auto& one : resampled) best = std::max(best, one.voxels[v]);
    EXPECT_NEAR(resampled[result[v]].voxels[v], best, 1e-5) << v;
  }
}

TEST(ProbabilityMap, OnlyTheLargestPieceKeepsItsClass) {
  const Geometry line = grid({8, 1, 1}, {1, 1, 1});
  // classes along the line: 1 1 0 1 0 2 2 0, the lonely 1 with class 2 as its second choice
  ProbabilityMap map{line, 3, {}};
  for (int c : {1, 1, 0, 1, 0, 2, 2, 0}) {
    std::vector<float> p{0.1f, 0.1f, 0.1f};
    p[static_cast<std::size_t>(c)] = 0.8f;
    map.values.insert(map.values.end(), p.begin(), p.end());
  }
  map.values[3 * 3] = 0.05f;
  map.values[3 * 3 + 2] = 0.15f;
  auto classes = winners(map);
  keep_largest_components(map, {false, true, true}, classes);
  EXPECT_EQ(classes, (std::vector<std::uint16_t>{1, 1, 0, 2, 0, 2, 2, 0}));
  EXPECT_FLOAT_EQ(map.at(3)[0] + map.at(3)[1] + map.at(3)[2], 1.0f);
  EXPECT_EQ(expected_volumes_ml(map).size(), 3u);
}

}  // namespace
}  // namespace isocenter::models
