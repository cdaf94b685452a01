#include "engine/operators/channel_affine.h"

#include <algorithm>
#include <vector>

#include "core/parallel.h"
#include "engine/operators/activation.h"
#include "engine/operators/makers.h"
#include "engine/operators/vector_loops.h"

namespace isocenter::engine {
namespace {

// Few channels make short inner loops, so factors are repeated until a row holds several voxels; dense arrays are then walked in such rows.
constexpr std::int64_t kRow = 256;
std::int64_t voxels_in_row(std::int64_t channels) { return std::max<std::int64_t>(1, kRow / channels); }

ISOCENTER_VECTOR_LOOPS void affine_row(const float* x, float* y, const float* scale, const float* bias, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] * scale[i] + bias[i];
}

ISOCENTER_VECTOR_LOOPS void affine_row_with_residual(const float* x, const float* residual, float* y, const float* scale, const float* bias,
                                                     std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] * scale[i] + bias[i] + residual[i];
}

// One row with leaky ReLU in the same loop: the case of every U-Net.
ISOCENTER_VECTOR_LOOPS void affine_leaky_row(const float* x, float* y, const float* scale, const float* bias, std::int64_t count,
                                             float slope) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) {
    const float value = x[i] * scale[i] + bias[i];
    y[i] = value < 0 ? value * slope : value;
  }
}

ISOCENTER_VECTOR_LOOPS void add_row(const float* x, const float* pivot, float* sum, float* square, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) {
    const float difference = x[i] - pivot[i];
    sum[i] += difference;
    square[i] += difference * difference;
  }
}

void run_row(const float* x, const float* residual, float* y, const float* scale, const float* bias, std::int64_t count,
             const Activation& activation) {
  using Kind = Activation::Kind;
  if (!residual && (activation.kind == Kind::leaky_relu || activation.kind == Kind::relu))
    return affine_leaky_row(x, y, scale, bias, count, activation.kind == Kind::relu ? 0.0f : activation.alpha);
  if (residual)
    affine_row_with_residual(x, residual, y, scale, bias, count);
  else
    affine_row(x, y, scale, bias, count);
  activate(y, count, activation);
}

std::vector<float> repeated(const float* values, std::int64_t channels, std::int64_t times) {
  std::vector<float> row;
  row.reserve(static_cast<std::size_t>(channels * times));
  for (std::int64_t t = 0; t < times; ++t) row.insert(row.end(), values, values + channels);
  return row;
}

}  // namespace

std::int64_t pitch_of(const Program& program, int tensor) {
  const Tensor& described = program.tensor(tensor);
  return described.wide < 0 ? described.channels() : program.tensor(described.wide).channels();
}

void channel_affine(const VoxelRows& rows, const float* x, const float* residual, float* y, const float* scale, const float* bias,
                    const Activation& activation) {
  const std::int64_t channels = rows.channels;
  const bool dense = rows.x_pitch == channels && rows.y_pitch == channels && (!residual || rows.residual_pitch == channels);
  const std::int64_t together = dense ? voxels_in_row(channels) : 1;
  const auto scales = repeated(scale, channels, together), biases = repeated(bias, channels, together);
  core::parallel_for(
      rows.voxels,
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t v = begin; v < end; v += together) {
          const std::int64_t count = std::min(together, end - v) * channels;
          run_row(x + v * rows.x_pitch, residual ? residual + v * rows.residual_pitch : nullptr, y + v * rows.y_pitch, scales.data(),
                  biases.data(), count, activation);
        }
      },
      std::max<std::int64_t>(1, 4096 / channels));
}

void channel_sums(const VoxelRows& rows, const float* x, const float* pivot, double* sums) {
  constexpr std::int64_t piece = 64;  // rows summed in f32 before they go to double
  const std::int64_t channels = rows.channels;
  const std::int64_t together = rows.x_pitch == channels ? voxels_in_row(channels) : 1, width = together * channels;
  const auto pivots = repeated(pivot, channels, together);
  const int threads = core::thread_count();
  std::vector<double> partial(static_cast<std::size_t>(threads * 2 * channels), 0.0);
  const std::int64_t share = (rows.voxels + threads - 1) / threads;
  core::parallel_each(threads, [&](std::int64_t t) {
    double* own = partial.data() + t * 2 * channels;
    std::vector<float> sum(static_cast<std::size_t>(width)), square(static_cast<std::size_t>(width));
    const std::int64_t end = std::min(rows.voxels, (t + 1) * share);
    for (std::int64_t first = t * share; first < end; first += piece * together) {
      std::fill(sum.begin(), sum.end(), 0.0f);
      std::fill(square.begin(), square.end(), 0.0f);
      const std::int64_t last = std::min(end, first + piece * together);
      for (std::int64_t v = first; v < last; v += together)
        add_row(x + v * rows.x_pitch, pivots.data(), sum.data(), square.data(), std::min(together, last - v) * channels);
      for (std::int64_t i = 0; i < width; ++i) {
        own[i % channels] += sum[static_cast<std::size_t>(i)];
        own[channels + i % channels] += square[static_cast<std::size_t>(i)];
      }
    }
  });
  std::fill(sums, sums + 2 * channels, 0.0);
  for (int t = 0; t < threads; ++t)
    for (std::int64_t i = 0; i < 2 * channels; ++i) sums[i] += partial[static_cast<std::size_t>(t * 2 * channels + i)];
}

Candidate make_channel_affine(const Program& program, const Operation& operation) {
  const int x = operation.inputs[0], y = operation.outputs[0], residual = operation.residual;
  const Tensor& tensor = program.tensor(x);
  if (!tensor.channels_last) return refused("not channels-last");
  const float *scale = program.tensor(operation.inputs[1]).floats(), *bias = program.tensor(operation.inputs[2]).floats();
  const VoxelRows rows{tensor.count() / std::max<std::int64_t>(1, tensor.channels()), tensor.channels(), pitch_of(program, x),
                       pitch_of(program, y), residual < 0 ? 0 : pitch_of(program, residual)};
  return plain_kernel("own", [=, activation = operation.activation](const Frame& frame) {
    channel_affine(rows, frame.floats(x), residual < 0 ? nullptr : frame.floats(residual), frame.floats(y), scale, bias, activation);
  });
}

}  // namespace isocenter::engine
