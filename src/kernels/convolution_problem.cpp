#include <algorithm>

#include "kernels/convolution_kernel.h"

namespace isocenter::kernels {

namespace {

std::vector<Phase> forward_phases(const ConvolutionShape& s, const Size3& output, int axis) {
  Phase phase{.first = 0, .step = 1, .count = output[axis], .source_step = s.stride[axis], .taps = {}};
  for (std::int64_t k = 0; k < s.kernel[axis]; ++k) phase.taps.push_back({k * s.dilation[axis] - s.padding_low[axis], k});
  return {phase};
}

// Input index i = o stride + k dilation - padding: for the inputs i = r (mod stride) the taps k with r + padding - k dilation divisible by
// the stride meet them, at output m + (r + padding - k dilation) / stride where i = r + m stride.
std::vector<Phase> gradient_phases(const ConvolutionShape& s, int axis) {
  std::vector<Phase> phases;
  const std::int64_t stride = s.stride[axis];
  for (std::int64_t r = 0; r < std::min(stride, s.input[axis]); ++r) {
    Phase phase{.first = r, .step = stride, .count = (s.input[axis] - r + stride - 1) / stride, .source_step = 1, .taps = {}};
    for (std::int64_t k = s.kernel[axis] - 1; k >= 0; --k) {
      const std::int64_t shifted = r + s.padding_low[axis] - k * s.dilation[axis];
      if (shifted % stride == 0) phase.taps.push_back({shifted / stride, k});
    }
    phases.push_back(std::move(phase));
  }
  return phases;
}

}  // namespace

GatherProblem forward_problem(const ConvolutionShape& s) {
  GatherProblem p{.batch = s.batch, .source = s.input, .destination = s.output(), .kernel = s.kernel, .groups = s.groups, .phases = {}};
  p.source_channels = s.in_channels;
  p.destination_channels = s.out_channels;
  p.source_stride = s.x_stride ? s.x_stride : s.in_channels;
  p.destination_stride = s.y_stride ? s.y_stride : s.out_channels;
  for (int axis = 0; axis < 3; ++axis) p.phases[axis] = forward_phases(s, p.destination, axis);
  p.flop = s.flop();
  return p;
}

GatherProblem gradient_input_problem(const ConvolutionShape& s) {
  GatherProblem p{.batch = s.batch, .source = s.output(), .destination = s.input, .kernel = s.kernel, .groups = s.groups, .phases = {}};
  p.source_channels = s.out_channels;
  p.destination_channels = s.in_channels;
  const std::int64_t y_stride = s.y_stride ? s.y_stride : s.out_channels, x_stride = s.x_stride ? s.x_stride : s.in_channels;
  p.source_stride = s.dy_stride ? s.dy_stride : y_stride;
  p.destination_stride = s.dx_stride ? s.dx_stride : x_stride;
  p.transposed_weights = true;
  for (int axis = 0; axis < 3; ++axis) p.phases[axis] = gradient_phases(s, axis);
  p.flop = s.flop();
  return p;
}

}  // namespace isocenter::kernels
