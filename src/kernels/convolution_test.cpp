#include "kernels/convolution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "kernels/convolution_reference.h"
#include "kernels/workspace.h"

namespace isocenter::kernels {
namespace {

// Random arrays for a shape, x and y of their strides, and the guard value that no kernel may touch between the channels of two voxels.
constexpr float kGuard = 12345.f;

std::vector<float> normal(std::size_t count, std::uint64_t seed, double scale = 1) {
  std::vector<float> values(count);
  core::Random random(seed, 0, "kernels test");
  for (float& value : values) value = static_cast<float>(random.normal() * scale);
  return values;
}

double relative_rms(const std::vector<float>& got, const std::vector<float>& expected) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = double{got[i]} - double{expected[i]};
    error += difference * difference;
    size += double{expected[i]} * double{expected[i]};
  }
  if (!(error == error)) return std::numeric_limits<double>::infinity();
  return size > 0 ? std::sqrt(error / size) : std::sqrt(error);
}

struct Errors {
  double forward, gradient_input, gradient_weights, gradient_bias;
  bool guards_kept = true;
};

std::size_t stride_or(std::int64_t stride, std::int64_t channels) { return static_cast<std::size_t>(stride ? stride : channels); }

Errors compare_with_reference(const ConvolutionShape& shape, const ConvolutionOptions& options = {}) {
  const std::size_t x_count = static_cast<std::size_t>(shape.batch * voxels(shape.input)) * stride_or(shape.x_stride, shape.in_channels);
  const std::size_t y_count =
      static_cast<std::size_t>(shape.batch * voxels(shape.output())) * stride_or(shape.y_stride, shape.out_channels);
  const auto x = normal(x_count, 1), dy = normal(y_count, 2), bias = normal(static_cast<std::size_t>(shape.out_channels), 3);
  const auto w = normal(shape.weights(), 4, 1 / std::sqrt(static_cast<double>(voxels(shape.kernel) * shape.in_channels / shape.groups)));
  std::vector<float> y(y_count, kGuard), y_reference = y, dx(x_count, kGuard), dx_reference = dx, dw(w.size()), dw_reference = w,
                                         db(bias.size()), db_reference = bias;
  reference::convolution_forward(shape, x.data(), w.data(), bias.data(), y_reference.data());
  reference::convolution_gradient_input(shape, dy.data(), w.data(), dx_reference.data());
  reference::convolution_gradient_weights(shape, x.data(), dy.data(), dw_reference.data(), db_reference.data());

  const Convolution convolution(shape, options);
  Workspace workspace;
  void* memory = workspace.reserve(convolution.workspace_bytes());
  convolution.forward(x.data(), w.data(), bias.data(), y.data(), memory);
  convolution.gradient_input(dy.data(), w.data(), dx.data(), memory);
  convolution.gradient_weights(x.data(), dy.data(), dw.data(), db.data(), memory);
  Errors errors{relative_rms(y, y_reference), relative_rms(dx, dx_reference), relative_rms(dw, dw_reference),
                relative_rms(db, db_reference)};
  for (std::size_t i = 0; i < y.size(); ++i) errors.guards_kept = errors.guards_kept && (y_reference[i] != kGuard || y[i] == kGuard);
  for (std::size_t i = 0; i < dx.size(); ++i) errors.guards_kept = errors.guards_kept && (dx_reference[i] != kGuard || dx[i] == kGuard);
  return errors;
}

void expect_close(const ConvolutionShape& shape, double bound = 2e-5, const ConvolutionOptions& options = {}) {
  SCOPED_TRACE(shape.text() + " " + options.kernel);
  const Errors errors = compare_with_reference(shape, options);
  EXPECT_LE(errors.forward, bound);
  EXPECT_LE(errors.gradient_input, bound);
  EXPECT_LE(errors.gradient_weights, bound);
  EXPECT_LE(errors.gradient_bias, bound);
  EXPECT_TRUE(errors.guards_kept);
}

ConvolutionShape cube(Size3 input, std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1) {
  const std::int64_t p = kernel / 2;
  return {.input = input,
          .in_channels = in,
          .out_channels = out,
          .kernel = {kernel, kernel, kernel},
          .stride = {stride, stride, stride},
          .padding_low = {p, p, p},
          .padding_high = {p, p, p}};
}

class Threads {
 public:
  explicit Threads(int count) : before_(core::thread_count()) { core::set_thread_count(count); }
  ~Threads() { core::set_thread_count(before_); }

 private:
  int before_;
};

// The layers of the 3D U-Net that is trained with these kernels, in small.
TEST(Convolution, LayersOfAUNet) {
  expect_close(cube({8, 10, 16}, 16, 16, 3));
  expect_close(cube({8, 10, 16}, 1, 16, 3));
  expect_close(cube({9, 11, 13}, 1, 8, 3));
  expect_close(cube({8, 10, 16}, 32, 16, 3));
  expect_close(cube({8, 10, 16}, 24, 48, 3));
  expect_close(cube({8, 10, 16}, 16, 32, 3, 2));
  expect_close(cube({5, 6, 4}, 128, 96, 3));
  expect_close(cube({6, 6, 6}, 64, 128, 3, 2));
  expect_close(cube({8, 10, 16}, 16, 33, 1));
  expect_close({.input = {6, 9, 7},
                .in_channels = 8,
                .out_channels = 24,
                .kernel = {1, 3, 3},
                .stride = {1, 2, 2},
                .padding_low = {0, 1, 1},
                .padding_high = {0, 1, 1}});
}

TEST(Convolution, TwoDimensional) {
  ConvolutionShape shape{.batch = 3,
                         .input = {1, 23, 19},
                         .in_channels = 3,
                         .out_channels = 20,
                         .kernel = {1, 7, 7},
                         .stride = {1, 2, 2},
                         .padding_low = {0, 3, 3},
                         .padding_high = {0, 3, 3}};
  expect_close(shape);
}

// Every tile at its own error, on sizes that are and are not multiples of it, and with channels that are not whole vectors.
TEST(Convolution, EachWinogradTile) {
  for (const char* name : {"winograd-2-2-2", "winograd-2-2-4", "winograd-2-4-4", "winograd-4-4-4"}) {
    const ConvolutionOptions options{.kernel = name, .accuracy = 1};
    EXPECT_EQ(Convolution(cube({8, 8, 8}, 16, 16, 3), options).kernel_name(Pass::gradient_weights), name);
    expect_close(cube({8, 8, 8}, 16, 16, 3), 2e-5, options);
    expect_close(cube({5, 9, 23}, 24, 33, 3), 2e-5, options);
    expect_close(cube({1, 1, 1}, 3, 5, 3), 2e-5, options);
    ConvolutionShape valid = cube({9, 8, 7}, 9, 16, 3);
    valid.padding_low = {0, 2, 1};
    valid.padding_high = {1, 0, 2};
    expect_close(valid, 2e-5, options);
  }
  for (const char* name : {"winograd-1-2-2", "winograd-1-2-4", "winograd-1-4-4"}) {
    ConvolutionShape flat{.batch = 2,
                          .input = {3, 13, 18},
                          .in_channels = 16,
                          .out_channels = 24,
                          .kernel = {1, 3, 3},
                          .padding_low = {0, 1, 1},
                          .padding_high = {0, 1, 1}};
    EXPECT_EQ(Convolution(flat, {.kernel = name}).kernel_name(), name);
    expect_close(flat, 2e-5, {.kernel = name});
  }
}

// Few tiles and many channels: one point after the other.
TEST(Convolution, SmallGridsWithManyChannels) { expect_close(cube({6, 6, 6}, 160, 128, 3), 2e-5, {.kernel = "winograd-2-2-2"}); }

TEST(Convolution, SlicesOfAWiderBuffer) {
  ConvolutionShape shape = cube({5, 6, 13}, 16, 24, 3);
  shape.x_stride = 40;
  shape.y_stride = 31;
  shape.dx_stride = 17;
  shape.dy_stride = 64;
  // The gradient arrays have other strides than the activations here, so each call is compared on its own arrays.
  for (int which = 0; which < 2; ++which) {
    ConvolutionShape same = shape;
    same.dx_stride = same.dy_stride = 0;
    if (which) std::swap(same.x_stride, same.y_stride);
    expect_close(same);
  }
}

TEST(Convolution, GroupsAndDepthwise) {
  ConvolutionShape shape = cube({5, 6, 9}, 24, 40, 3);
  shape.groups = 4;
  expect_close(shape);
  shape = cube({5, 6, 9}, 20, 20, 3);
  shape.groups = 20;
  expect_close(shape);
}

TEST(Convolution, RandomShapes) {
  rc::check("every shape agrees with the double-precision reference", [] {
    ConvolutionShape shape;
    shape.batch = *rc::gen::inRange<std::int64_t>(1, 3);
    shape.groups = *rc::gen::elementOf(std::vector<std::int64_t>{1, 1, 1, 2, 3});
    shape.in_channels = shape.groups * *rc::gen::inRange<std::int64_t>(1, 20);
    shape.out_channels = shape.groups * *rc::gen::inRange<std::int64_t>(1, 36);
    for (int axis = 0; axis < 3; ++axis) {
      shape.kernel[axis] = *rc::gen::elementOf(std::vector<std::int64_t>{1, 2, 3, 3, 3, 5});
      shape.stride[axis] = *rc::gen::elementOf(std::vector<std::int64_t>{1, 1, 1, 2, 3});
      shape.dilation[axis] = *rc::gen::elementOf(std::vector<std::int64_t>{1, 1, 1, 2});
      shape.padding_low[axis] = *rc::gen::inRange<std::int64_t>(0, 4);
      shape.padding_high[axis] = *rc::gen::inRange<std::int64_t>(0, 4);
      const std::int64_t least = shape.dilation[axis] * (shape.kernel[axis] - 1) + 1 - shape.padding_low[axis] - shape.padding_high[axis];
      shape.input[axis] = std::max<std::int64_t>(1, least) + *rc::gen::inRange<std::int64_t>(0, axis == 2 ? 20 : 7);
    }
    if (*rc::gen::inRange(0, 3) == 0) shape.x_stride = shape.in_channels + *rc::gen::inRange<std::int64_t>(0, 9);
    if (*rc::gen::inRange(0, 3) == 0) shape.y_stride = shape.out_channels + *rc::gen::inRange<std::int64_t>(0, 9);
    RC_ASSERT(!refusal(shape).has_value());
    const Threads threads(*rc::gen::inRange(1, 4));
    const Errors errors = compare_with_reference(shape);
    RC_LOG() << shape.text();
    RC_ASSERT(errors.forward <= 2e-5);
    RC_ASSERT(errors.gradient_input <= 2e-5);
    RC_ASSERT(errors.gradient_weights <= 2e-5);
    RC_ASSERT(errors.gradient_bias <= 2e-5);
    RC_ASSERT(errors.guards_kept);
  });
}

TEST(Convolution, SameThreadsSameBits) {
  const ConvolutionShape shape = cube({9, 10, 11}, 16, 24, 3);
  const auto x = normal(static_cast<std::size_t>(voxels(shape.input) * 16), 1),
             dy = normal(static_cast<std::size_t>(voxels(shape.input) * 24), 2), w = normal(shape.weights(), 3);
  for (int count : {1, 2, 3}) {
    const Threads threads(count);
    std::vector<float> first, second;
    for (auto* result : {&first, &second}) {
      const Convolution convolution(shape);
      Workspace workspace;
      void* memory = workspace.reserve(convolution.workspace_bytes());
      std::vector<float> y(dy.size()), dx(x.size()), dw(w.size()), db(24);
      convolution.forward(x.data(), w.data(), nullptr, y.data(), memory);
      convolution.gradient_input(dy.data(), w.data(), dx.data(), memory);
      convolution.gradient_weights(x.data(), dy.data(), dw.data(), db.data(), memory);
      for (const auto* part : {&y, &dx, &dw, &db}) result->insert(result->end(), part->begin(), part->end());
    }
    EXPECT_EQ(first, second) << count << " threads";
  }
}

// The gradients of the reference against finite differences of its own forward pass, in double.
TEST(ConvolutionReference, FiniteDifferences) {
  ConvolutionShape shape{.batch = 2,
                         .input = {3, 4, 5},
                         .in_channels = 4,
                         .out_channels = 6,
                         .kernel = {2, 3, 3},
                         .stride = {1, 2, 1},
                         .dilation = {1, 1, 2},
                         .padding_low = {0, 1, 2},
                         .padding_high = {1, 0, 1},
                         .groups = 2};
  auto doubles = [](const std::vector<float>& v) { return std::vector<double>(v.begin(), v.end()); };
  auto x = doubles(normal(static_cast<std::size_t>(2 * 60 * 4), 1)), w = doubles(normal(shape.weights(), 2)), b = doubles(normal(6, 3));
  const std::size_t outputs = static_cast<std::size_t>(shape.batch * voxels(shape.output()) * 6);
  const auto dy = doubles(normal(outputs, 4));
  std::vector<double> y(outputs), dx(x.size()), dw(w.size()), db(6);
  reference::convolution_gradient_input(shape, dy.data(), w.data(), dx.data());
  reference::convolution_gradient_weights(shape, x.data(), dy.data(), dw.data(), db.data());
  auto value = [&] {
    reference::convolution_forward(shape, x.data(), w.data(), b.data(), y.data());
    double sum = 0;
    for (std::size_t i = 0; i < outputs; ++i) sum += y[i] * dy[i];
    return sum;
  };
  auto check = [&](std::vector<double>& argument, const std::vector<double>& gradient, std::size_t step) {
    for (std::size_t i = 0; i < argument.size(); i += step) {
      const double kept = argument[i], h = 1e-4;
      argument[i] = kept + h;
      const double above = value();
      argument[i] = kept - h;
      const double below = value();
      argument[i] = kept;
      EXPECT_NEAR((above - below) / (2 * h), gradient[i], 1e-7 * (1 + std::abs(gradient[i])));
    }
  };
  check(x, dx, 11);
  check(w, dw, 7);
  check(b, db, 1);
}

TEST(Convolution, NotANumberPassesThrough) {
  const ConvolutionShape shape = cube({6, 7, 9}, 8, 8, 3);
  auto x = normal(static_cast<std::size_t>(voxels(shape.input) * 8), 1);
  const auto w = normal(shape.weights(), 2);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto spoiled = x;
    const std::size_t voxel = static_cast<std::size_t>((2 * 7 + 3) * 9 + 4);
    spoiled[voxel * 8 + 5] = bad;
    std::vector<float> y(x.size());
    const Convolution convolution(shape);
    Workspace workspace;
    convolution.forward(spoiled.data(), w.data(), nullptr, y.data(), workspace.reserve(convolution.workspace_bytes()));
    for (int c = 0; c < 8; ++c) EXPECT_FALSE(std::isfinite(y[voxel * 8 + static_cast<std::size_t>(c)]));
    EXPECT_TRUE(std::isfinite(y[0]));
  }
}

// One source for every instruction set: those that this processor has, one after the other.
TEST(Convolution, EveryInstructionSet) {
  const auto supported = hwy::SupportedTargets();
  int tried = 0;
  for (auto target : {HWY_AVX3, HWY_AVX2, HWY_SSE4, HWY_SCALAR}) {
    if (target != HWY_SCALAR && !(supported & target)) continue;
    hwy::SetSupportedTargetsForTest(target);
    SCOPED_TRACE(hwy::TargetName(target));
    expect_close(cube({5, 6, 9}, 12, 20, 3));
    expect_close(cube({4, 5, 7}, 3, 9, 3, 2));
    expect_close(cube({3, 4, 5}, 16, 33, 1));
    hwy::SetSupportedTargetsForTest(0);
    ++tried;
  }
  EXPECT_GE(tried, 1);
}

TEST(Convolution, PackedWeightsGiveTheSame) {
  const ConvolutionShape shape = cube({6, 7, 9}, 8, 24, 3);
  const auto x = normal(static_cast<std::size_t>(voxels(shape.input) * 8), 1), w = normal(shape.weights(), 2), b = normal(24, 3);
  std::vector<float> y(static_cast<std::size_t>(voxels(shape.input) * 24)), packed_y(y.size());
  const Convolution convolution(shape);
  Workspace workspace, packed;
  void* memory = workspace.reserve(convolution.workspace_bytes());
  convolution.forward(x.data(), w.data(), b.data(), y.data(), memory);
  void* at = packed.reserve(convolution.packed_bytes());
  convolution.pack(w.data(), at);
  convolution.forward_packed(x.data(), at, b.data(), packed_y.data(), memory);
  EXPECT_EQ(y, packed_y);
}

TEST(Convolution, RefusesWithAReason) {
  ConvolutionShape shape = cube({4, 4, 4}, 6, 8, 3);
  shape.groups = 4;
  EXPECT_THAT(*refusal(shape), testing::HasSubstr("not divisible by 4 groups"));
  EXPECT_THROW(Convolution{shape}, core::InputError);
  shape = cube({1, 4, 4}, 6, 8, 3);
  shape.padding_low = shape.padding_high = {0, 1, 1};
  EXPECT_THAT(*refusal(shape), testing::HasSubstr("output along axis 0 is empty"));
  shape = cube({4, 4, 4}, 6, 8, 3);
  shape.x_stride = 5;
  EXPECT_THAT(*refusal(shape), testing::HasSubstr("stride of x is 5"));
  shape = cube({4, 4, 4}, 6, 8, 3);
  shape.stride[1] = 0;
  EXPECT_TRUE(refusal(shape).has_value());
}

TEST(Convolution, ChoiceIsListedAndOverruled) {
  const ConvolutionShape shape = cube({8, 8, 8}, 8, 8, 3);
  const auto choices = kernel_choices(shape, Pass::forward);
  ASSERT_GE(choices.size(), 2u);
  EXPECT_EQ(choices.front().reason, "chosen");
  EXPECT_EQ(choices.front().name, Convolution(shape).kernel_name());
  EXPECT_EQ(Convolution(shape, {.kernel = "reference"}).kernel_name(Pass::gradient_weights), "reference");
  expect_close(shape, 1e-6, {.kernel = "reference"});
}

TEST(Convolution, MeasuringKeepsAKernelThatFits) {
  const ConvolutionShape shape = cube({8, 8, 8}, 16, 16, 3);
  const ConvolutionOptions options{.kernel = "", .measure = true};
  expect_close(shape, 2e-5, options);
  EXPECT_EQ(Convolution(shape, options).kernel_name(), Convolution(shape, options).kernel_name());
  EXPECT_NE(Convolution(shape, options).kernel_name(), "reference");
}

TEST(TransposedConvolution, AgreesWithTheDefinition) {
  for (const Size3 kernel : {Size3{2, 2, 2}, Size3{1, 2, 2}, Size3{1, 1, 3}}) {
    for (std::int64_t wide : {0, 3}) {
      TransposedConvolutionShape shape{.batch = 2, .input = {3, 4, 7}, .in_channels = 24, .out_channels = 20, .kernel = kernel};
      shape.y_stride = wide ? 20 + wide : 0;
      const std::int64_t taps = voxels(kernel), y_stride = 20 + wide;
      const Size3 out = shape.output();
      const auto x = normal(static_cast<std::size_t>(2 * voxels(shape.input) * 24), 1),
                 w = normal(static_cast<std::size_t>(24 * 20 * taps), 2), b = normal(20, 3),
                 dy = normal(static_cast<std::size_t>(2 * voxels(out) * y_stride), 4);
      std::vector<float> y(dy.size(), kGuard), y_expected = y, dx(x.size()), dw(w.size()), db(20);
      std::vector<double> dx_sum(x.size()), dw_sum(w.size()), db_sum(20);
      for (std::int64_t n = 0; n < 2; ++n)
        for (std::int64_t d = 0; d < out[0]; ++d)
          for (std::int64_t h = 0; h < out[1]; ++h)
            for (std::int64_t v = 0; v < out[2]; ++v) {
              const std::int64_t tap = (d % kernel[0] * kernel[1] + h % kernel[1]) * kernel[2] + v % kernel[2];
              const std::int64_t from = ((n * 3 + d / kernel[0]) * 4 + h / kernel[1]) * 7 + v / kernel[2];
              const std::int64_t to = ((n * out[0] + d) * out[1] + h) * out[2] + v;
              for (std::int64_t o = 0; o < 20; ++o) {
                double sum = b[static_cast<std::size_t>(o)];
                const double gradient = dy[static_cast<std::size_t>(to * y_stride + o)];
                for (std::int64_t c = 0; c < 24; ++c) {
                  const std::size_t xi = static_cast<std::size_t>(from * 24 + c), wi = static_cast<std::size_t>((c * 20 + o) * taps + tap);
                  sum += double{x[xi]} * w[wi];
                  dx_sum[xi] += gradient * w[wi];
                  dw_sum[wi] += gradient * x[xi];
                }
                db_sum[static_cast<std::size_t>(o)] += gradient;
                y_expected[static_cast<std::size_t>(to * y_stride + o)] = static_cast<float>(sum);
              }
            }
      const TransposedConvolution convolution(shape);
      Workspace workspace;
      void* memory = workspace.reserve(convolution.workspace_bytes());
      convolution.forward(x.data(), w.data(), b.data(), y.data(), memory);
      convolution.gradient_input(dy.data(), w.data(), dx.data(), memory);
      convolution.gradient_weights(x.data(), dy.data(), dw.data(), db.data(), memory);
      EXPECT_LE(relative_rms(y, y_expected), 2e-6);
      EXPECT_LE(relative_rms(dx, std::vector<float>(dx_sum.begin(), dx_sum.end())), 2e-6);
      EXPECT_LE(relative_rms(dw, std::vector<float>(dw_sum.begin(), dw_sum.end())), 2e-6);
      EXPECT_LE(relative_rms(db, std::vector<float>(db_sum.begin(), db_sum.end())), 2e-6);
    }
  }
}

}  // namespace
}  // namespace isocenter::kernels
