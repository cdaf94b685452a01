#include "networks/unet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace isocenter::networks {
namespace {

using graph::Shape;

// Six stages of 32 to 320 features, kernels 3, one channel, two classes: nnU-Net's default for large 3D patches.
UNetOptions default_3d() {
  UNetOptions options;
  options.features = {32, 64, 128, 256, 320, 320};
  options.kernels.assign(6, {3, 3, 3});
  options.strides.assign(6, {2, 2, 2});
  options.strides[0] = {1, 1, 1};
  options.encoder_blocks.assign(6, 2);
  options.decoder_convolutions.assign(5, 2);
  options.deep_supervision = true;
  return options;
}

// A small one with anisotropic kernels and strides.
UNetOptions small_3d() {
  UNetOptions options;
  options.input_channels = 2;
  options.features = {4, 6, 8};
  options.kernels = {{1, 3, 3}, {3, 3, 3}, {3, 3, 3}};
  options.strides = {{1, 1, 1}, {1, 2, 2}, {2, 2, 2}};
  options.encoder_blocks = {1, 2, 1};
  options.decoder_convolutions = {1, 2};
  return options;
}

TEST(UNet, HasThePublishedNumberOfParameters) {
  UNetOptions plain = default_3d();
  EXPECT_EQ(graph::cost(plain_conv_unet(plain), {{"image", {1, 1, 32, 32, 32}}}).parameters, 31'195'594);
  UNetOptions residual = default_3d();
  residual.encoder_blocks = {1, 3, 4, 6, 6, 6};
  residual.decoder_convolutions.assign(5, 1);
  EXPECT_EQ(graph::cost(residual_encoder_unet(residual), {{"image", {1, 1, 32, 32, 32}}}).parameters, 102'349'770);
}

TEST(UNet, OutputsFollowTheInputsSizeFinestFirst) {
  for (const bool deep : {false, true}) {
    UNetOptions options = small_3d();
    options.deep_supervision = deep;
    for (const auto& net : {plain_conv_unet(options), residual_encoder_unet(options)}) {
      const auto values = graph::infer_shapes(net, {{"image", {1, 2, 8, 16, 20}}});
      ASSERT_EQ(net.outputs.size(), deep ? 2u : 1u);
      EXPECT_EQ(net.outputs[0].name, "logits");
      EXPECT_EQ(values.at("logits").shape, (Shape{1, 2, 8, 16, 20}));
      if (deep) {
        EXPECT_EQ(values.at("logits_1").shape, (Shape{1, 2, 8, 8, 10}));
      }
      EXPECT_EQ(net.constants.contains("decoder.seg_layers.0.weight"), deep);
      EXPECT_TRUE(net.constants.contains("decoder.seg_layers.1.weight"));
    }
  }
}

TEST(UNet, ASizeThatTheStridesDoNotDivideIsRefusedByName) {
  const auto net = plain_conv_unet(small_3d());
  try {
    graph::infer_shapes(net, {{"image", {1, 2, 8, 17, 20}}});
    FAIL() << "accepted";
  } catch (const core::InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("Concat"));
  }
}

TEST(UNet, OptionsThatDoNotFitAreRefused) {
  const auto refused = [](auto change) {
    UNetOptions options = small_3d();
    change(options);
    EXPECT_THROW(plain_conv_unet(options), core::InputError);
    EXPECT_THROW(residual_encoder_unet(options), core::InputError);
  };
  refused([](UNetOptions& o) { o.features.pop_back(); });
  refused([](UNetOptions& o) { o.kernels[1] = {3, 3}; });
  refused([](UNetOptions& o) { o.kernels[1] = {2, 3, 3}; });
  refused([](UNetOptions& o) { o.strides[2] = {0, 1, 1}; });
  refused([](UNetOptions& o) { o.decoder_convolutions.push_back(1); });
  refused([](UNetOptions& o) { o.encoder_blocks[0] = 0; });
  refused([](UNetOptions& o) { o.input_channels = 0; });
  refused([](UNetOptions& o) { o.features = {8}; });
}

TEST(Initialize, ResidualBlocksBeginAsTheirSkip) {
  auto net = residual_encoder_unet(small_3d());
  initialize(net, 7);
  EXPECT_THAT(net.constants.at("encoder.stages.1.blocks.0.conv1.norm.weight").floats(), testing::Each(1.0f));
  EXPECT_THAT(net.constants.at("encoder.stages.1.blocks.0.conv2.norm.weight").floats(), testing::Each(0.0f));
  EXPECT_THAT(net.constants.at("encoder.stages.1.blocks.0.skip.1.norm.weight").floats(), testing::Each(1.0f));
}

TEST(Initialize, GivesHeNormalWeightsAndTheSameOnesForTheSameSeed) {
  UNetOptions options = small_3d();
  options.features = {32, 48, 64};
  options.norm = Norm::batch;
  auto first = plain_conv_unet(options), again = plain_conv_unet(options), other = plain_conv_unet(options);
  initialize(first, 7), initialize(again, 7), initialize(other, 8);
  const std::string name = "encoder.stages.2.0.convs.0.conv.weight";
  const auto weights = first.constants.at(name).floats();
  EXPECT_TRUE(std::ranges::equal(weights, again.constants.at(name).floats()));
  EXPECT_FALSE(std::ranges::equal(weights, other.constants.at(name).floats()));
  double sum = 0, square = 0;
  for (const double x : weights) sum += x, square += x * x;
  const double count = static_cast<double>(weights.size());
  EXPECT_NEAR(sum / count, 0, 0.002);
  EXPECT_NEAR(std::sqrt(square / count), std::sqrt(2 / 1.0001 / (48 * 27)), 5e-4);
  EXPECT_THAT(first.constants.at("encoder.stages.0.0.convs.0.conv.bias").floats(), testing::Each(0.0f));
  EXPECT_THAT(first.constants.at("encoder.stages.0.0.convs.0.norm.weight").floats(), testing::Each(1.0f));
  EXPECT_THAT(first.constants.at("encoder.stages.0.0.convs.0.norm.running_mean").floats(), testing::Each(0.0f));
  EXPECT_THAT(first.constants.at("encoder.stages.0.0.convs.0.norm.running_var").floats(), testing::Each(1.0f));
  // Weights do not depend on which other layers there are.
  options.deep_supervision = true;
  auto deeper = plain_conv_unet(options);
  initialize(deeper, 7);
  EXPECT_TRUE(std::ranges::equal(weights, deeper.constants.at(name).floats()));
}

}  // namespace
}  // namespace isocenter::networks
