// InstanceNormalization with residual and activation in the pass that writes: two readings of x, one writing. Biased variance over the
// voxels of each (batch, channel); sums are taken about the first voxel's values, so that a large mean costs no digits.
#include <cmath>
#include <vector>

#include "core/parallel.h"
#include "engine/operators/activation.h"
#include "engine/operators/channel_affine.h"
#include "engine/operators/makers.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

struct Factors {
  std::vector<float> scale, bias;
};

Factors factors_of(const double* sums, const float* pivot, const float* scale, const float* bias, std::int64_t channels,
                   std::int64_t voxels, double epsilon) {
  Factors factors{std::vector<float>(static_cast<std::size_t>(channels)), std::vector<float>(static_cast<std::size_t>(channels))};
  for (std::int64_t c = 0; c < channels; ++c) {
    const double mean = sums[c] / static_cast<double>(voxels);
    const double square = sums[channels + c] / static_cast<double>(voxels) - mean * mean;
    const double variance = square < 0 ? 0 : square;  // rounding; NaN passes
    const double factor = scale[c] / std::sqrt(variance + epsilon);
    factors.scale[static_cast<std::size_t>(c)] = static_cast<float>(factor);
    factors.bias[static_cast<std::size_t>(c)] = static_cast<float>(bias[c] - (mean + pivot[c]) * factor);
  }
  return factors;
}

void normalize_rows(const float* x, const float* residual, float* y, std::int64_t batch, std::int64_t channels, std::int64_t voxels,
                    const float* scale, const float* bias, double epsilon, const Activation& activation) {
  core::parallel_for(batch * channels, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float* source = x + row * voxels;
      float* target = y + row * voxels;
      double sum = 0, square = 0;
      const double pivot = source[0];
      for (std::int64_t v = 0; v < voxels; ++v) {
        const double difference = source[v] - pivot;
        sum += difference;
        square += difference * difference;
      }
      const double mean = sum / static_cast<double>(voxels), variance = square / static_cast<double>(voxels) - mean * mean;
      const double factor = scale[row % channels] / std::sqrt((variance < 0 ? 0 : variance) + epsilon);
      const double offset = bias[row % channels] - (mean + pivot) * factor;
      for (std::int64_t v = 0; v < voxels; ++v)
        target[v] = static_cast<float>(source[v] * factor + offset) + (residual ? residual[row * voxels + v] : 0.0f);
      activate(target, voxels, activation);
    }
  });
}

}  // namespace

Candidate make_instance_normalization(const Program& program, const Operation& operation) {
  for (std::size_t i = 1; i < 3; ++i)
    if (!operation.has(i) || !program.tensor(operation.inputs[i]).is_constant()) return refused("scale or bias that is computed");
  const int x = operation.inputs[0], y = operation.outputs[0], residual = operation.residual;
  const Tensor& tensor = program.tensor(x);
  const std::int64_t batch = tensor.shape[0], channels = tensor.channels(), voxels = tensor.count() / (batch * channels);
  const float *scale = program.tensor(operation.inputs[1]).floats(), *bias = program.tensor(operation.inputs[2]).floats();
  const double epsilon = graph::number(operation.node, "epsilon");
  const Activation activation = operation.activation;
  if (!tensor.channels_last)
    return plain_kernel("own, row by row", [=](const Frame& frame) {
      normalize_rows(frame.floats(x), residual < 0 ? nullptr : frame.floats(residual), frame.floats(y), batch, channels, voxels, scale,
                     bias, epsilon, activation);
    });
  const VoxelRows rows{voxels, channels, pitch_of(program, x), pitch_of(program, y), residual < 0 ? 0 : pitch_of(program, residual)};
  return plain_kernel("own", [=](const Frame& frame) {
    std::vector<double> sums(static_cast<std::size_t>(2 * channels));
    for (std::int64_t b = 0; b < batch; ++b) {
      const float* source = frame.floats(x) + b * voxels * rows.x_pitch;
      const std::vector<float> pivot(source, source + channels);
      channel_sums(rows, source, pivot.data(), sums.data());
      const Factors factors = factors_of(sums.data(), pivot.data(), scale, bias, channels, voxels, epsilon);
      channel_affine(rows, source, residual < 0 ? nullptr : frame.floats(residual) + b * voxels * rows.residual_pitch,
                     frame.floats(y) + b * voxels * rows.y_pitch, factors.scale.data(), factors.bias.data(), activation);
    }
  });
}

}  // namespace isocenter::engine
