#include "tensor/graph_module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "core/npz.h"
#include "core/random.h"
#include "core/shared_data.h"
#include "graph/builder.h"
#include "graph/onnx.h"
#include "networks/unet.h"

namespace isocenter::tensor {
namespace {

networks::UNetOptions small_unet() {
  networks::UNetOptions options;
  options.output_channels = 3;
  options.features = {8, 16, 16};
  options.kernels = {{3, 3, 3}, {3, 3, 3}, {3, 3, 3}};
  options.strides = {{1, 1, 1}, {2, 2, 2}, {2, 2, 2}};
  options.encoder_blocks = {1, 2, 1};
  options.decoder_convolutions = {1, 1};
  options.deep_supervision = true;
  return options;
}

graph::Graph with_random_weights(graph::Graph graph) {
  networks::initialize(graph, 3);
  return graph;
}

at::Tensor random_image(at::IntArrayRef shape) {
  core::Random random(11);
  at::Tensor image = at::empty(shape);
  random.fill_normal(image.data_ptr<float>(), static_cast<std::size_t>(image.numel()));
  return image.contiguous(at::MemoryFormat::ChannelsLast3d);
}

std::vector<float> gradients_of(const GraphModule& network, const at::Tensor& image) {
  network.clear_gradients();
  const auto outputs = network.forward({{"image", image}});
  at::manual_seed(5);
  torch::autograd::variable_list roots(outputs.begin(), outputs.end()), seeds;
  for (const auto& output : outputs) seeds.push_back(at::randn(output.sizes()).contiguous(at::MemoryFormat::ChannelsLast3d));
  torch::autograd::backward(roots, seeds);
  const auto gradients = network.gradients();
  return {gradients.begin(), gradients.end()};
}

TEST(GraphModule, GradientsAgreeWithFiniteDifferences) {
  for (const Kernels kernels : {Kernels::libtorch, Kernels::own}) {
    const GraphModule network(with_random_weights(networks::plain_conv_unet(small_unet())), kernels);
    const at::Tensor image = random_image({1, 1, 8, 8, 8});
    const auto gradients = gradients_of(network, image);
    // The same weighted sum of the outputs that gradients_of goes back from, in double.
    const auto objective = [&] {
      const at::NoGradGuard none;
      at::manual_seed(5);
      double sum = 0;
      for (const auto& output : network.forward({{"image", image}}))
        sum += (output.to(at::kDouble) * at::randn(output.sizes()).to(at::kDouble)).sum().item<double>();
      return sum;
    };
    core::Random random(2);
    int compared = 0;
    for (const auto& piece : network.pieces()) {
      const std::size_t at = piece.offset + static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(piece.count) - 1));
      float& value = network.values()[at];
      const float before = value, step = 1e-3f;  // larger ones cross too many kinks of the leaky ReLU
      value = before + step;
      const double up = objective();
      value = before - step;
      const double down = objective();
      value = before;
      const double expected = (up - down) / (2 * step);
      EXPECT_NEAR(gradients[at], expected, 0.02 * std::abs(expected) + 0.15) << piece.name;
      ++compared;
    }
    EXPECT_GT(compared, 20);
  }
}

TEST(GraphModule, OwnKernelsGiveLibtorchsOutputsAndGradients) {
  const auto graph = with_random_weights(networks::plain_conv_unet(small_unet()));
  const GraphModule own(graph, Kernels::own), libtorch(graph, Kernels::libtorch);
  const at::Tensor image = random_image({2, 1, 8, 12, 16});
  const auto a = own.forward({{"image", image}}), b = libtorch.forward({{"image", image}});
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_LT((a[i] - b[i]).abs().max().item<double>(), 1e-4);
  const auto first = gradients_of(own, image), second = gradients_of(libtorch, image);
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    difference += std::pow(first[i] - second[i], 2);
    size += std::pow(second[i], 2);
  }
  EXPECT_LT(std::sqrt(difference / size), 1e-4);
}

TEST(GraphModule, GradientsAddUpInPlace) {
  const GraphModule network(with_random_weights(networks::plain_conv_unet(small_unet())));
  const at::Tensor image = random_image({1, 1, 8, 8, 8});
  const auto once = gradients_of(network, image);
  const float* where = network.gradients().data();
  const auto outputs = network.forward({{"image", image}});
  torch::autograd::backward({outputs[0]}, {at::zeros(outputs[0].sizes())});
  EXPECT_EQ(where, network.gradients().data());
  EXPECT_EQ(once, std::vector<float>(network.gradients().begin(), network.gradients().end()));
}

TEST(GraphModule, WeightsGoOutAndInUnchanged) {
  const auto graph = with_random_weights(networks::plain_conv_unet(small_unet()));
  const GraphModule first(graph);
  auto other = graph;
  networks::initialize(other, 99);
  GraphModule second(other);
  const auto weights = first.save(first.values());
  EXPECT_EQ(weights.size(), graph.constants.size());
  second.load(weights, "memory");
  EXPECT_TRUE(std::equal(first.values().begin(), first.values().end(), second.values().begin()));
}

TEST(GraphModule, MissingOrMisshapenWeightsAreNamed) {
  const auto graph = with_random_weights(networks::plain_conv_unet(small_unet()));
  GraphModule network(graph);
  auto weights = network.save(network.values());
  const std::string name = weights.begin()->first;
  weights[name] = graph::constant({1}, std::vector<float>{0});
  EXPECT_THAT(
      [&] { network.load(weights, "weights.safetensors"); },
      testing::ThrowsMessage<core::InputError>(testing::AllOf(testing::HasSubstr("weights.safetensors"), testing::HasSubstr(name))));
  weights.erase(name);
  EXPECT_THAT([&] { network.load(weights, "weights.safetensors"); }, testing::ThrowsMessage<core::InputError>(testing::HasSubstr(name)));
}

TEST(GraphModule, BatchNormalisationLearnsItsStatistics) {
  graph::Builder builder("norm");
  auto x = builder.input("image", {-1, 2, -1, -1, -1});
  x = builder.batch_norm(x, "norm");
  auto graph = builder.finish({x});
  networks::initialize(graph, 1);
  const GraphModule network(graph);
  const auto before = network.buffers().at("norm.running_mean").clone();
  network.forward({{"image", random_image({4, 2, 4, 4, 4}) + 3}}, true);
  EXPECT_GT((network.buffers().at("norm.running_mean") - before).abs().min().item<double>(), 0.1);
  const auto trained = network.buffers().at("norm.running_mean").clone();
  network.forward({{"image", random_image({4, 2, 4, 4, 4})}}, false);
  EXPECT_TRUE(at::equal(trained, network.buffers().at("norm.running_mean")));
}

TEST(Kernels, NamesAreChecked) {
  EXPECT_EQ(kernels_named("own"), Kernels::own);
  EXPECT_EQ(kernels_named("libtorch"), Kernels::libtorch);
  EXPECT_THROW(kernels_named("cudnn"), core::InputError);
}

at::Tensor tensor_of(const core::NumpyArray& array) {
  if (array.kind == 'f') {
    const auto values = array.as_float();
    return at::tensor(values, at::kFloat).reshape(array.shape);
  }
  return at::tensor(array.as_integer(), at::kLong).reshape(array.shape);
}

// Every network of the reference, read from its ONNX file, gives the stored outputs to 2e-4 of their largest magnitude (its README).
class ReferenceNetworks : public testing::TestWithParam<Kernels> {};

TEST_P(ReferenceNetworks, OutputsAgree) {
  const auto folder = core::shared_path("reference/networks");
  if (!folder) GTEST_SKIP() << "reference/networks is absent: 0 networks checked";
  int cases = 0, networks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (!std::filesystem::exists(entry.path() / "model.onnx")) continue;
    SCOPED_TRACE(entry.path().filename().string());
    ++networks;
    const GraphModule network(graph::read_onnx(entry.path() / "model.onnx"), GetParam());
    const auto arrays = core::read_npz(entry.path() / "io.npz");
    for (int k = 0; arrays.count("input" + std::to_string(k)); ++k) {
      const std::string input = "input" + std::to_string(k), output = "output" + std::to_string(k);
      // The image or tokens first, then what is named after them, as `input0_time`, by the network's own name for it.
      std::map<std::string, at::Tensor> inputs;
      for (std::size_t i = 0; i < network.graph().inputs.size(); ++i) {
        const std::string& name = network.graph().inputs[i].name;
        const auto found = arrays.find(input + "_" + name);
        inputs[name] = tensor_of(found != arrays.end() ? found->second : arrays.at(input));
        if (i > 0 && found == arrays.end())
          for (const auto& [key, array] : arrays)
            if (key.rfind(input + "_", 0) == 0) inputs[name] = tensor_of(array);
      }
      const at::NoGradGuard none;
      const auto results = network.forward(inputs, false);
      for (std::size_t i = 0; i < results.size(); ++i) {
        const auto& array = arrays.count(output) ? arrays.at(output) : arrays.at(output + "_" + std::to_string(i));
        const at::Tensor expected = tensor_of(array);
        ASSERT_EQ(results[i].sizes(), expected.sizes());
        EXPECT_LE((results[i] - expected).abs().max().item<double>(), 2e-4 * expected.abs().max().item<double>());
        ++cases;
      }
    }
  }
  EXPECT_GT(cases, 0);
  std::printf("%d outputs of %d networks checked\n", cases, networks);
}

INSTANTIATE_TEST_SUITE_P(Both, ReferenceNetworks, testing::Values(Kernels::libtorch, Kernels::own),
                         [](const auto& info) { return info.param == Kernels::own ? "own" : "libtorch"; });

}  // namespace
}  // namespace isocenter::tensor
