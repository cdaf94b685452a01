// Depthwise convolution (one input channel a group), channels-last: oneDNN 2.6's is slow in three dimensions.
#include <algorithm>
#include <cstring>
#include <vector>

#include "core/parallel.h"
#include "engine/operators/activation.h"
#include "engine/operators/channel_affine.h"
#include "engine/operators/makers.h"
#include "engine/operators/spatial.h"
#include "engine/operators/vector_loops.h"

namespace isocenter::engine {
namespace {

ISOCENTER_VECTOR_LOOPS void multiply_add_row(const float* x, const float* weights, float* y, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) y[i] += x[i] * weights[i];
}

// (channel, tap) to (tap, channel)
std::vector<float> by_tap(const Tensor& weights, std::int64_t channels, std::int64_t taps) {
  std::vector<float> turned(static_cast<std::size_t>(channels * taps));
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t t = 0; t < taps; ++t) turned[static_cast<std::size_t>(t * channels + c)] = weights.floats()[c * taps + t];
  return turned;
}

class DepthwiseConvolution final : public Kernel {
 public:
  DepthwiseConvolution(const Program& program, const Operation& operation, const SpatialWindow& window)
      : window_(window),
        weights_(by_tap(program.tensor(operation.inputs[1]), window.out_channels, window.taps())),
        bias_(static_cast<std::size_t>(window.out_channels), 0.0f),
        activation_(operation.activation),
        x_(operation.inputs[0]),
        y_(operation.outputs[0]),
        x_pitch_(pitch_of(program, x_)),
        y_pitch_(pitch_of(program, y_)) {
    if (operation.has(2)) std::copy_n(program.tensor(operation.inputs[2]).floats(), bias_.size(), bias_.begin());
  }
  std::string name() const override { return "own depthwise"; }
  std::size_t packed_bytes() const override { return (weights_.size() + bias_.size()) * sizeof(float); }

  void run(const Frame& frame) override {
    const std::int64_t rows = window_.output[0] * window_.output[1];
    core::parallel_for(window_.batch * rows, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r)
        for (std::int64_t x = 0; x < window_.output[2]; ++x)
          voxel(frame.floats(x_) + r / rows * window_.input_voxels() * x_pitch_, frame.floats(y_) + (r * window_.output[2] + x) * y_pitch_,
                {r % rows / window_.output[1], r % window_.output[1], x});
    });
  }

 private:
  SpatialWindow window_;
  std::vector<float> weights_, bias_;
  Activation activation_;
  int x_, y_;
  std::int64_t x_pitch_, y_pitch_;

  void voxel(const float* image, float* out, const Size3& at) const {
    const std::int64_t channels = window_.out_channels;
    std::memcpy(out, bias_.data(), bias_.size() * sizeof(float));
    std::int64_t tap = 0;
    for (std::int64_t i = 0; i < window_.kernel[0]; ++i)
      for (std::int64_t j = 0; j < window_.kernel[1]; ++j)
        for (std::int64_t k = 0; k < window_.kernel[2]; ++k, ++tap) {
          const std::int64_t z = at[0] * window_.stride[0] - window_.before[0] + i * window_.dilation[0];
          const std::int64_t y = at[1] * window_.stride[1] - window_.before[1] + j * window_.dilation[1];
          const std::int64_t x = at[2] * window_.stride[2] - window_.before[2] + k * window_.dilation[2];
          if (z < 0 || y < 0 || x < 0 || z >= window_.input[0] || y >= window_.input[1] || x >= window_.input[2]) continue;
          multiply_add_row(image + ((z * window_.input[1] + y) * window_.input[2] + x) * x_pitch_, weights_.data() + tap * channels, out,
                           channels);
        }
    activate(out, channels, activation_);
  }
};

}  // namespace

Candidate make_depthwise_convolution(const Program& program, const Operation& operation) {
  if (!program.tensor(operation.inputs[0]).channels_last) return refused("not channels-last");
  if (!program.tensor(operation.inputs[1]).is_constant()) return refused("weights that are computed");
  if (operation.has(2) && !program.tensor(operation.inputs[2]).is_constant()) return refused("a bias that is computed");
  const SpatialWindow window = convolution_window(program, operation);
  if (window.groups != window.in_channels || window.out_channels != window.in_channels) return refused("not depthwise");
  return {std::make_unique<DepthwiseConvolution>(program, operation, window), {}};
}

}  // namespace isocenter::engine
