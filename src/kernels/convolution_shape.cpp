#include <fmt/format.h>

#include <algorithm>

#include "kernels/convolution.h"

namespace isocenter::kernels {

Size3 ConvolutionShape::output() const {
  Size3 size;
  for (int axis = 0; axis < 3; ++axis) {
    const std::int64_t room = input[axis] + padding_low[axis] + padding_high[axis] - dilation[axis] * (kernel[axis] - 1) - 1;
    size[axis] = room < 0 || stride[axis] < 1 ? 0 : room / stride[axis] + 1;
  }
  return size;
}

double ConvolutionShape::flop() const {
  return 2.0 * static_cast<double>(batch) * static_cast<double>(voxels(output())) * static_cast<double>(weights());
}

std::string ConvolutionShape::text() const {
  auto triple = [](const Size3& size) { return fmt::format("{}x{}x{}", size[0], size[1], size[2]); };
  std::string text = fmt::format("{}x({}) {}->{} k{} s{}", batch, triple(input), in_channels, out_channels, triple(kernel), triple(stride));
  if (dilation != Size3{1, 1, 1}) text += " d" + triple(dilation);
  if (padding_low != Size3{} || padding_high != Size3{})
    text += padding_low == padding_high ? " p" + triple(padding_low) : " p" + triple(padding_low) + "/" + triple(padding_high);
  if (groups != 1) text += fmt::format(" g{}", groups);
  return text;
}

std::optional<std::string> refusal(const ConvolutionShape& shape) {
  constexpr std::int64_t limit = std::int64_t{1} << 31;
  auto outside = [&](std::int64_t value, std::int64_t low) { return value < low || value > limit; };
  if (outside(shape.batch, 1)) return fmt::format("the batch is {}", shape.batch);
  if (outside(shape.in_channels, 1) || outside(shape.out_channels, 1))
    return fmt::format("{} input and {} output channels", shape.in_channels, shape.out_channels);
  if (shape.groups < 1 || shape.in_channels % shape.groups || shape.out_channels % shape.groups)
    return fmt::format("{} input and {} output channels are not divisible by {} groups", shape.in_channels, shape.out_channels,
                       shape.groups);
  for (int axis = 0; axis < 3; ++axis) {
    if (outside(shape.input[axis], 1)) return fmt::format("the input size along axis {} is {}", axis, shape.input[axis]);
    if (outside(shape.kernel[axis], 1) || outside(shape.stride[axis], 1) || outside(shape.dilation[axis], 1))
      return fmt::format("kernel {}, stride {} and dilation {} along axis {} must be at least one", shape.kernel[axis], shape.stride[axis],
                         shape.dilation[axis], axis);
    if (outside(shape.padding_low[axis], 0) || outside(shape.padding_high[axis], 0))
      return fmt::format("the padding along axis {} is {} and {}", axis, shape.padding_low[axis], shape.padding_high[axis]);
  }
  const Size3 output = shape.output();
  for (int axis = 0; axis < 3; ++axis)
    if (output[axis] < 1)
      return fmt::format("the output along axis {} is empty: {} padded by {} and {} is smaller than the kernel of {}", axis,
                         shape.input[axis], shape.padding_low[axis], shape.padding_high[axis],
                         shape.dilation[axis] * (shape.kernel[axis] - 1) + 1);
  for (auto [stride, channels, name] :
       {std::tuple{shape.x_stride, shape.in_channels, "x"}, std::tuple{shape.dx_stride, shape.in_channels, "dx"},
        std::tuple{shape.y_stride, shape.out_channels, "y"}, std::tuple{shape.dy_stride, shape.out_channels, "dy"}})
    if (stride != 0 && (stride < channels || stride > limit))
      return fmt::format("the stride of {} is {}, its channels are {}", name, stride, channels);
  const double elements =
      static_cast<double>(shape.batch) * std::max(static_cast<double>(voxels(shape.input)) * static_cast<double>(shape.in_channels),
                                                  static_cast<double>(voxels(output)) * static_cast<double>(shape.out_channels));
  if (elements > 1e12) return fmt::format("{:.1e} values are more than any machine holds", elements);
  return std::nullopt;
}

}  // namespace isocenter::kernels
