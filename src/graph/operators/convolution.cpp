// Conv and ConvTranspose over one to three spatial axes.
#include <array>

#include "graph/operators/support.h"
#include "graph/window.h"

namespace isocenter::graph {
namespace {

std::vector<AttributeRule> window_attributes() {
  return {{.name = "auto_pad", .kind = AttributeKind::text, .otherwise = std::string("NOTSET")},
          {.name = "dilations", .kind = AttributeKind::integers},
          {.name = "group", .kind = AttributeKind::integer, .otherwise = std::int64_t{1}},
          {.name = "kernel_shape", .kind = AttributeKind::integers},
          {.name = "pads", .kind = AttributeKind::integers},
          {.name = "strides", .kind = AttributeKind::integers}};
}

std::vector<AttributeRule> transposed_attributes() {
  auto attributes = window_attributes();
  attributes.push_back({.name = "output_padding", .kind = AttributeKind::integers});
  attributes.push_back({.name = "output_shape", .kind = AttributeKind::integers});
  return attributes;
}

Shape spatial_of(const Shape& shape) { return {shape.begin() + 2, shape.end()}; }

// The weight's spatial sizes, checked against the attribute `kernel_shape`.
Shape kernel_of(const NodeView& view) {
  require_floating(view);
  require_rank(view, 0, 3, 5);
  if (view.rank(1) != view.rank(0)) view.refuse("input has {} dimensions, weight {}", view.rank(0), view.rank(1));
  const Shape kernel = spatial_of(view.shape(1));
  for (const std::int64_t size : view.shape(1))
    if (size < 1) view.refuse("the weight's sizes must be known and positive");
  const auto stated = view.node().integers("kernel_shape", kernel);
  if (stated != kernel) view.refuse("kernel_shape does not fit the weight");
  return kernel;
}

std::int64_t groups_of(const NodeView& view) {
  const std::int64_t groups = integer(view.node(), "group");
  if (groups < 1) view.refuse("{} groups", groups);
  return groups;
}

std::vector<Value> convolution_shape(const NodeView& view) {
  const Shape kernel = kernel_of(view);
  const Shape &x = view.shape(0), &weight = view.shape(1);
  const std::int64_t groups = groups_of(view);
  if (weight[0] % groups != 0) view.refuse("{} output channels do not divide into {} groups", weight[0], groups);
  if (x[1] >= 0 && (x[1] % groups != 0 || x[1] / groups != weight[1]))
    view.refuse("input has {} channels, the weight takes {} in each of {} groups", x[1], weight[1], groups);
  if (view.has(2)) require_vector(view, 2, weight[0]);
  const Window window = window_of(view.node(), kernel, spatial_of(x));
  Shape shape{x[0], weight[0]};
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    shape.push_back(slid_size(x[i + 2], window, i));
    if (shape.back() == 0) view.refuse("the kernel of size {} does not fit into {} along axis {}", kernel[i], x[i + 2], i + 2);
  }
  return {{"", view.value(0).type, shape}};
}

std::vector<Value> transposed_shape(const NodeView& view) {
  const Shape kernel = kernel_of(view);
  const Shape &x = view.shape(0), &weight = view.shape(1);
  const std::int64_t groups = groups_of(view);
  if (x[1] >= 0 && x[1] != weight[0]) view.refuse("input has {} channels, the weight takes {}", x[1], weight[0]);
  if (weight[0] % groups != 0) view.refuse("{} input channels do not divide into {} groups", weight[0], groups);
  if (view.has(2)) require_vector(view, 2, weight[1] * groups);
  const Window window = transposed_window_of(view.node(), kernel, spatial_of(x));
  const auto extra = view.node().integers("output_padding", Shape(kernel.size(), 0));
  Shape shape{x[0], weight[1] * groups};
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    const std::int64_t size = x[i + 2] < 0 ? -1
                                           : window.stride[i] * (x[i + 2] - 1) + window.dilation[i] * (kernel[i] - 1) + 1 -
                                                 window.before[i] - window.after[i] + extra[i];
    if (x[i + 2] >= 0 && size < 1) view.refuse("nothing is left along axis {}", i + 2);
    shape.push_back(size);
  }
  return {{"", view.value(0).type, shape}};
}

// Two for each multiply-add, one for each bias added.
double convolution_flop(const NodeView& view, std::span<const Value> outputs) {
  const Shape& weight = view.shape(1);
  double taps = 1;
  for (std::size_t i = 1; i < weight.size(); ++i) taps *= static_cast<double>(weight[i]);
  return count_of(outputs[0].shape) * (2 * taps + (view.has(2) ? 1 : 0));
}

double transposed_flop(const NodeView& view, std::span<const Value> outputs) {
  const Shape& weight = view.shape(1);
  double taps = 1;
  for (std::size_t i = 1; i < weight.size(); ++i) taps *= static_cast<double>(weight[i]);
  return 2 * count_of(view.shape(0)) * taps + (view.has(2) ? count_of(outputs[0].shape) : 0);
}

// Arrays of one or two spatial axes are looped over as three, with leading axes of size one.
struct Sizes {
  std::int64_t batch, channels;
  std::array<std::int64_t, 3> spatial;
  std::int64_t volume() const { return spatial[0] * spatial[1] * spatial[2]; }
};

std::array<std::int64_t, 3> three(const Shape& values, std::int64_t filler) {
  std::array<std::int64_t, 3> result{filler, filler, filler};
  std::copy(values.begin(), values.end(), result.begin() + static_cast<std::ptrdiff_t>(3 - values.size()));
  return result;
}

Sizes sizes_of(const Shape& shape) { return {shape[0], shape[1], three(spatial_of(shape), 1)}; }

// Calls body(output position, input position, tap) for every pair that a window joins; positions are flat within one channel.
template <class Body>
void for_each_tap(const std::array<std::int64_t, 3>& small, const std::array<std::int64_t, 3>& large, const Window& window, Body&& body) {
  const auto kernel = three(window.kernel, 1), stride = three(window.stride, 1), dilation = three(window.dilation, 1),
             before = three(window.before, 0);
  for (std::int64_t z = 0; z < small[0]; ++z)
    for (std::int64_t y = 0; y < small[1]; ++y)
      for (std::int64_t x = 0; x < small[2]; ++x)
        for (std::int64_t k = 0; k < kernel[0]; ++k)
          for (std::int64_t j = 0; j < kernel[1]; ++j)
            for (std::int64_t i = 0; i < kernel[2]; ++i) {
              const std::int64_t lz = z * stride[0] + k * dilation[0] - before[0], ly = y * stride[1] + j * dilation[1] - before[1],
                                 lx = x * stride[2] + i * dilation[2] - before[2];
              if (lz < 0 || ly < 0 || lx < 0 || lz >= large[0] || ly >= large[1] || lx >= large[2]) continue;
              body((z * small[1] + y) * small[2] + x, (lz * large[1] + ly) * large[2] + lx, (k * kernel[1] + j) * kernel[2] + i);
            }
}

void start_with_bias(const NodeView& view, const Sizes& size, Array& result) {
  if (!view.has(2)) return;
  for (std::int64_t plane = 0; plane < size.batch * size.channels; ++plane)
    std::fill_n(result.values.begin() + plane * size.volume(), size.volume(),
                view.known(2)->values[static_cast<std::size_t>(plane % size.channels)]);
}

std::vector<Array> convolve(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const Sizes in = sizes_of(view.shape(0)), out = sizes_of(result.shape);
  const Shape& weight = view.shape(1);
  const Window window = window_of(view.node(), spatial_of(weight), spatial_of(view.shape(0)));
  const std::int64_t groups = groups_of(view), taps = product(weight, 2, weight.size()), fan_in = weight[1];
  start_with_bias(view, out, result);
  for (std::int64_t n = 0; n < out.batch; ++n)
    for (std::int64_t o = 0; o < out.channels; ++o)
      for (std::int64_t c = 0; c < fan_in; ++c) {
        const double* x = view.known(0)->values.data() + (n * in.channels + o / (out.channels / groups) * fan_in + c) * in.volume();
        const double* w = view.known(1)->values.data() + (o * fan_in + c) * taps;
        double* y = result.values.data() + (n * out.channels + o) * out.volume();
        for_each_tap(out.spatial, in.spatial, window,
                     [&](std::int64_t to, std::int64_t from, std::int64_t tap) { y[to] += x[from] * w[tap]; });
      }
  return {std::move(result)};
}

std::vector<Array> convolve_transposed(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const Sizes in = sizes_of(view.shape(0)), out = sizes_of(result.shape);
  const Shape& weight = view.shape(1);
  const Window window = transposed_window_of(view.node(), spatial_of(weight), spatial_of(view.shape(0)));
  const std::int64_t groups = groups_of(view), taps = product(weight, 2, weight.size()), fan_out = weight[1];
  start_with_bias(view, out, result);
  for (std::int64_t n = 0; n < in.batch; ++n)
    for (std::int64_t c = 0; c < in.channels; ++c)
      for (std::int64_t o = 0; o < fan_out; ++o) {
        const double* x = view.known(0)->values.data() + (n * in.channels + c) * in.volume();
        const double* w = view.known(1)->values.data() + (c * fan_out + o) * taps;
        double* y = result.values.data() + (n * out.channels + c / (in.channels / groups) * fan_out + o) * out.volume();
        for_each_tap(in.spatial, out.spatial, window,
                     [&](std::int64_t from, std::int64_t to, std::int64_t tap) { y[to] += x[from] * w[tap]; });
      }
  return {std::move(result)};
}

}  // namespace

std::vector<Operator> convolution_operators() {
  return {{.name = "Conv",
           .least_inputs = 2,
           .most_inputs = 3,
           .attributes = window_attributes(),
           .shape = convolution_shape,
           .flop = convolution_flop,
           .evaluate = convolve},
          {.name = "ConvTranspose",
           .least_inputs = 2,
           .most_inputs = 3,
           .attributes = transposed_attributes(),
           .shape = transposed_shape,
           .flop = transposed_flop,
           .evaluate = convolve_transposed}};
}

}  // namespace isocenter::graph
