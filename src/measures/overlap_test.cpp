#include "measures/overlap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/error.h"
#include "measures/structure_volumes.h"

namespace isocenter::measures {
namespace {

imaging::LabelMap line(std::vector<std::uint16_t> values) {
  imaging::LabelMap map;
  map.geometry.size = {static_cast<std::int64_t>(values.size()), 1, 1};
  map.voxels = std::move(values);
  return map;
}

TEST(Overlap, CountsEachLabelOfEitherMap) {
  const auto counts = count_labels(line({0, 1, 1, 2, 5}), line({1, 1, 0, 2, 2}));
  EXPECT_THAT(counts, testing::SizeIs(3));
  EXPECT_EQ(counts.at(1).prediction, 2);
  EXPECT_EQ(counts.at(1).reference, 2);
  EXPECT_EQ(counts.at(1).both, 1);
  EXPECT_DOUBLE_EQ(*dice(counts.at(1)), 0.5);
  EXPECT_DOUBLE_EQ(*dice(counts.at(2)), 2.0 / 3);
  EXPECT_DOUBLE_EQ(*dice(counts.at(5)), 0);
  EXPECT_DOUBLE_EQ(*intersection_over_union(counts.at(2)), 0.5);
  EXPECT_DOUBLE_EQ(*volumetric_similarity(counts.at(1)), 1);
  EXPECT_DOUBLE_EQ(*relative_volume_error(counts.at(2)), -0.5);
}

TEST(Overlap, EmptyAgainstEmptyIsNothingAndAgainstFullIsZero) {
  EXPECT_FALSE(dice({0, 0, 0}));
  EXPECT_FALSE(intersection_over_union({0, 0, 0}));
  EXPECT_FALSE(sensitivity({4, 0, 0}));
  EXPECT_FALSE(precision({0, 4, 0}));
  EXPECT_EQ(*dice({0, 4, 0}), 0);
  EXPECT_EQ(*dice({4, 0, 0}), 0);
}

TEST(Overlap, DifferentGridsAreRefusedWithTheAxis) {
  auto a = line({1, 1}), b = line({1, 1, 1}), c = line({1, 1});
  EXPECT_THAT([&] { count_labels(a, b); }, testing::ThrowsMessage<core::InputError>(testing::HasSubstr("2 against 3 voxels along axis x")));
  c.geometry.spacing_mm = {1, 2.5, 1};
  EXPECT_THAT([&] { count_labels(a, c); },
              testing::ThrowsMessage<core::InputError>(testing::HasSubstr("spacing along axis y is 1 against 2.5 mm")));
  c = a;
  c.geometry.origin_lps_mm[2] = 3;
  EXPECT_THAT([&] { count_labels(a, c); }, testing::ThrowsMessage<core::InputError>(testing::HasSubstr("shifted by -3 mm along S")));
}

RC_GTEST_PROP(Overlap, IsSymmetricBoundedAndOrdered, ()) {
  const auto pairs =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<bool, bool>>>(rc::gen::arbitrary<std::pair<bool, bool>>()));
  std::vector<std::uint8_t> a, b;
  for (const auto& [first, second] : pairs) a.push_back(first), b.push_back(second);
  const auto forward = count_mask(a, b), backward = count_mask(b, a);
  RC_ASSERT(dice(forward) == dice(backward));
  if (!dice(forward)) return;
  const double d = *dice(forward), j = *intersection_over_union(forward);
  RC_ASSERT(d >= 0 && d <= 1);
  RC_ASSERT(std::abs(j - d / (2 - d)) < 1e-12);
  RC_ASSERT(*volumetric_similarity(forward) >= d - 1e-12);
}

TEST(Overlap, GeneralisedDiceWeighsLabelsByTheInverseOfTheirSize) {
  // Weights 1/16 and 1/1: (2 (4/16 + 0)) / ((4 + 4)/16 + (1 + 1)/1)
  EXPECT_DOUBLE_EQ(*generalised_dice({{1, {4, 4, 4}}, {2, {1, 1, 0}}}), 0.5 / 2.5);
  EXPECT_FALSE(generalised_dice({{1, {4, 0, 0}}}));
}

TEST(StructureVolumes, AreVoxelsTimesTheVoxelsVolume) {
  auto map = line({0, 7, 7, 9});
  map.geometry.spacing_mm = {2, 5, 10};
  const auto volumes = structure_volumes(map);
  EXPECT_THAT(volumes, testing::SizeIs(2));
  EXPECT_EQ(volumes.at(7).voxels, 2);
  EXPECT_DOUBLE_EQ(volumes.at(7).volume_ml, 0.2);
}

TEST(Asymmetry, IsTheDifferenceInPercentOfTheMean) {
  EXPECT_DOUBLE_EQ(*asymmetry_percent(3, 1), 100);
  EXPECT_DOUBLE_EQ(*asymmetry_percent(4, 4), 0);
  EXPECT_DOUBLE_EQ(*asymmetry_percent(0, 2), -200);
  EXPECT_FALSE(asymmetry_percent(0, 0));
}

}  // namespace
}  // namespace isocenter::measures
