#include "measures/relabel.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace isocenter::measures {
namespace {

imaging::LabelMap row(std::vector<std::uint16_t> voxels) {
  imaging::LabelMap labels;
  labels.geometry.size = {static_cast<std::int64_t>(voxels.size()), 1, 1};
  labels.voxels = std::move(voxels);
  return labels;
}

TEST(Relabel, ExchangesAndKeepsOrDropsTheRest) {
  auto labels = row({1, 2, 3, 0});
  relabel(labels, {{1, 2}, {2, 1}}, false);
  EXPECT_EQ(labels.voxels, (std::vector<std::uint16_t>{2, 1, 3, 0}));
  relabel(labels, {{2, 7}}, true);
  EXPECT_EQ(labels.voxels, (std::vector<std::uint16_t>{7, 0, 0, 0}));
}

TEST(Relabel, EachRegionGoesWhereMostOfItLies) {
  const auto prediction = row({5, 5, 6, 6, 0, 6}), reference = row({40, 40, 40, 41, 41, 41});
  EXPECT_EQ(assign_regions(prediction, reference), (Relabelling{{40, 5}, {41, 6}}));
  EXPECT_THROW(assign_regions(prediction, row({1})), core::InputError);
}

}  // namespace
}  // namespace isocenter::measures
