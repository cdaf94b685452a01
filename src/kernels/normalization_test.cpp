#include "kernels/normalization.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <vector>

#include "core/parallel.h"
#include "core/random.h"
#include "kernels/workspace.h"

namespace isocenter::kernels {
namespace {

std::vector<double> normal(std::int64_t count, std::uint64_t seed, double mean = 0, double deviation = 1) {
  std::vector<double> values(static_cast<std::size_t>(count));
  core::Random random(seed, 0, "normalization test");
  for (double& value : values) value = static_cast<float>(mean + deviation * random.normal());  // representable in f32
  return values;
}
std::vector<float> floats(const std::vector<double>& v) { return {v.begin(), v.end()}; }

// Error relative to `sizes`: the values themselves, or the magnitudes of what was summed to them where terms may cancel.
double relative_rms(const std::vector<float>& got, const std::vector<double>& expected, const std::vector<double>& sizes) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    error += (got[i] - expected[i]) * (got[i] - expected[i]);
    size += sizes[i] * sizes[i];
  }
  return std::isnan(error) ? INFINITY : std::sqrt(error / std::max(size, 1e-30));
}

double relative_rms(const std::vector<float>& got, const std::vector<double>& expected) { return relative_rms(got, expected, expected); }

// The definition in double, dense; value = sum of y * dy as a function of x, scale and bias.
struct Definition {
  std::int64_t batch, voxels, channels;
  double epsilon, slope;
  std::vector<double> forward(const std::vector<double>& x, const std::vector<double>& scale, const std::vector<double>& bias) const {
    std::vector<double> y(x.size());
    for (std::int64_t n = 0; n < batch; ++n)
      for (std::int64_t c = 0; c < channels; ++c) {
        auto at = [&](std::int64_t i) { return static_cast<std::size_t>((n * voxels + i) * channels + c); };
        double mean = 0, variance = 0;
        for (std::int64_t i = 0; i < voxels; ++i) mean += x[at(i)] / static_cast<double>(voxels);
        for (std::int64_t i = 0; i < voxels; ++i) variance += (x[at(i)] - mean) * (x[at(i)] - mean) / static_cast<double>(voxels);
        for (std::int64_t i = 0; i < voxels; ++i) {
          const double z = scale[c] * (x[at(i)] - mean) / std::sqrt(variance + epsilon) + bias[c];
          y[at(i)] = z > 0 ? z : slope * z;
        }
      }
    return y;
  }
  struct Gradients {
    std::vector<double> x, scale, bias;
    std::vector<double> x_size, scale_size, bias_size;  // the same sums of magnitudes
  };
  Gradients backward(const std::vector<double>& x, const std::vector<double>& scale, const std::vector<double>& bias,
                     const std::vector<double>& dy) const {
    const std::vector<double> none(channels), all(x.size());
    Gradients g{all, none, none, all, none, none};
    for (std::int64_t n = 0; n < batch; ++n)
      for (std::int64_t c = 0; c < channels; ++c) {
        auto at = [&](std::int64_t i) { return static_cast<std::size_t>((n * voxels + i) * channels + c); };
        const double count = static_cast<double>(voxels);
        double mean = 0, variance = 0, sum = 0, product = 0;
        for (std::int64_t i = 0; i < voxels; ++i) mean += x[at(i)] / count;
        for (std::int64_t i = 0; i < voxels; ++i) variance += (x[at(i)] - mean) * (x[at(i)] - mean) / count;
        const double inverse = 1 / std::sqrt(variance + epsilon);
        std::vector<double> before(voxels), normalized(voxels);
        for (std::int64_t i = 0; i < voxels; ++i) {
          normalized[i] = (x[at(i)] - mean) * inverse;
          before[i] = dy[at(i)] * (scale[c] * normalized[i] + bias[c] > 0 ? 1 : slope);
          sum += before[i];
          product += before[i] * normalized[i];
          g.bias_size[c] += std::abs(before[i]);
          g.scale_size[c] += std::abs(before[i] * normalized[i]);
        }
        g.scale[c] += product;
        g.bias[c] += sum;
        for (std::int64_t i = 0; i < voxels; ++i) {
          g.x[at(i)] = scale[c] * inverse * (before[i] - sum / count - normalized[i] * product / count);
          g.x_size[at(i)] = scale[c] * inverse * (std::abs(before[i]) + std::abs(sum / count) + std::abs(normalized[i] * product / count));
        }
      }
    return g;
  }
};

TEST(InstanceNormalizationDefinition, FiniteDifferences) {
  const Definition definition{2, 7, 3, 1e-5, 0.1};
  auto x = normal(42, 1), scale = normal(3, 2), bias = normal(3, 3);
  const auto dy = normal(42, 4);
  const auto gradients = definition.backward(x, scale, bias, dy);
  auto value = [&] {
    const auto y = definition.forward(x, scale, bias);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
    return sum;
  };
  auto check = [&](std::vector<double>& argument, const std::vector<double>& gradient) {
    for (std::size_t i = 0; i < argument.size(); ++i) {
      const double kept = argument[i], h = 1e-6;
      argument[i] = kept + h;
      const double above = value();
      argument[i] = kept - h;
      const double below = value();
      argument[i] = kept;
      EXPECT_NEAR((above - below) / (2 * h), gradient[i], 1e-6);
    }
  };
  check(x, gradients.x);
  check(scale, gradients.scale);
  check(bias, gradients.bias);
}

// Spreads dense values to a stride; what lies between must stay as it was.
std::vector<float> spread(const std::vector<double>& values, std::int64_t channels, std::int64_t stride, float between) {
  std::vector<float> wide(values.size() / channels * stride, between);
  for (std::size_t i = 0; i < values.size(); ++i) wide[i / channels * stride + i % channels] = static_cast<float>(values[i]);
  return wide;
}
std::vector<float> dense(const std::vector<float>& wide, std::int64_t channels, std::int64_t stride) {
  std::vector<float> values;
  for (std::size_t i = 0; i < wide.size(); ++i)
    if (static_cast<std::int64_t>(i) % stride < channels) values.push_back(wide[i]);
  return values;
}

void check(const NormalizationShape& shape, double slope, double mean_of_x) {
  const std::int64_t c = shape.channels, count = shape.batch * shape.voxels * c;
  const Definition definition{shape.batch, shape.voxels, c, 1e-5, slope};
  const auto x = normal(count, 1, mean_of_x), bias = normal(c, 3), dy = normal(count, 4);
  auto scale = normal(c, 2);
  for (double& s : scale) s = s < 0 ? s - 0.2 : s + 0.2;
  const auto y = definition.forward(x, scale, bias);
  const auto gradients = definition.backward(x, scale, bias, dy);
  const std::int64_t xs = shape.x_stride ? shape.x_stride : c, ys = shape.y_stride ? shape.y_stride : c;
  const auto x_wide = spread(x, c, xs, 7), dy_wide = spread(dy, c, ys, 8);
  auto y_wide = spread(y, c, ys, 9), dx_wide = spread(x, c, xs, 6);
  const auto y_kept = y_wide;
  const auto scale_f = floats(scale), bias_f = floats(bias);
  std::vector<float> mean(shape.batch * c), inverse(shape.batch * c), dscale(c), dbias(c);
  Workspace workspace;
  void* memory = workspace.reserve(normalization_workspace_bytes(shape));
  const NormalizationOptions options{.epsilon = 1e-5, .leaky_slope = slope};
  instance_norm_forward(shape, options, x_wide.data(), scale_f.data(), bias_f.data(), y_wide.data(), mean.data(), inverse.data(), memory);
  const double bound = 3e-6 * (1 + std::abs(mean_of_x) / 10);
  ASSERT_LE(relative_rms(dense(y_wide, c, ys), y), bound);
  for (std::size_t i = 0; i < y_wide.size(); ++i) {
    if (static_cast<std::int64_t>(i) % ys < c) continue;
    ASSERT_EQ(y_wide[i], y_kept[i]);
  }
  for (bool from_output : {false, true}) {
    if (from_output && slope == 0) continue;
    if (from_output)
      instance_norm_backward_from_output(shape, options, y_wide.data(), scale_f.data(), bias_f.data(), inverse.data(), dy_wide.data(),
                                         dx_wide.data(), dscale.data(), dbias.data(), memory);
    else
      instance_norm_backward(shape, options, x_wide.data(), scale_f.data(), bias_f.data(), mean.data(), inverse.data(), dy_wide.data(),
                             dx_wide.data(), dscale.data(), dbias.data(), memory);
    // Undoing a slope of 0.01 and a scale costs a few digits.
    const double backward_bound = from_output ? 2e-5 : bound * 3;
    ASSERT_LE(relative_rms(dense(dx_wide, c, xs), gradients.x, gradients.x_size), backward_bound) << from_output;
    ASSERT_LE(relative_rms(dscale, gradients.scale, gradients.scale_size), backward_bound) << from_output;
    ASSERT_LE(relative_rms(dbias, gradients.bias, gradients.bias_size), backward_bound) << from_output;
    for (std::size_t i = 0; i < dx_wide.size(); ++i) {
      if (static_cast<std::int64_t>(i) % xs < c) continue;
      ASSERT_EQ(dx_wide[i], 6);
    }
  }
}

TEST(InstanceNormalization, AgreesWithTheDefinition) {
  check({.batch = 1, .voxels = 3000, .channels = 16}, 0.01, 0.3);
  check({.batch = 2, .voxels = 257, .channels = 33, .x_stride = 40, .y_stride = 48}, 0.01, 0);
  check({.batch = 1, .voxels = 999, .channels = 5}, 0, 0);
  check({.batch = 3, .voxels = 9, .channels = 24}, 1, 0);
}

TEST(InstanceNormalization, ALargeMeanDoesNotDrownTheVariance) { check({.batch = 1, .voxels = 5000, .channels = 8}, 0.01, 300); }

TEST(InstanceNormalization, RandomShapes) {
  rc::check("forward and both backward passes agree with the definition", [] {
    NormalizationShape shape;
    shape.batch = *rc::gen::inRange<std::int64_t>(1, 4);
    shape.voxels = *rc::gen::inRange<std::int64_t>(8, 1200);
    shape.channels = *rc::gen::inRange<std::int64_t>(1, 40);
    if (*rc::gen::inRange(0, 2)) shape.x_stride = shape.channels + *rc::gen::inRange<std::int64_t>(0, 9);
    if (*rc::gen::inRange(0, 2)) shape.y_stride = shape.channels + *rc::gen::inRange<std::int64_t>(0, 9);
    const int before = core::thread_count();
    core::set_thread_count(*rc::gen::inRange(1, 4));
    check(shape, 0.05, 0.5);
    core::set_thread_count(before);
    RC_ASSERT(!testing::Test::HasFatalFailure());
  });
}

// Batch and group statistics are instance statistics of arrays that are arranged differently.
TEST(Normalization, BatchAndGroupStatistics) {
  const std::int64_t batch = 3, voxels = 50, channels = 12, groups = 3, width = channels / groups;
  const auto x = normal(batch * voxels * channels, 1, 2), dy = normal(batch * voxels * channels, 2);
  auto scale = normal(channels, 3), bias = normal(channels, 4);
  for (bool batched : {true, false}) {
    // One "image" of all voxels of the batch, or of a group's values, with scale and bias applied outside.
    const Definition definition{batched ? 1 : batch * groups, batched ? batch * voxels : voxels * width, batched ? channels : 1, 1e-5, 1};
    auto to_other = [&](std::size_t i) {
      if (batched) return i;
      const std::size_t c = i % channels, v = i / channels % voxels, n = i / channels / voxels;
      return ((n * groups + c / width) * voxels + v) * width + c % width;
    };
    std::vector<double> other(x.size()), gradient(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) other[to_other(i)] = x[i];
    const std::vector<double> ones(static_cast<std::size_t>(definition.channels), 1),
        zeros(static_cast<std::size_t>(definition.channels), 0);
    const auto normalized = definition.forward(other, ones, zeros);
    const double slope = 0.1;
    std::vector<double> y(x.size()), dscale(channels), dbias(channels);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i % channels;
      const double n = normalized[to_other(i)], z = scale[c] * n + bias[c], g = dy[i] * (z > 0 ? 1 : slope);
      y[i] = z > 0 ? z : slope * z;
      dscale[c] += g * n;
      dbias[c] += g;
      gradient[to_other(i)] = g * scale[c];
    }
    const auto back = definition.backward(other, ones, zeros, gradient);
    std::vector<double> dx(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) dx[i] = back.x[to_other(i)];

    const NormalizationShape shape{.batch = batch, .voxels = voxels, .channels = channels};
    NormalizationOptions options{.epsilon = 1e-5, .leaky_slope = slope};
    options.statistics = batched ? Statistics::batch : Statistics::group;
    options.groups = groups;
    const auto xf = floats(x), dyf = floats(dy), scale_f = floats(scale), bias_f = floats(bias);
    std::vector<float> yf(x.size()), mean(batch * channels), inverse(batch * channels), dxf(x.size()), dscale_f(channels),
        dbias_f(channels);
    Workspace workspace;
    void* memory = workspace.reserve(normalization_workspace_bytes(shape));
    norm_forward(shape, options, xf.data(), scale_f.data(), bias_f.data(), yf.data(), mean.data(), inverse.data(), memory);
    EXPECT_LE(relative_rms(yf, y), 3e-6);
    norm_backward(shape, options, xf.data(), scale_f.data(), bias_f.data(), mean.data(), inverse.data(), dyf.data(), dxf.data(),
                  dscale_f.data(), dbias_f.data(), memory);
    EXPECT_LE(relative_rms(dxf, dx), 1e-5);
    EXPECT_LE(relative_rms(dscale_f, dscale), 1e-5);
    EXPECT_LE(relative_rms(dbias_f, dbias), 1e-5);
    if (batched) {
      std::vector<float> again(x.size());
      norm_apply(shape, options, xf.data(), scale_f.data(), bias_f.data(), mean.data(), inverse.data(), again.data(), memory);
      EXPECT_EQ(again, yf);
    }
  }
}

TEST(Normalization, LayerIsInstanceTurnedOver) {
  for (std::int64_t channels : {3, 16, 37}) {
    const std::int64_t voxels = 60;
    const auto x = normal(voxels * channels, 1, 1), dy = normal(voxels * channels, 2), scale = normal(channels, 3),
               bias = normal(channels, 4);
    const Definition definition{voxels, channels, 1, 1e-5, 1};  // each voxel an image whose voxels are its channels
    const auto normalized = definition.forward(x, {1}, {0});
    std::vector<double> y(x.size()), scaled(x.size()), dscale(channels), dbias(channels);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i % channels;
      y[i] = scale[c] * normalized[i] + bias[c];
      scaled[i] = dy[i] * scale[c];
      dscale[c] += dy[i] * normalized[i];
      dbias[c] += dy[i];
    }
    const auto back = definition.backward(x, {1}, {0}, scaled);
    const NormalizationShape shape{.batch = 1, .voxels = voxels, .channels = channels};
    const auto xf = floats(x), dyf = floats(dy), scale_f = floats(scale), bias_f = floats(bias);
    std::vector<float> yf(x.size()), mean(voxels), inverse(voxels), dx(x.size()), dscale_f(channels), dbias_f(channels);
    Workspace workspace;
    layer_norm_forward(shape, 1e-5, xf.data(), scale_f.data(), bias_f.data(), yf.data(), mean.data(), inverse.data());
    layer_norm_backward(shape, xf.data(), scale_f.data(), mean.data(), inverse.data(), dyf.data(), dx.data(), dscale_f.data(),
                        dbias_f.data(), workspace.reserve(normalization_workspace_bytes(shape)));
    EXPECT_LE(relative_rms(yf, y), 3e-6);
    EXPECT_LE(relative_rms(dx, back.x), 1e-5);
    EXPECT_LE(relative_rms(dscale_f, dscale), 1e-5);
    EXPECT_LE(relative_rms(dbias_f, dbias), 1e-5);
  }
}

TEST(InstanceNormalization, InPlaceIsTheSame) {
  const NormalizationShape shape{.batch = 2, .voxels = 100, .channels = 24};
  const auto x = floats(normal(4800, 1)), dy = floats(normal(4800, 2));
  std::vector<float> y(x.size()), mean(48), inverse(48), dx(x.size());
  Workspace workspace;
  void* memory = workspace.reserve(normalization_workspace_bytes(shape));
  instance_norm_forward(shape, {}, x.data(), nullptr, nullptr, y.data(), mean.data(), inverse.data(), memory);
  auto in_place = x;
  instance_norm_forward(shape, {}, in_place.data(), nullptr, nullptr, in_place.data(), mean.data(), inverse.data(), memory);
  EXPECT_EQ(y, in_place);
  instance_norm_backward(shape, {}, x.data(), nullptr, nullptr, mean.data(), inverse.data(), dy.data(), dx.data(), nullptr, nullptr,
                         memory);
  in_place = dy;
  instance_norm_backward(shape, {}, x.data(), nullptr, nullptr, mean.data(), inverse.data(), in_place.data(), in_place.data(), nullptr,
                         nullptr, memory);
  EXPECT_EQ(dx, in_place);
}

}  // namespace
}  // namespace isocenter::kernels
