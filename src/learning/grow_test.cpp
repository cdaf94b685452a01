#include "learning/grow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"
#include "networks/unet.h"
#include "tensor/checkpoint.h"

namespace isocenter::learning {
namespace {

graph::Graph unet(std::vector<std::int64_t> features, std::uint64_t seed) {
  networks::UNetOptions options;
  options.output_channels = 3;
  options.features = features;
  options.kernels.assign(features.size(), {3, 3, 3});
  options.strides.assign(features.size(), {2, 2, 2});
  options.strides[0] = {1, 1, 1};
  options.encoder_blocks.assign(features.size(), 2);
  options.encoder_blocks[0] = 1;
  options.decoder_convolutions.assign(features.size() - 1, 1);
  auto graph = networks::plain_conv_unet(options);
  networks::initialize(graph, seed);
  return graph;
}

TEST(Grow, TakesEveryCoarseLevelOneLevelDown) {
  const core::TemporaryFolder folder;
  tensor::GraphModule coarse(unet({4, 6, 8}, 1)), fine(unet({4, 4, 6, 8}, 2));
  tensor::save_weights(folder.path() / "coarse.safetensors", coarse, coarse.values(), {});
  const auto fresh = grow_from_coarser(folder.path() / "coarse.safetensors", fine);
  EXPECT_TRUE(fine.parameter("encoder.stages.2.0.convs.0.conv.weight").equal(coarse.parameter("encoder.stages.1.0.convs.0.conv.weight")));
  EXPECT_TRUE(fine.parameter("encoder.stages.3.0.convs.1.norm.bias").equal(coarse.parameter("encoder.stages.2.0.convs.1.norm.bias")));
  EXPECT_TRUE(fine.parameter("decoder.stages.0.convs.0.conv.weight").equal(coarse.parameter("decoder.stages.0.convs.0.conv.weight")));
  EXPECT_THAT(fresh, testing::Contains("encoder.stages.0.0.convs.0.conv.weight"));
  EXPECT_THAT(fresh, testing::Contains("decoder.transpconvs.2.weight"));
  EXPECT_THAT(fresh, testing::Not(testing::Contains("decoder.transpconvs.1.weight")));
}

// With the image carried through, an image that is smooth at both scales gives nearly the coarse network's first features.
TEST(Grow, TheCoarseLevelsSeeTheImageTheyKnow) {
  const core::TemporaryFolder folder;
  tensor::GraphModule coarse(unet({4, 6}, 1)), fine(unet({4, 4, 6}, 2));
  tensor::save_weights(folder.path() / "coarse.safetensors", coarse, coarse.values(), {});
  grow_from_coarser(folder.path() / "coarse.safetensors", fine);
  const auto first = fine.parameter("encoder.stages.0.0.convs.0.conv.weight");
  EXPECT_NEAR(first[0].sum().item<float>(), 1, 1e-5);
  EXPECT_NEAR(first[1].sum().item<float>(), -1, 1e-5);
  const auto next = fine.parameter("encoder.stages.1.0.convs.0.conv.weight"),
             old = coarse.parameter("encoder.stages.0.0.convs.0.conv.weight");
  EXPECT_TRUE(next.select(1, 0).equal(old.select(1, 0)));
  EXPECT_TRUE(next.select(1, 1).equal(-old.select(1, 0)));
}

TEST(Grow, RefusesAnotherNetwork) {
  const core::TemporaryFolder folder;
  tensor::GraphModule coarse(unet({5, 7}, 1)), fine(unet({4, 6, 8}, 2));
  tensor::save_weights(folder.path() / "coarse.safetensors", coarse, coarse.values(), {});
  EXPECT_THROW(grow_from_coarser(folder.path() / "coarse.safetensors", fine), core::InputError);
}

}  // namespace
}  // namespace isocenter::learning
