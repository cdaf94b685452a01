#include "imaging/components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "core/random.h"

namespace isocenter::imaging {
namespace {

using testing::ElementsAre;

Geometry grid_of(Index3 size) {
  Geometry grid;
  grid.size = size;
  return grid;
}

TEST(Components, CornersJoinWhatFacesDoNot) {
  Mask mask(grid_of({3, 3, 3}));
  mask.at(0, 0, 0) = mask.at(1, 1, 1) = mask.at(2, 2, 2) = mask.at(2, 2, 1) = 1;
  EXPECT_THAT(connected_components(mask, Connectivity::faces).sizes, ElementsAre(2, 1, 1));
  EXPECT_THAT(connected_components(mask, Connectivity::corners).sizes, ElementsAre(4));
}

TEST(Components, AUIsOneThoughItsArmsMeetLate) {
  Mask mask(grid_of({5, 4, 1}));
  for (int j = 0; j < 4; ++j) mask.at(0, j, 0) = mask.at(4, j, 0) = 1;
  for (int i = 0; i < 5; ++i) mask.at(i, 3, 0) = 1;
  EXPECT_THAT(connected_components(mask, Connectivity::faces).sizes, ElementsAre(11));
}

TEST(Components, LargestComesFirstAndIsKept) {
  Mask mask(grid_of({10, 1, 1}));
  mask.voxels = {1, 0, 7, 7, 7, 0, 1, 1, 0, 1};  // any value but 0 is set
  const Components found = connected_components(mask, Connectivity::faces);
  EXPECT_THAT(found.sizes, ElementsAre(3, 2, 1, 1));
  EXPECT_THAT(found.numbers.voxels, ElementsAre(3, 0, 1, 1, 1, 0, 2, 2, 0, 4));
  EXPECT_THAT(largest_component(mask).voxels, ElementsAre(0, 0, 1, 1, 1, 0, 0, 0, 0, 0));
}

TEST(Components, LabelsDoNotJoinAndKeepTheirOwnLargest) {
  LabelMap labels(grid_of({8, 1, 1}));
  labels.voxels = {5, 9, 9, 5, 5, 0, 9, 5};
  EXPECT_THAT(connected_components(labels, Connectivity::corners).sizes, ElementsAre(2, 2, 1, 1, 1));
  EXPECT_THAT(largest_components(labels).voxels, ElementsAre(0, 9, 9, 5, 5, 0, 0, 0));
}

TEST(Components, NothingSetIsNoComponent) {
  const Mask mask(grid_of({4, 4, 4}));
  EXPECT_TRUE(connected_components(mask, Connectivity::faces).sizes.empty());
  EXPECT_EQ(largest_component(mask).voxels, mask.voxels);
}

// A flood from every voxel, as plainly as can be.
std::vector<std::uint32_t> flooded(const Mask& mask, Connectivity connectivity) {
  std::vector<std::uint32_t> numbers(mask.voxels.size(), 0);
  const auto& size = mask.geometry.size;
  std::uint32_t next = 0;
  for (std::int64_t seed = 0; seed < mask.geometry.voxel_count(); ++seed) {
    if (mask.voxels[seed] == 0 || numbers[seed] != 0) continue;
    std::vector<std::int64_t> open{seed};
    numbers[seed] = ++next;
    while (!open.empty()) {
      const auto at = open.back();
      open.pop_back();
      for (int dz = -1; dz <= 1; ++dz)
        for (int dy = -1; dy <= 1; ++dy)
          for (int dx = -1; dx <= 1; ++dx) {
            if (connectivity == Connectivity::faces && dx * dx + dy * dy + dz * dz != 1) continue;
            const Index3 there{at % size[0] + dx, at / size[0] % size[1] + dy, at / size[0] / size[1] + dz};
            if (!mask.geometry.contains(there)) continue;
            const auto to = mask.geometry.offset(there[0], there[1], there[2]);
            if (mask.voxels[to] != 0 && numbers[to] == 0) numbers[to] = next, open.push_back(to);
          }
    }
  }
  return numbers;
}

RC_GTEST_PROP(ComponentsProperty, AgreeWithAPlainFlood, (std::uint64_t seed)) {
  core::Random random(seed, 0, "mask");
  Mask mask(grid_of({random.integer(1, 9), random.integer(1, 9), random.integer(1, 9)}));
  const double density = random.uniform(0.1, 0.7);
  for (auto& voxel : mask.voxels) voxel = random.chance(density);
  for (const auto connectivity : {Connectivity::faces, Connectivity::corners}) {
    const auto expected = flooded(mask, connectivity);
    const Components found = connected_components(mask, connectivity);
    std::vector<std::uint32_t> flood_of(found.sizes.size() + 1, 0);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto number = found.numbers.voxels[i];
      RC_ASSERT((number == 0) == (expected[i] == 0));
      if (number == 0) continue;
      if (flood_of[number] == 0) flood_of[number] = expected[i];
      RC_ASSERT(flood_of[number] == expected[i]);
    }
    RC_ASSERT(found.sizes.size() == (expected.empty() ? 0 : *std::max_element(expected.begin(), expected.end())));
    RC_ASSERT(std::is_sorted(found.sizes.rbegin(), found.sizes.rend()));
    RC_ASSERT(std::accumulate(found.sizes.begin(), found.sizes.end(), std::int64_t{0}) ==
              std::accumulate(mask.voxels.begin(), mask.voxels.end(), std::int64_t{0}));
  }
}

}  // namespace
}  // namespace isocenter::imaging
