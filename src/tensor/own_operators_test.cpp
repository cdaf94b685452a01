// The operators over the room `kernels` against libtorch's own: value and every gradient.
#include "tensor/own_operators.h"

#include <gtest/gtest.h>

namespace isocenter::tensor {
namespace {

at::Tensor leaf(at::IntArrayRef shape, bool channels_last = false) {
  at::Tensor x = at::randn(shape);
  if (channels_last) x = x.contiguous(shape.size() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast);
  x.set_requires_grad(true);
  return x;
}

double relative_rms(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).pow(2).mean().sqrt() / b.pow(2).mean().sqrt()).item<double>();
}

// Runs both with the same random gradient of the output and compares value and gradients of `leaves`.
template <class Own, class Reference>
void compare(const std::vector<at::Tensor>& leaves, Own own, Reference reference, double tolerance) {
  const auto run = [&](auto function) {
    for (const auto& leaf : leaves) leaf.mutable_grad() = at::Tensor();
    const at::Tensor y = function();
    at::manual_seed(7);
    torch::autograd::backward({y}, {at::randn(y.sizes())});
    std::vector<at::Tensor> results{y.detach()};
    for (const auto& leaf : leaves) results.push_back(leaf.grad().clone());
    return results;
  };
  const auto a = run(own), b = run(reference);
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].sizes(), b[i].sizes());
    EXPECT_LT(relative_rms(a[i], b[i]), tolerance) << (i == 0 ? "value" : "gradient of leaf " + std::to_string(i - 1));
  }
}

TEST(OwnOperators, ConvolutionLikeLibtorch) {
  at::manual_seed(1);
  struct Case {
    std::vector<std::int64_t> x, weight, stride, dilation, padding;
    std::int64_t groups;
  };
  const std::vector<Case> cases = {
      {{1, 1, 8, 10, 12}, {16, 1, 3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, 1},
      {{2, 16, 8, 12, 8}, {16, 16, 3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, 1},
      {{1, 16, 8, 12, 8}, {24, 16, 3, 3, 3}, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, 1},
      {{1, 5, 6, 7, 9}, {3, 5, 1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, 1},
      {{1, 8, 6, 7, 9}, {8, 4, 1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, 2},
      {{2, 6, 12, 14}, {4, 6, 3, 3}, {1, 1}, {2, 2}, {2, 2}, 1},
  };
  for (const auto& c : cases) {
    const at::Tensor x = leaf(c.x, true), weight = leaf(c.weight), bias = leaf({c.weight[0]});
    compare(
        {x, weight, bias},
        [&] {
          return own_convolution(x, weight, bias, {c.stride, c.dilation, c.padding, c.padding, c.groups});
        },
        [&] {
          return at::convolution(x, weight, bias, c.stride, c.padding, c.dilation, false, std::vector<std::int64_t>(c.stride.size(), 0),
                                 c.groups);
        },
        5e-5);
  }
}

TEST(OwnOperators, ConvolutionOfAChannelSlice) {
  at::manual_seed(2);
  const at::Tensor wide = leaf({1, 24, 8, 8, 8}, true), weight = leaf({8, 16, 3, 3, 3});
  const std::vector<std::int64_t> ones{1, 1, 1}, zeros{0, 0, 0};
  compare(
      {wide, weight},
      [&] {
        return own_convolution(wide.narrow(1, 8, 16), weight, {}, {ones, ones, ones, ones, 1});
      },
      [&] { return at::convolution(wide.narrow(1, 8, 16), weight, {}, ones, ones, ones, false, zeros, 1); }, 5e-5);
}

TEST(OwnOperators, TransposedConvolutionLikeLibtorch) {
  at::manual_seed(3);
  for (const auto& kernel : std::vector<std::vector<std::int64_t>>{{2, 2, 2}, {1, 2, 2}}) {
    const at::Tensor x = leaf({2, 12, 4, 5, 6}, true), weight = leaf({12, 8, kernel[0], kernel[1], kernel[2]}), bias = leaf({8});
    const std::vector<std::int64_t> zeros{0, 0, 0}, ones{1, 1, 1};
    compare(
        {x, weight, bias}, [&] { return own_transposed_convolution(x, weight, bias); },
        [&] { return at::convolution(x, weight, bias, kernel, zeros, ones, true, zeros, 1); }, 5e-5);
  }
}

TEST(OwnOperators, InstanceNormAndLeakyReluLikeLibtorch) {
  at::manual_seed(4);
  for (double slope : {0.01, 1.0, 0.0}) {
    const at::Tensor x = leaf({2, 12, 5, 6, 7}, true), scale = leaf({12}), bias = leaf({12});
    compare(
        {x, scale, bias}, [&] { return own_instance_norm(x, scale, bias, 1e-5, slope); },
        [&] { return at::leaky_relu(at::instance_norm(x, scale, bias, {}, {}, true, 0, 1e-5, false), slope); }, 5e-5);
  }
}

}  // namespace
}  // namespace isocenter::tensor
