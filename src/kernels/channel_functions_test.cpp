#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <vector>

#include "core/parallel.h"
#include "core/random.h"
#include "kernels/activation.h"
#include "kernels/peak.h"
#include "kernels/pooling.h"
#include "kernels/resize.h"
#include "kernels/softmax.h"

namespace isocenter::kernels {
namespace {

std::vector<float> normal(std::int64_t count, std::uint64_t seed, double scale = 1) {
  std::vector<float> values(static_cast<std::size_t>(count));
  core::Random random(seed, 0, "channel functions test");
  for (float& value : values) value = static_cast<float>(scale * random.normal());
  return values;
}
double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

TEST(Activation, ValuesAndDerivatives) {
  const auto x = normal(1003, 1, 3), dy = normal(1003, 2);
  std::vector<float> y(x.size()), dx(x.size());
  const float slope = 0.1f;
  for (Activation activation : {Activation::leaky_relu, Activation::gelu, Activation::sigmoid}) {
    auto exact = [&](double v) {
      if (activation == Activation::leaky_relu) return v > 0 ? v : double{slope} * v;
      if (activation == Activation::sigmoid) return 1 / (1 + std::exp(-v));
      return v * 0.5 * std::erfc(-v / std::sqrt(2.0));
    };
    activation_forward(activation, slope, x.data(), y.data(), 1003);
    activation_backward(activation, slope, x.data(), dy.data(), dx.data(), 1003);
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(y[i], exact(x[i]), 1e-6 * (1 + std::abs(x[i])));
      if (std::abs(x[i]) < 1e-4) continue;  // the kink of the leaky ReLU
      EXPECT_NEAR(dx[i], dy[i] * (exact(x[i] + 1e-5) - exact(x[i] - 1e-5)) / 2e-5, 1e-6 * (1 + std::abs(dy[i])));
    }
  }
}

TEST(Softmax, SumsToOneAndHasTheRightGradient) {
  for (std::int64_t channels : {1, 2, 7, 8, 33}) {
    const std::int64_t voxels = 19, stride = channels + 3;
    const auto x = normal(voxels * stride, 1, 4), dy = normal(voxels * channels, 2);
    std::vector<float> y(static_cast<std::size_t>(voxels * channels)), dx(y.size());
    softmax(x.data(), voxels, channels, stride, y.data(), 0);
    softmax_backward(y.data(), voxels, channels, 0, dy.data(), 0, dx.data(), 0);
    std::vector<std::uint16_t> labels(static_cast<std::size_t>(voxels));
    argmax(x.data(), voxels, channels, stride, labels.data());
    for (std::int64_t i = 0; i < voxels; ++i) {
      double whole = 0, mean = 0;
      for (std::int64_t c = 0; c < channels; ++c) whole += std::exp(double{x[i * stride + c]});
      for (std::int64_t c = 0; c < channels; ++c) mean += std::exp(double{x[i * stride + c]}) / whole * dy[i * channels + c];
      for (std::int64_t c = 0; c < channels; ++c) {
        const double p = std::exp(double{x[i * stride + c]}) / whole;
        EXPECT_NEAR(y[i * channels + c], p, 1e-6);
        EXPECT_NEAR(dx[i * channels + c], p * (dy[i * channels + c] - mean), 2e-6);
        EXPECT_LE(x[i * stride + c], x[i * stride + labels[i]]);
      }
    }
  }
}

TEST(Accumulate, AddsWeightedRows) {
  const auto x = normal(11 * 33, 1), w = normal(11, 2);
  auto sum = normal(11 * 40, 3);
  const auto before = sum;
  accumulate(x.data(), w.data(), 11, 33, 0, sum.data(), 40);
  for (int i = 0; i < 11; ++i)
    for (int c = 0; c < 40; ++c) EXPECT_NEAR(sum[i * 40 + c], before[i * 40 + c] + (c < 33 ? w[i] * x[i * 33 + c] : 0), 1e-6);
}

TEST(Pooling, MaxTakesTheLargestAndSendsTheGradientThere) {
  PoolingShape s{.batch = 2,
                 .input = {3, 5, 7},
                 .channels = 18,
                 .kernel = {2, 3, 3},
                 .stride = {1, 2, 2},
                 .padding_low = {0, 1, 1},
                 .padding_high = {0, 1, 1}};
  const Size3 out = s.output();
  EXPECT_EQ(out, (Size3{2, 3, 4}));
  const auto x = normal(2 * voxels(s.input) * 18, 1), dy = normal(2 * voxels(out) * 18, 2);
  std::vector<float> y(dy.size()), dx(x.size(), 5.f);
  std::vector<std::int32_t> taken(y.size());
  max_pool_forward(s, x.data(), y.data(), taken.data());
  for (std::int64_t n = 0; n < 2; ++n)
    for (std::int64_t d = 0; d < out[0]; ++d)
      for (std::int64_t h = 0; h < out[1]; ++h)
        for (std::int64_t w = 0; w < out[2]; ++w)
          for (std::int64_t c = 0; c < 18; ++c) {
            float best = -1e30f;
            for (std::int64_t a = d; a < d + 2; ++a)
              for (std::int64_t b = 2 * h - 1; b < 2 * h + 2; ++b)
                for (std::int64_t k = 2 * w - 1; k < 2 * w + 2; ++k)
                  if (a >= 0 && a < 3 && b >= 0 && b < 5 && k >= 0 && k < 7)
                    best = std::max(best, x[(((n * 3 + a) * 5 + b) * 7 + k) * 18 + c]);
            EXPECT_EQ(y[(((n * out[0] + d) * out[1] + h) * out[2] + w) * 18 + c], best);
          }
  max_pool_backward(s, taken.data(), dy.data(), dx.data());
  // Max pooling is linear along its own choice: <dy, y> = <dx, x>.
  EXPECT_NEAR(dot(dy, y), dot(dx, x), 1e-4);
}

TEST(Pooling, AverageIsItsOwnAdjoint) {
  for (bool count_padding : {false, true}) {
    PoolingShape s{.batch = 2,
                   .input = {4, 5, 6},
                   .channels = 20,
                   .kernel = {3, 2, 3},
                   .stride = {2, 2, 1},
                   .padding_low = {1, 0, 1},
                   .padding_high = {1, 1, 1}};
    s.count_padding = count_padding;
    const auto x = normal(2 * voxels(s.input) * 20, 1), dy = normal(2 * voxels(s.output()) * 20, 2);
    std::vector<float> y(dy.size()), dx(x.size());
    average_pool_forward(s, x.data(), y.data());
    average_pool_backward(s, dy.data(), dx.data());
    EXPECT_NEAR(dot(dy, y), dot(dx, x), 1e-4);
    std::vector<float> ones(x.size(), 1.f);
    average_pool_forward(s, ones.data(), y.data());
    for (float value : y) EXPECT_TRUE(count_padding ? value <= 1 + 1e-6f : std::abs(value - 1) < 1e-6f);
  }
}

TEST(Resize, LinearFunctionsStayLinearAndTheGradientIsTheAdjoint) {
  for (ResizeCoordinates coordinates : {ResizeCoordinates::half_pixel, ResizeCoordinates::align_corners, ResizeCoordinates::asymmetric})
    for (ResizeMode mode : {ResizeMode::nearest, ResizeMode::linear}) {
      const ResizeShape s{.batch = 2, .input = {3, 4, 5}, .output = {6, 5, 3}, .channels = 19, .mode = mode, .coordinates = coordinates};
      const Resize resize(s);
      const auto x = normal(2 * 60 * 19, 1), dy = normal(2 * 90 * 19, 2);
      std::vector<float> y(dy.size()), dx(x.size());
      resize.forward(x.data(), y.data());
      resize.backward(dy.data(), dx.data());
      EXPECT_NEAR(dot(dy, y), dot(dx, x), 1e-3);
    }
  // Doubling by hand, half-pixel: 0, 1 becomes 0, 0.25, 0.75, 1.
  const Resize doubled({.input = {1, 1, 2}, .output = {1, 1, 4}, .channels = 1});
  const std::vector<float> two = {0, 1};
  std::vector<float> four(4);
  doubled.forward(two.data(), four.data());
  EXPECT_EQ(four, (std::vector<float>{0, 0.25f, 0.75f, 1}));
}

TEST(Peak, IsARate) {
  EXPECT_GT(fma_peak_gflops(), 0.1);
  EXPECT_FALSE(vector_target().empty());
  EXPECT_FALSE(processor_name().empty());
}

}  // namespace
}  // namespace isocenter::kernels
