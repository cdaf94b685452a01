#include "engine/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/parallel.h"
#include "engine/testing.h"
#include "graph/builder.h"
#include "networks/unet.h"

namespace isocenter::engine {
namespace {

using graph::Shape;
using ::testing::HasSubstr;
using testing::largest_relative_difference;
using testing::random_values;

// A U-Net drawn at random: rank, stages, features, kernels, strides, blocks, norms.
struct RandomNetwork {
  graph::Graph graph;
  Shape input;
};

RandomNetwork random_network(std::uint64_t seed) {
  core::Random random(seed, 0, "random network");
  networks::UNetOptions options;
  const auto rank = static_cast<std::size_t>(random.integer(2, 3));
  const std::int64_t stages = random.integer(2, 4);
  options.input_channels = random.integer(1, 3);
  options.output_channels = random.integer(2, 9);
  Shape total(rank, 1);
  for (std::int64_t s = 0; s < stages; ++s) {
    options.features.push_back(random.chance(0.3) ? 16 : random.integer(1, 9));
    Shape kernel, stride;
    for (std::size_t a = 0; a < rank; ++a) {
      kernel.push_back(random.chance(0.8) ? 3 : 1);
      stride.push_back(s > 0 && random.chance(0.8) ? 2 : 1);
      total[a] *= stride.back();
    }
    options.kernels.push_back(kernel);
    options.strides.push_back(stride);
    options.encoder_blocks.push_back(random.integer(1, 2));
    if (s > 0) options.decoder_convolutions.push_back(random.integer(1, 2));
  }
  options.norm = random.chance(0.7) ? networks::Norm::instance : (random.chance(0.7) ? networks::Norm::batch : networks::Norm::none);
  options.convolution_bias = random.chance(0.7);
  options.deep_supervision = random.chance(0.3);
  RandomNetwork network;
  network.graph = random.chance(0.5) ? networks::plain_conv_unet(options) : networks::residual_encoder_unet(options);
  networks::initialize(network.graph, seed);
  network.graph.inputs[0].shape[0] = -1;  // any batch
  network.input = {random.integer(1, 2), options.input_channels};
  // At least two voxels on the coarsest level: instance normalization of one has no meaning.
  for (std::size_t a = 0; a < rank; ++a) network.input.push_back(total[a] * random.integer(a == 0 ? 2 : 1, 3));
  return network;
}

// As a share of the largest output. Our own convolutions may take Winograd's tiles, whose rounding is some ten times that of direct sums.
double bound(Kernels kernels) { return kernels == Kernels::onednn ? 2e-5 : 1e-4; }

TEST(Plan, AgreesWithTheInterpreterOnRandomUNets) {
  core::set_thread_count(1);
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const RandomNetwork network = random_network(seed);
    const testing::Arrays inputs = {{"image", random_values(graph::element_count(network.input), seed)}};
    const auto expected = testing::run_reference(network.graph, {{"image", network.input}}, inputs);
    for (const Kernels kernels : {Kernels::automatic, Kernels::onednn}) {
      const auto results = testing::run_plan(network.graph, {{"image", network.input}}, inputs, {.kernels = kernels});
      ASSERT_EQ(results.size(), expected.size());
      for (const auto& [name, values] : results)
        EXPECT_LT(largest_relative_difference(values, expected.at(name)), bound(kernels)) << "seed " << seed << ' ' << name;
    }
  }
}

TEST(Plan, EveryFamilyOfKernelsAndNumberOfThreadsAgrees) {
  const RandomNetwork network = random_network(3);
  const testing::Arrays inputs = {{"image", random_values(graph::element_count(network.input), 3)}};
  core::set_thread_count(1);
  const auto expected = testing::run_plan(network.graph, {{"image", network.input}}, inputs, {.kernels = Kernels::reference});
  for (const int threads : {1, 2})
    for (const Kernels kernels : {Kernels::automatic, Kernels::own, Kernels::onednn}) {
      core::set_thread_count(threads);
      for (const auto& [name, values] : testing::run_plan(network.graph, {{"image", network.input}}, inputs, {.kernels = kernels}))
        EXPECT_LT(largest_relative_difference(values, expected.at(name)), bound(kernels)) << threads << " threads";
    }
  core::set_thread_count(1);
}

TEST(Plan, GivesOutputsChannelsLastWhenAsked) {
  networks::UNetOptions options;
  options.features = {4, 8};
  options.kernels = {{3, 3, 3}, {3, 3, 3}};
  options.strides = {{1, 1, 1}, {2, 2, 2}};
  options.encoder_blocks = {1, 1};
  options.decoder_convolutions = {1};
  options.output_channels = 5;
  auto net = networks::plain_conv_unet(options);
  networks::initialize(net, 3);
  const Shape shape{1, 1, 4, 6, 8};
  const testing::Arrays inputs = {{"image", random_values(4 * 6 * 8, 1)}};
  const auto onnx = testing::run_plan(net, {{"image", shape}}, inputs).at("logits");
  const auto last = testing::run_plan(net, {{"image", shape}}, inputs, {.output_layout = Layout::channels_last}).at("logits");
  const std::size_t voxels = 4 * 6 * 8;
  for (std::size_t v = 0; v < voxels; ++v)
    for (std::size_t c = 0; c < 5; ++c) ASSERT_EQ(last[v * 5 + c], onnx[c * voxels + v]);
}

TEST(Plan, StatesItsMemoryAndWhatRuns) {
  networks::UNetOptions options;
  options.features = {8, 16};
  options.kernels = {{3, 3, 3}, {3, 3, 3}};
  options.strides = {{1, 1, 1}, {2, 2, 2}};
  options.encoder_blocks = {2, 2};
  options.decoder_convolutions = {2};
  auto net = networks::plain_conv_unet(options);
  networks::initialize(net, 3);
  const std::map<std::string, Shape> shapes = {{"image", {1, 1, 16, 16, 16}}};
  Plan plan(net, shapes);
  const auto cost = graph::cost(net, shapes);
  // Overlaid by lifetime: far below one buffer a value, and not below what lives at once.
  EXPECT_LT(plan.memory_bytes(), static_cast<std::size_t>(cost.activation_bytes));
  double flop = 0;
  for (const NodeReport& node : plan.report()) {
    flop += node.flop;
    EXPECT_THAT(node.kernel, ::testing::Not(HasSubstr("ref"))) << node.node;
  }
  EXPECT_GT(flop, 0.9 * cost.flop);
}

TEST(Plan, RefusesWhatItCannotDoNamingTheNode) {
  graph::Builder builder("odd");
  auto x = builder.input("image", {1, 2, -1, -1});
  x = builder.relu(x);
  auto net = builder.finish({x});
  net.nodes[0].op = "NoSuchOperator";
  try {
    Plan plan(net, {{"image", {1, 2, 4, 4}}});
    FAIL() << "an unknown operator was taken";
  } catch (const core::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(net.nodes[0].name));
    EXPECT_THAT(error.what(), HasSubstr("NoSuchOperator"));
  }
  net.nodes[0].op = "Relu";
  EXPECT_THROW(Plan(net, {}), core::InputError);                           // sizes stay open
  EXPECT_THROW(Plan(net, {{"picture", {1, 2, 4, 4}}}), core::InputError);  // no such input
  EXPECT_THROW(Plan(net, {{"image", {1, 2, 0, 4}}}), core::InputError);
  Plan plan(net, {{"image", {1, 2, 4, 4}}});
  std::vector<float> small(31), large(32), result(32);
  const std::string output = net.outputs[0].name;
  EXPECT_THROW(plan.run({{"image", small}}, {{output, result}}), core::InputError);
  EXPECT_THROW(plan.run({}, {{output, result}}), core::InputError);
  EXPECT_THROW(plan.run({{"image", large}}, {{output, small}}), core::InputError);
}

TEST(Plan, SaysWhenTheProcessorLacksBf16) {
  if (supported(Precision::bf16)) GTEST_SKIP() << "this processor multiplies bf16";
  graph::Builder builder("small");
  auto net = builder.finish({builder.relu(builder.input("image", {1, 1, 4, 4}))});
  try {
    Plan plan(net, {}, {.precision = Precision::bf16});
    FAIL();
  } catch (const core::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("bf16"));
  }
}

TEST(Plan, LetsNotANumberThrough) {
  graph::Builder builder("affine");
  auto x = builder.input("image", {1, 1, 4, 4, 4});
  x = builder.convolution(x, "conv", {.outputs = 2, .kernel = {3, 3, 3}});
  x = builder.leaky_relu(x);
  auto net = builder.finish({x});
  networks::initialize(net, 1);
  testing::Arrays inputs = {{"image", random_values(64, 5)}};
  inputs["image"][21] = NAN;
  const auto result = testing::run_plan(net, {}, inputs).begin()->second;
  EXPECT_TRUE(std::any_of(result.begin(), result.end(), [](float v) { return std::isnan(v); }));
}

TEST(Plan, GivesTheSameBitsOnEveryRunAndForOutputsThatAreInputsOrTheSameValue) {
  graph::Builder builder("twice");
  const auto x = builder.input("image", {1, 3, 2, 2});
  const auto y = builder.relu(x);
  auto net = builder.finish({y});
  net.outputs.push_back(net.outputs[0]);
  net.outputs.back().name = "image";
  net.outputs.back().shape = {1, 3, 2, 2};
  const testing::Arrays inputs = {{"image", random_values(12, 9)}};
  const auto results = testing::run_plan(net, {}, inputs);
  EXPECT_EQ(results.at("image"), inputs.at("image"));
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(results.at(y)[i], std::max(0.0f, inputs.at("image")[i]));
}

}  // namespace
}  // namespace isocenter::engine
