#include "measures/staple.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "measures/reference_cases.h"

namespace isocenter::measures {
namespace {

TEST(StapleReference, ReachesThePublishedFixedPoint) {
  const auto folder = core::shared_path("reference/metrics-staple");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-staple is absent";
  const auto arrays = core::read_npz(*folder / "raters.npz");
  int cases = 0;
  const auto all_expected = testing_support::read_json(*folder / "expected.json");
  for (const auto& [name, expected] : all_expected.items()) {
    SCOPED_TRACE(name);
    core::NumpyArray raters = arrays.at(name + "_raters");
    const auto decisions = raters.as_integer();
    const std::int64_t count = raters.shape[0], voxels = raters.count() / count;
    std::vector<imaging::Mask> observers;
    for (std::int64_t r = 0; r < count; ++r) {
      imaging::Geometry grid;
      grid.size = {voxels, 1, 1};  // where a voxel lies makes no difference
      imaging::Mask mask(grid);
      for (std::int64_t i = 0; i < voxels; ++i) mask.voxels[i] = decisions[r * voxels + i] != 0;
      observers.push_back(std::move(mask));
    }
    const Staple ours = staple(observers, 1e-10, 10000);
    testing_support::expect_value(ours.prior, expected.at("prior"), 1e-12, 0, "prior");
    for (std::int64_t r = 0; r < count; ++r) {
      testing_support::expect_value(ours.sensitivity[r], expected.at("sensitivity")[r], 1e-6, 0, "sensitivity");
      testing_support::expect_value(ours.specificity[r], expected.at("specificity")[r], 1e-6, 0, "specificity");
    }
    const auto probability = arrays.at(name + "_probability").as_double();
    for (std::size_t i = 0; i < probability.size(); ++i) ASSERT_NEAR(ours.probability.voxels[i], probability[i], 1e-6) << i;
    const auto inside = [](const imaging::Mask& mask) { return std::count(mask.voxels.begin(), mask.voxels.end(), 1); };
    EXPECT_EQ(inside(ours.consensus()), expected.at("voxels_at_half"));
    EXPECT_EQ(inside(majority_vote(observers)), expected.at("majority_vote_voxels"));
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

TEST(Staple, FindsTheTruthAndTheObserversThatMadeTheMasks) {
  imaging::Geometry grid;
  grid.size = {60, 60, 1};
  imaging::Mask truth(grid);
  core::Random random(2, 0, "staple");
  for (int j = 0; j < 60; ++j)
    for (int i = 0; i < 60; ++i) truth.at(i, j, 0) = std::hypot(i - 30, j - 30) < 18;
  const double sensitivity[] = {0.95, 0.8, 0.9, 0.6, 0.85}, specificity[] = {0.9, 0.97, 0.85, 0.95, 0.9};
  std::vector<imaging::Mask> observers(5, imaging::Mask(grid));
  for (int o = 0; o < 5; ++o)
    for (std::size_t v = 0; v < truth.voxels.size(); ++v)
      observers[o].voxels[v] = random.chance(truth.voxels[v] ? sensitivity[o] : 1 - specificity[o]);
  const Staple found = staple(observers);
  for (int o = 0; o < 5; ++o) {
    EXPECT_NEAR(found.sensitivity[o], sensitivity[o], 0.04) << o;
    EXPECT_NEAR(found.specificity[o], specificity[o], 0.04) << o;
  }
}

TEST(Staple, RefusesWhatItCannotUse) {
  imaging::Geometry grid;
  grid.size = {4, 4, 1};
  const imaging::Mask empty(grid);
  EXPECT_THROW(staple({empty}), core::InputError);
  EXPECT_THROW(staple({empty, empty}), core::InputError);
}

}  // namespace
}  // namespace isocenter::measures
