// An operation with a moving window as numbers, its axes given as depth, height, width (missing leading axes have size 1).
#pragma once

#include <array>
#include <cstdint>

#include "engine/program.h"
#include "graph/operators.h"
#include "graph/window.h"

namespace isocenter::engine {

using Size3 = std::array<std::int64_t, 3>;

inline Size3 padded_to_three(const graph::Shape& sizes, std::int64_t fill) {
  Size3 result{fill, fill, fill};
  for (std::size_t i = 0; i < sizes.size(); ++i) result[3 - sizes.size() + i] = sizes[i];
  return result;
}

inline Size3 spatial_size(const Tensor& tensor) { return padded_to_three({tensor.shape.begin() + 2, tensor.shape.end()}, 1); }

struct SpatialWindow {
  std::int64_t batch = 1, in_channels = 1, out_channels = 1, groups = 1;
  Size3 input{1, 1, 1}, output{1, 1, 1}, kernel{1, 1, 1}, stride{1, 1, 1}, dilation{1, 1, 1}, before{0, 0, 0}, after{0, 0, 0};
  std::int64_t input_voxels() const { return input[0] * input[1] * input[2]; }
  std::int64_t output_voxels() const { return output[0] * output[1] * output[2]; }
  std::int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
};

inline SpatialWindow spatial_window(const Program& program, const Operation& operation, const graph::Window& window) {
  const Tensor &x = program.tensor(operation.inputs[0]), &y = program.tensor(operation.outputs[0]);
  SpatialWindow result;
  result.batch = x.shape[0];
  result.in_channels = x.shape[1];
  result.out_channels = y.shape[1];
  result.input = spatial_size(x);
  result.output = spatial_size(y);
  result.kernel = padded_to_three(window.kernel, 1);
  result.stride = padded_to_three(window.stride, 1);
  result.dilation = padded_to_three(window.dilation, 1);
  result.before = padded_to_three(window.before, 0);
  // What the output's size leaves over may lie beyond the padding that was asked for (ceil_mode) or short of it.
  for (int a = 0; a < 3; ++a) {
    const auto i = static_cast<std::size_t>(a);
    result.after[i] =
        (result.output[i] - 1) * result.stride[i] + result.dilation[i] * (result.kernel[i] - 1) + 1 - result.input[i] - result.before[i];
  }
  return result;
}

// Of a Conv; `transposed` of a ConvTranspose, whose `after` is not used.
inline SpatialWindow convolution_window(const Program& program, const Operation& operation, bool transposed = false) {
  const graph::Shape& weights = program.tensor(operation.inputs[1]).shape;
  const graph::Shape& x = program.tensor(operation.inputs[0]).shape;
  const graph::Shape kernel(weights.begin() + 2, weights.end()), spatial(x.begin() + 2, x.end());
  SpatialWindow result = spatial_window(
      program, operation,
      transposed ? graph::transposed_window_of(operation.node, kernel, spatial) : graph::window_of(operation.node, kernel, spatial));
  result.groups = graph::integer(operation.node, "group");
  return result;
}

}  // namespace isocenter::engine
