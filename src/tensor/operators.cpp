#include "tensor/operators.h"

#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "tensor/operators_detail.h"
#include "tensor/own_operators.h"

namespace isocenter::tensor {
namespace {

using Tensors = std::vector<at::Tensor>;

at::MemoryFormat channels_last_of(const at::Tensor& x) {
  return x.dim() == 5 ? at::MemoryFormat::ChannelsLast3d : x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

// Padding as ONNX has it, split into what the library takes (symmetric) and a rest that is padded beforehand.
struct Padding {
  std::vector<std::int64_t> symmetric;
  at::Tensor padded;
};

Padding apply_padding(const OperatorCall& call, const at::Tensor& x, double value) {
  const std::size_t axes = static_cast<std::size_t>(x.dim()) - 2;
  const std::string automatic = call.node.text("auto_pad", "NOTSET");
  if (automatic != "NOTSET" && automatic != "VALID")
    throw core::InputError("node {} ({}): auto_pad {} is not supported; write the padding out", call.node.name, call.node.op, automatic);
  const auto pads = call.node.integers("pads", std::vector<std::int64_t>(2 * axes, 0));
  std::vector<std::int64_t> begin(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
  if (std::equal(begin.begin(), begin.end(), pads.begin() + static_cast<std::ptrdiff_t>(axes))) return {begin, x};
  std::vector<std::int64_t> last_axis_first;
  for (std::size_t axis = axes; axis-- > 0;) {
    last_axis_first.push_back(pads[axis]);
    last_axis_first.push_back(pads[axes + axis]);
  }
  return {std::vector<std::int64_t>(axes, 0), at::constant_pad_nd(x, last_axis_first, value)};
}

std::vector<std::int64_t> per_axis(const OperatorCall& call, const char* key, std::size_t axes, std::int64_t otherwise = 1) {
  return call.node.integers(key, std::vector<std::int64_t>(axes, otherwise));
}

bool all_equal(const std::vector<std::int64_t>& values, std::int64_t value) {
  return std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == value; });
}

// Batch and voxels as rows, channels as columns; no copy when x is channels-last.
at::Tensor rows_of(const at::Tensor& x) {
  std::vector<std::int64_t> order{0};
  for (std::int64_t axis = 2; axis < x.dim(); ++axis) order.push_back(axis);
  order.push_back(1);
  return x.permute(order).reshape({-1, x.size(1)});
}

Tensors convolution(const OperatorCall& call) {
  const at::Tensor weight = call.inputs[1], bias = call.bias_cancels ? at::Tensor() : call.optional(2);
  const std::size_t axes = static_cast<std::size_t>(weight.dim()) - 2;
  if (call.kernels == Kernels::own && axes > 1 && call.node.text("auto_pad", "NOTSET") == "NOTSET") {
    const auto pads = per_axis(call, "pads", 2 * axes, 0);
    const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(axes);
    return {own_convolution(call.inputs[0], weight, bias,
                            {per_axis(call, "strides", axes),
                             per_axis(call, "dilations", axes),
                             {pads.begin(), middle},
                             {middle, pads.end()},
                             call.node.integer("group", 1)})};
  }
  auto [padding, x] = apply_padding(call, call.inputs[0], 0);
  const auto stride = per_axis(call, "strides", axes), dilation = per_axis(call, "dilations", axes);
  const std::int64_t groups = call.node.integer("group", 1);
  const bool pointwise = weight[0][0].numel() == 1 && groups == 1 && all_equal(stride, 1) && all_equal(padding, 0);
  if (pointwise && axes > 1) {  // a matrix product: libtorch's own way for one thread is an unvectorised one
    std::vector<std::int64_t> shape{x.size(0)}, back{0, x.dim() - 1};
    for (std::int64_t axis = 2; axis < x.dim(); ++axis) {
      shape.push_back(x.size(axis));
      back.push_back(axis - 1);
    }
    shape.push_back(weight.size(0));
    return {at::linear(rows_of(x), weight.reshape({weight.size(0), weight.size(1)}), bias).reshape(shape).permute(back)};
  }
  if (axes > 1) x = x.contiguous(channels_last_of(x));
  return {at::convolution(x, weight, bias, stride, padding, dilation, false, std::vector<std::int64_t>(axes, 0), groups)};
}

// Kernel equal to stride and no padding: every input voxel becomes a block of its own, so it is a matrix product and a rearrangement.
at::Tensor block_transposed_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const std::int64_t axes = x.dim() - 2, outputs = weight.size(1);
  std::vector<std::int64_t> weight_order{0};
  for (std::int64_t axis = 0; axis < axes; ++axis) weight_order.push_back(2 + axis);
  weight_order.push_back(1);
  at::Tensor blocks = at::matmul(rows_of(x), weight.permute(weight_order).reshape({weight.size(0), -1}));
  std::vector<std::int64_t> split{x.size(0)}, interleaved{0}, joined{x.size(0)}, back{0, axes + 1};
  for (std::int64_t axis = 0; axis < axes; ++axis) split.push_back(x.size(2 + axis));
  for (std::int64_t axis = 0; axis < axes; ++axis) split.push_back(weight.size(2 + axis));
  split.push_back(outputs);
  for (std::int64_t axis = 0; axis < axes; ++axis) {
    interleaved.push_back(1 + axis);
    interleaved.push_back(1 + axes + axis);
    joined.push_back(x.size(2 + axis) * weight.size(2 + axis));
    back.push_back(1 + axis);
  }
  interleaved.push_back(1 + 2 * axes);
  joined.push_back(outputs);
  at::Tensor y = blocks.reshape(split).permute(interleaved).reshape(joined);
  if (bias.defined()) y = y + bias;
  return y.permute(back);
}

Tensors transposed_convolution(const OperatorCall& call) {
  const at::Tensor weight = call.inputs[1], bias = call.optional(2);
  const std::size_t axes = static_cast<std::size_t>(weight.dim()) - 2;
  auto [padding, x] = apply_padding(call, call.inputs[0], 0);
  const auto stride = per_axis(call, "strides", axes), dilation = per_axis(call, "dilations", axes);
  const auto output_padding = per_axis(call, "output_padding", axes, 0);
  const std::int64_t groups = call.node.integer("group", 1);
  const bool blocks = std::equal(stride.begin(), stride.end(), weight.sizes().begin() + 2);
  if (axes > 1 && blocks && groups == 1 && all_equal(padding, 0) && all_equal(dilation, 1) && all_equal(output_padding, 0))
    return {call.kernels == Kernels::own ? own_transposed_convolution(x, weight, bias) : block_transposed_convolution(x, weight, bias)};
  return {at::convolution(x, weight, bias, stride, padding, dilation, true, output_padding, groups)};
}

Tensors instance_norm(const OperatorCall& call) {
  const at::Tensor& x = call.inputs[0];
  const double epsilon = call.node.number("epsilon", 1e-5);
  if (call.kernels == Kernels::own && x.dim() > 3) return {own_instance_norm(x, call.inputs[1], call.inputs[2], epsilon, call.leaky_slope)};
  if (x.size(0) == 1)  // the same as batch normalisation by the batch's own statistics, which keeps channels-last
    return {at::batch_norm(x, call.inputs[1], call.inputs[2], {}, {}, true, 0, epsilon, false)};
  return {at::instance_norm(x, call.inputs[1], call.inputs[2], {}, {}, true, 0, epsilon, false).contiguous(channels_last_of(x))};
}

Tensors batch_norm(const OperatorCall& call) {
  // ONNX's momentum is the share that is kept, libtorch's the share that is new.
  return {at::batch_norm(call.inputs[0], call.inputs[1], call.inputs[2], call.inputs[3], call.inputs[4], call.training,
                         1 - call.node.number("momentum", 0.9), call.node.number("epsilon", 1e-5), false)};
}

Tensors layer_norm(const OperatorCall& call) {
  const at::Tensor& x = call.inputs[0];
  const std::int64_t axis = call.node.integer("axis", -1);
  return {at::layer_norm(x, x.sizes().slice(static_cast<std::size_t>(axis < 0 ? axis + x.dim() : axis)), call.inputs[1], call.optional(2),
                         call.node.number("epsilon", 1e-5), false)};
}

Tensors max_pool(const OperatorCall& call) {
  const auto kernel = call.node.integers("kernel_shape");
  const std::size_t axes = kernel.size();
  auto [padding, x] = apply_padding(call, call.inputs[0], -std::numeric_limits<float>::infinity());
  const auto stride = per_axis(call, "strides", axes), dilation = per_axis(call, "dilations", axes);
  const bool ceil = call.node.integer("ceil_mode", 0) != 0;
  if (axes == 1) return {at::max_pool1d(x, kernel, stride, padding, dilation, ceil)};
  return {axes == 2 ? at::max_pool2d(x, kernel, stride, padding, dilation, ceil)
                    : at::max_pool3d(x, kernel, stride, padding, dilation, ceil)};
}

Tensors average_pool(const OperatorCall& call) {
  const auto kernel = call.node.integers("kernel_shape");
  const std::size_t axes = kernel.size();
  auto [padding, x] = apply_padding(call, call.inputs[0], 0);
  const auto stride = per_axis(call, "strides", axes);
  const bool ceil = call.node.integer("ceil_mode", 0) != 0, count_padding = call.node.integer("count_include_pad", 0) != 0;
  if (axes == 1) return {at::avg_pool1d(x, kernel, stride, padding, ceil, count_padding)};
  return {axes == 2 ? at::avg_pool2d(x, kernel, stride, padding, ceil, count_padding)
                    : at::avg_pool3d(x, kernel, stride, padding, ceil, count_padding)};
}

std::vector<std::int64_t> spatial_axes(const at::Tensor& x) {
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = 2; axis < x.dim(); ++axis) axes.push_back(axis);
  return axes;
}

Tensors gemm(const OperatorCall& call) {
  at::Tensor a = call.inputs[0], b = call.inputs[1];
  if (call.node.integer("transA", 0) != 0) a = a.t();
  if (call.node.integer("transB", 0) != 0) b = b.t();
  at::Tensor y = at::matmul(a, b) * call.node.number("alpha", 1);
  if (call.has(2)) y = y + call.inputs[2] * call.node.number("beta", 1);
  return {y};
}

Tensors clip(const OperatorCall& call) {
  at::Tensor y = call.inputs[0];
  if (call.has(1)) y = at::maximum(y, call.inputs[1]);
  if (call.has(2)) y = at::minimum(y, call.inputs[2]);
  if (!call.has(1) && call.node.attributes.count("min")) y = at::clamp_min(y, call.node.number("min", 0));
  if (!call.has(2) && call.node.attributes.count("max")) y = at::clamp_max(y, call.node.number("max", 0));
  return {y};
}

Tensors dropout(const OperatorCall& call) {
  // A graph trained here has its dropout in the recipe; in an imported one it is the identity, as in inference.
  return {call.inputs[0]};
}

Tensors mean(const OperatorCall& call) {
  const auto axes = call.has(1) ? integers_of(call.inputs[1]) : call.node.integers("axes");
  const bool keep = call.node.integer("keepdims", 1) != 0;
  if (axes.empty()) return {at::mean(call.inputs[0])};
  return {at::mean(call.inputs[0], axes, keep)};
}

Tensors sum(const OperatorCall& call) {
  const auto axes = call.has(1) ? integers_of(call.inputs[1]) : call.node.integers("axes");
  const bool keep = call.node.integer("keepdims", 1) != 0;
  if (axes.empty()) return {at::sum(call.inputs[0])};
  return {at::sum(call.inputs[0], axes, keep)};
}

const std::unordered_map<std::string, Operator>& table() {
  static const std::unordered_map<std::string, Operator> entries = {
      {"Conv", convolution},
      {"ConvTranspose", transposed_convolution},
      {"InstanceNormalization", instance_norm},
      {"BatchNormalization", batch_norm},
      {"LayerNormalization", layer_norm},
      {"MaxPool", max_pool},
      {"AveragePool", average_pool},
      {"GlobalAveragePool", [](const OperatorCall& c) { return Tensors{at::mean(c.inputs[0], spatial_axes(c.inputs[0]), true)}; }},
      {"Gemm", gemm},
      {"MatMul", [](const OperatorCall& c) { return Tensors{at::matmul(c.inputs[0], c.inputs[1])}; }},
      {"Add", [](const OperatorCall& c) { return Tensors{at::add(c.inputs[0], c.inputs[1])}; }},
      {"Sub", [](const OperatorCall& c) { return Tensors{at::sub(c.inputs[0], c.inputs[1])}; }},
      {"Mul", [](const OperatorCall& c) { return Tensors{at::mul(c.inputs[0], c.inputs[1])}; }},
      {"Div",
       [](const OperatorCall& c) {
         if (at::isIntegralType(c.inputs[0].scalar_type(), false)) return Tensors{at::div(c.inputs[0], c.inputs[1], "trunc")};
         return Tensors{at::div(c.inputs[0], c.inputs[1])};
       }},
      {"Pow", [](const OperatorCall& c) { return Tensors{at::pow(c.inputs[0], c.inputs[1])}; }},
      {"Sqrt", [](const OperatorCall& c) { return Tensors{at::sqrt(c.inputs[0])}; }},
      {"Exp", [](const OperatorCall& c) { return Tensors{at::exp(c.inputs[0])}; }},
      {"Log", [](const OperatorCall& c) { return Tensors{at::log(c.inputs[0])}; }},
      {"Neg", [](const OperatorCall& c) { return Tensors{at::neg(c.inputs[0])}; }},
      {"Abs", [](const OperatorCall& c) { return Tensors{at::abs(c.inputs[0])}; }},
      {"Erf", [](const OperatorCall& c) { return Tensors{at::erf(c.inputs[0])}; }},
      {"Tanh", [](const OperatorCall& c) { return Tensors{at::tanh(c.inputs[0])}; }},
      {"Sin", [](const OperatorCall& c) { return Tensors{at::sin(c.inputs[0])}; }},
      {"Cos", [](const OperatorCall& c) { return Tensors{at::cos(c.inputs[0])}; }},
      {"Sigmoid", [](const OperatorCall& c) { return Tensors{at::sigmoid(c.inputs[0])}; }},
      {"Relu", [](const OperatorCall& c) { return Tensors{at::relu(c.inputs[0])}; }},
      {"LeakyRelu", [](const OperatorCall& c) { return Tensors{at::leaky_relu(c.inputs[0], c.node.number("alpha", 0.01))}; }},
      {"PRelu", [](const OperatorCall& c) { return Tensors{at::where(c.inputs[0] < 0, c.inputs[0] * c.inputs[1], c.inputs[0])}; }},
      {"HardSigmoid",
       [](const OperatorCall& c) {
         return Tensors{at::clamp(c.inputs[0] * c.node.number("alpha", 0.2) + c.node.number("beta", 0.5), 0, 1)};
       }},
      {"HardSwish", [](const OperatorCall& c) { return Tensors{at::hardswish(c.inputs[0])}; }},
      {"Softmax", [](const OperatorCall& c) { return Tensors{at::softmax(c.inputs[0], c.node.integer("axis", -1))}; }},
      {"LogSoftmax", [](const OperatorCall& c) { return Tensors{at::log_softmax(c.inputs[0], c.node.integer("axis", -1))}; }},
      {"Clip", clip},
      {"Dropout", dropout},
      {"Identity", [](const OperatorCall& c) { return Tensors{c.inputs[0]}; }},
      {"ReduceMean", mean},
      {"ReduceSum", sum},
      {"Einsum", [](const OperatorCall& c) { return Tensors{at::einsum(c.node.text("equation", ""), c.inputs)}; }},
      {"Where", [](const OperatorCall& c) { return Tensors{at::where(c.inputs[0], c.inputs[1], c.inputs[2])}; }},
      {"Not", [](const OperatorCall& c) { return Tensors{at::logical_not(c.inputs[0])}; }},
      {"Mod",
       [](const OperatorCall& c) {
         return Tensors{c.node.integer("fmod", 0) != 0 ? at::fmod(c.inputs[0], c.inputs[1]) : at::remainder(c.inputs[0], c.inputs[1])};
       }},
      {"Equal", [](const OperatorCall& c) { return Tensors{at::eq(c.inputs[0], c.inputs[1])}; }},
  };
  return entries;
}

}  // namespace

Operator find_operator(const std::string& op) {
  if (const auto found = table().find(op); found != table().end()) return found->second;
  return find_shape_operator(op);
}

}  // namespace isocenter::tensor
