#include "tensor/own_operators.h"

#include <deque>
#include <map>
#include <mutex>

#include "core/parallel.h"
#include "kernels/convolution.h"
#include "kernels/normalization.h"
#include "kernels/workspace.h"

namespace isocenter::tensor {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

at::MemoryFormat channels_last_of(std::int64_t dimensions) {
  return dimensions == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
}

// Floats from one voxel to the next when the voxels lie one after the other with the channels adjacent; 0 when they do not.
std::int64_t voxel_stride(const at::Tensor& x) {
  if (x.scalar_type() != at::kFloat || (x.size(1) > 1 && x.stride(1) != 1)) return 0;
  std::int64_t stride = 0, expected = 0;
  for (std::int64_t axis = x.dim() - 1; axis >= 0; --axis) {
    if (axis == 1 || x.size(axis) == 1) continue;
    if (stride == 0) stride = expected = x.stride(axis);
    if (x.stride(axis) != expected) return 0;
    expected *= x.size(axis);
  }
  if (stride == 0) stride = x.size(1);
  return stride >= x.size(1) ? stride : 0;
}

// x itself where it can be taken as it is, else a dense copy.
at::Tensor viewable(const at::Tensor& x) { return voxel_stride(x) > 0 ? x : x.to(at::kFloat).contiguous(channels_last_of(x.dim())); }

kernels::Size3 size3(at::IntArrayRef values, std::int64_t otherwise) {
  kernels::Size3 size{otherwise, otherwise, otherwise};
  for (std::size_t i = 0; i < values.size(); ++i) size[i + 3 - values.size()] = values[i];
  return size;
}

at::Tensor dense(std::vector<std::int64_t> shape) {
  const std::int64_t dimensions = static_cast<std::int64_t>(shape.size());
  return at::empty(shape, at::TensorOptions().dtype(at::kFloat).memory_format(channels_last_of(dimensions)));
}

// Objects that choose their kernels once a shape; addresses stay valid.
template <class Object, class Shape>
const Object& cached(const std::string& key, const Shape& shape) {
  static std::mutex mutex;
  static std::map<std::string, Object> objects;
  const std::lock_guard lock(mutex);
  const std::string whole = key + " threads " + std::to_string(core::thread_count());
  const auto found = objects.find(whole);
  return found != objects.end() ? found->second : objects.emplace(whole, Object(shape)).first->second;
}

std::string strides_text(std::int64_t x, std::int64_t y, std::int64_t dx, std::int64_t dy) {
  return " strides " + std::to_string(x) + " " + std::to_string(y) + " " + std::to_string(dx) + " " + std::to_string(dy);
}

std::string text(const kernels::Size3& size) {
  return std::to_string(size[0]) + "x" + std::to_string(size[1]) + "x" + std::to_string(size[2]);
}

const kernels::Convolution& convolution_for(const kernels::ConvolutionShape& s) {
  return cached<kernels::Convolution>(std::to_string(s.batch) + " " + text(s.input) + " " + std::to_string(s.in_channels) + ">" +
                                          std::to_string(s.out_channels) + " k" + text(s.kernel) + " s" + text(s.stride) + " d" +
                                          text(s.dilation) + " p" + text(s.padding_low) + " " + text(s.padding_high) + " g" +
                                          std::to_string(s.groups) + strides_text(s.x_stride, s.y_stride, s.dx_stride, s.dy_stride),
                                      s);
}

const kernels::TransposedConvolution& transposed_for(const kernels::TransposedConvolutionShape& s) {
  return cached<kernels::TransposedConvolution>(std::to_string(s.batch) + " " + text(s.input) + " " + std::to_string(s.in_channels) + ">" +
                                                    std::to_string(s.out_channels) + " k" + text(s.kernel) +
                                                    strides_text(s.x_stride, s.y_stride, s.dx_stride, s.dy_stride),
                                                s);
}

void* workspace(std::size_t bytes) {
  thread_local kernels::Workspace memory;
  return memory.reserve(bytes);
}

// A Function takes no undefined tensor: an empty one stands for a bias that is left out.
at::Tensor or_empty(const at::Tensor& bias) { return bias.defined() ? bias : at::empty({0}); }
const float* data_or_null(const at::Tensor& tensor) { return tensor.numel() > 0 ? tensor.data_ptr<float>() : nullptr; }

kernels::ConvolutionShape shape_of(const at::Tensor& x, const at::Tensor& weight, const ConvolutionWindow& window) {
  kernels::ConvolutionShape shape;
  shape.batch = x.size(0);
  shape.input = size3(x.sizes().slice(2), 1);
  shape.in_channels = x.size(1);
  shape.out_channels = weight.size(0);
  shape.kernel = size3(weight.sizes().slice(2), 1);
  shape.stride = size3(window.stride, 1);
  shape.dilation = size3(window.dilation, 1);
  shape.padding_low = size3(window.padding_low, 0);
  shape.padding_high = size3(window.padding_high, 0);
  shape.groups = window.groups;
  shape.x_stride = voxel_stride(x);
  return shape;
}

struct ConvolutionFunction : Function<ConvolutionFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& weight, const at::Tensor& bias,
                            const ConvolutionWindow& window) {
    const at::Tensor x = viewable(given);
    const auto shape = shape_of(x, weight, window);
    const auto output = shape.output();
    std::vector<std::int64_t> sizes{shape.batch, shape.out_channels};
    for (std::int64_t axis = 5 - x.dim(); axis < 3; ++axis) sizes.push_back(output[static_cast<std::size_t>(axis)]);
    at::Tensor y = dense(sizes);
    const auto& convolution = convolution_for(shape);
    convolution.forward(x.data_ptr<float>(), weight.data_ptr<float>(), data_or_null(bias), y.data_ptr<float>(),
                        workspace(convolution.workspace_bytes(kernels::Pass::forward)));
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.numel() > 0;
    context->saved_data["input_gradient"] = given.requires_grad();
    context->saved_data["stride"] = window.stride;
    context->saved_data["dilation"] = window.dilation;
    context->saved_data["padding_low"] = window.padding_low;
    context->saved_data["padding_high"] = window.padding_high;
    context->saved_data["groups"] = window.groups;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], dy = viewable(gradients[0]);
    const ConvolutionWindow window{context->saved_data["stride"].toIntVector(), context->saved_data["dilation"].toIntVector(),
                                   context->saved_data["padding_low"].toIntVector(), context->saved_data["padding_high"].toIntVector(),
                                   context->saved_data["groups"].toInt()};
    auto shape = shape_of(x, weight, window);
    shape.dx_stride = shape.in_channels;
    shape.dy_stride = voxel_stride(dy);
    const auto& convolution = convolution_for(shape);
    void* memory = workspace(convolution.workspace_bytes());
    at::Tensor dx, dweight = at::empty(weight.sizes(), weight.options()), dbias;
    if (context->saved_data["bias"].toBool()) dbias = at::empty({weight.size(0)}, weight.options());
    convolution.gradient_weights(x.data_ptr<float>(), dy.data_ptr<float>(), dweight.data_ptr<float>(),
                                 dbias.defined() ? dbias.data_ptr<float>() : nullptr, memory);
    if (context->saved_data["input_gradient"].toBool()) {
      dx = dense(x.sizes().vec());
      convolution.gradient_input(dy.data_ptr<float>(), weight.data_ptr<float>(), dx.data_ptr<float>(), memory);
    }
    return {dx, dweight, dbias, at::Tensor()};
  }
};

kernels::TransposedConvolutionShape shape_of(const at::Tensor& x, const at::Tensor& weight) {
  kernels::TransposedConvolutionShape shape;
  shape.batch = x.size(0);
  shape.input = size3(x.sizes().slice(2), 1);
  shape.in_channels = x.size(1);
  shape.out_channels = weight.size(1);
  shape.kernel = size3(weight.sizes().slice(2), 1);
  shape.x_stride = voxel_stride(x);
  return shape;
}

struct TransposedConvolutionFunction : Function<TransposedConvolutionFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& weight, const at::Tensor& bias) {
    const at::Tensor x = viewable(given);
    const auto shape = shape_of(x, weight);
    std::vector<std::int64_t> sizes{shape.batch, shape.out_channels};
    for (std::int64_t axis = 2; axis < x.dim(); ++axis) sizes.push_back(x.size(axis) * weight.size(axis));
    at::Tensor y = dense(sizes);
    const auto& convolution = transposed_for(shape);
    convolution.forward(x.data_ptr<float>(), weight.data_ptr<float>(), data_or_null(bias), y.data_ptr<float>(),
                        workspace(convolution.workspace_bytes()));
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.numel() > 0;
    context->saved_data["input_gradient"] = given.requires_grad();
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], dy = viewable(gradients[0]);
    auto shape = shape_of(x, weight);
    shape.dx_stride = shape.in_channels;
    shape.dy_stride = voxel_stride(dy);
    const auto& convolution = transposed_for(shape);
    void* memory = workspace(convolution.workspace_bytes());
    at::Tensor dx, dweight = at::empty(weight.sizes(), weight.options()), dbias;
    if (context->saved_data["bias"].toBool()) dbias = at::empty({weight.size(1)}, weight.options());
    convolution.gradient_weights(x.data_ptr<float>(), dy.data_ptr<float>(), dweight.data_ptr<float>(),
                                 dbias.defined() ? dbias.data_ptr<float>() : nullptr, memory);
    if (context->saved_data["input_gradient"].toBool()) {
      dx = dense(x.sizes().vec());
      convolution.gradient_input(dy.data_ptr<float>(), weight.data_ptr<float>(), dx.data_ptr<float>(), memory);
    }
    return {dx, dweight, dbias};
  }
};

kernels::NormalizationShape normalization_shape(const at::Tensor& x) {
  const std::int64_t batch = x.size(0), channels = x.size(1);
  return {
      .batch = batch, .voxels = x.numel() / (batch * channels), .channels = channels, .x_stride = voxel_stride(x), .y_stride = channels};
}

struct InstanceNormFunction : Function<InstanceNormFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& scale, const at::Tensor& bias,
                            double epsilon, double leaky_slope) {
    const at::Tensor x = viewable(given);
    const auto shape = normalization_shape(x);
    at::Tensor y = dense(x.sizes().vec());
    const at::Tensor mean = at::empty({shape.batch * shape.channels}, scale.options());
    const at::Tensor inverse_deviation = at::empty_like(mean);
    kernels::instance_norm_forward(shape, {epsilon, leaky_slope}, x.data_ptr<float>(), scale.data_ptr<float>(), bias.data_ptr<float>(),
                                   y.data_ptr<float>(), mean.data_ptr<float>(), inverse_deviation.data_ptr<float>(),
                                   workspace(kernels::normalization_workspace_bytes(shape)));
    context->save_for_backward({x, scale, bias, mean, inverse_deviation});
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["leaky_slope"] = leaky_slope;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &scale = saved[1], &bias = saved[2], &mean = saved[3], &inverse_deviation = saved[4];
    const at::Tensor dy = viewable(gradients[0]);
    auto shape = normalization_shape(x);
    shape.dx_stride = shape.channels;
    shape.dy_stride = voxel_stride(dy);
    at::Tensor dx = dense(x.sizes().vec()), dscale = at::empty_like(scale), dbias = at::empty_like(bias);
    kernels::instance_norm_backward(
        shape, {context->saved_data["epsilon"].toDouble(), context->saved_data["leaky_slope"].toDouble()}, x.data_ptr<float>(),
        scale.data_ptr<float>(), bias.data_ptr<float>(), mean.data_ptr<float>(), inverse_deviation.data_ptr<float>(), dy.data_ptr<float>(),
        dx.data_ptr<float>(), dscale.data_ptr<float>(), dbias.data_ptr<float>(), workspace(kernels::normalization_workspace_bytes(shape)));
    return {dx, dscale, dbias, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor own_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const ConvolutionWindow& window) {
  return ConvolutionFunction::apply(x, weight.contiguous(), or_empty(bias), window);
}

at::Tensor own_transposed_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return TransposedConvolutionFunction::apply(x, weight.contiguous(), or_empty(bias));
}

at::Tensor own_instance_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& bias, double epsilon, double leaky_slope) {
  return InstanceNormFunction::apply(x, scale, bias, epsilon, leaky_slope);
}

}  // namespace isocenter::tensor
