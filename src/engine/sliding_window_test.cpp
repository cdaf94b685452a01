#include "engine/sliding_window.h"

#include <gtest/gtest.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/npz.h"
#include "core/shared_data.h"
#include "engine/testing.h"
#include "graph/builder.h"
#include "networks/unet.h"

namespace isocenter::engine {
namespace {

using imaging::Index3;

TEST(SlidingWindow, StartsAreThoseOfTheRule) {
  EXPECT_EQ(window_starts(110, 64), (std::vector<std::int64_t>{0, 23, 46}));
  EXPECT_EQ(window_starts(101, 64), (std::vector<std::int64_t>{0, 18, 37}));  // 18.5 goes to the even 18
  EXPECT_EQ(window_starts(65, 64), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(window_starts(64, 64), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(window_starts(20, 64), (std::vector<std::int64_t>{0}));
  EXPECT_THROW(window_starts(20, 0), core::InputError);
  EXPECT_THROW(window_starts(20, 10, 0), core::InputError);
}

// 1x1 convolution: any averaging of windows must give exactly what the whole volume gives, so place and weight errors show.
graph::Graph pointwise_network(int rank) {
  graph::Builder builder("pointwise");
  graph::Shape shape{1, 2};
  for (int a = 0; a < rank; ++a) shape.push_back(-1);
  auto x = builder.input("image", shape);
  x = builder.convolution(x, "conv", {.outputs = 3, .kernel = graph::Shape(static_cast<std::size_t>(rank), 1)});
  auto net = builder.finish({x});
  networks::initialize(net, 4);
  return net;
}

TEST(SlidingWindow, AveragingChangesNothingForAPointwiseNetwork) {
  const auto net = pointwise_network(3);
  for (const Index3& size : {Index3{9, 7, 5}, Index3{4, 4, 4}, Index3{3, 11, 2}}) {
    const std::int64_t voxels = size[0] * size[1] * size[2];
    const auto input = testing::random_values(2 * voxels, 11);
    const Scores scores = run_windows(net, input, 2, size, {.window = {4, 4, 4}});
    const auto whole =
        testing::run_plan(net, {{"image", {1, 2, size[2], size[1], size[0]}}}, {{"image", input}}, {.output_layout = Layout::channels_last})
            .begin()
            ->second;
    EXPECT_EQ(scores.size, size);
    EXPECT_EQ(scores.classes, 3);
    EXPECT_LT(testing::largest_relative_difference(scores.values, whole), 1e-6);
  }
}

TEST(SlidingWindow, RunsNetworksOfTwoDimensionsSliceBySlice) {
  const auto net = pointwise_network(2);
  const Index3 size{9, 7, 3};
  const auto input = testing::random_values(2 * 9 * 7 * 3, 12);
  const Scores scores = run_windows(net, input, 2, size, {.window = {4, 6, 1}});
  const auto three = pointwise_network(3);
  EXPECT_EQ(scores.values.size(), 9u * 7 * 3 * 3);
  for (std::int64_t z = 0; z < 3; ++z) {
    std::vector<float> slice;
    for (std::int64_t c = 0; c < 2; ++c) {
      const auto first = input.begin() + (c * 3 + z) * 63;
      slice.insert(slice.end(), first, first + 63);
    }
    const auto expected =
        testing::run_plan(net, {{"image", {1, 2, 7, 9}}}, {{"image", slice}}, {.output_layout = Layout::channels_last}).begin()->second;
    const std::vector<float> part(scores.values.begin() + z * 63 * 3, scores.values.begin() + (z + 1) * 63 * 3);
    EXPECT_LT(testing::largest_relative_difference(part, expected), 1e-6);
  }
  EXPECT_THROW(run_windows(net, input, 2, size, {.window = {4, 6, 2}}), core::InputError);
  EXPECT_THROW(run_windows(net, std::span(input).first(5), 2, size, {.window = {4, 6, 1}}), core::InputError);
}

TEST(SlidingWindow, GaussianPeaksAtOneInTheMiddleAndIsNowhereZero) {
  const Index3 window{16, 8, 6};
  const auto map = gaussian_importance(window);
  ASSERT_EQ(map.size(), 16u * 8 * 6);
  EXPECT_FLOAT_EQ(map[8 + 16 * (4 + 8 * 3)], 1.0f);
  // One sigma (two voxels of sixteen) off the middle along x.
  EXPECT_NEAR(map[10 + 16 * (4 + 8 * 3)], std::exp(-0.5), 1e-6);
  for (float value : map) EXPECT_GT(value, 0.0f);
}

TEST(SlidingWindowReference, StartsAreExactlyTheStoredOnes) {
  const auto file = core::shared_path("reference/nnunet-sliding-window/steps.json");
  if (!file) GTEST_SKIP() << "shared/reference/nnunet-sliding-window is absent: 0 cases";
  const auto cases = nlohmann::json::parse(core::read_text(*file));
  for (const auto& entry : cases)
    for (std::size_t axis = 0; axis < entry["tile"].size(); ++axis) {
      const std::size_t from_end = entry["tile"].size() - axis;  // an image may have leading axes that a 2D tile has not
      const std::int64_t size = entry["image"][entry["image"].size() - from_end];
      EXPECT_EQ(window_starts(size, entry["tile"][axis], entry["step"]),
                entry["starts"][entry["starts"].size() - from_end].get<std::vector<std::int64_t>>())
          << entry.dump();
    }
  EXPECT_FALSE(cases.empty());
}

TEST(SlidingWindowReference, GaussianIsTheStoredOneUpToItsPeak) {
  const auto file = core::shared_path("reference/nnunet-sliding-window/gaussians.npz");
  if (!file) GTEST_SKIP() << "shared/reference/nnunet-sliding-window is absent: 0 cases";
  int cases = 0;
  for (const auto& [name, array] : core::read_npz(*file)) {
    if (array.kind != 'f' || array.size != 4) continue;  // the half-precision maps are the same ones rounded
    Index3 window{1, 1, 1};                              // stored slowest first
    for (std::size_t a = 0; a < array.shape.size(); ++a) window[array.shape.size() - 1 - a] = array.shape[a];
    const auto map = gaussian_importance(window);
    const auto expected = array.as_float();
    ASSERT_EQ(map.size(), expected.size()) << name;
    const float peak = *std::max_element(expected.begin(), expected.end());
    for (std::size_t i = 0; i < map.size(); ++i) {
      if (expected[i] > 1e-6f) {
        ASSERT_NEAR(map[i] * peak / expected[i], 1.0, 1e-5) << name << ' ' << i;
      }
    }
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace isocenter::engine
