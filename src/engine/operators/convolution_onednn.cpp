// Convolution and transposed convolution by oneDNN, channels-last, f32.
#include "core/error.h"
#include "engine/operators/makers.h"
#include "engine/operators/onednn.h"

namespace isocenter::engine {

using dnnl::memory;

namespace {

memory::desc activations(const Tensor& tensor, memory::data_type type) {
  return memory::desc(tensor.shape, type, channels_last_tag(tensor.shape.size()));
}

}  // namespace

std::optional<memory::desc> bias_description(const Program& program, const Operation& operation) {
  if (!operation.has(2)) return {};
  return memory::desc({program.tensor(operation.inputs[2]).count()}, memory::data_type::f32, memory::format_tag::a);
}

OnednnConvolution::OnednnConvolution(const dnnl::primitive& primitive, std::string implementation, const memory::desc& x,
                                     const memory::desc& w, const memory::desc& y, const memory::desc& scratch,
                                     const memory::desc& weights_as_given, const Program& program, const Operation& operation)
    : primitive_(primitive),
      implementation_(std::move(implementation)),
      stream_(onednn_engine()),
      x_(x, onednn_engine(), nullptr),
      weights_(w, onednn_engine()),
      y_(y, onednn_engine(), nullptr),
      scratch_(scratch, onednn_engine(), nullptr),
      x_tensor_(operation.inputs[0]),
      y_tensor_(operation.outputs[0]) {
  memory given(weights_as_given, onednn_engine(), const_cast<float*>(program.tensor(operation.inputs[1]).floats()));
  dnnl::reorder(given, weights_).execute(stream_, given, weights_);
  if (const auto description = bias_description(program, operation))
    bias_ = memory(*description, onednn_engine(), const_cast<float*>(program.tensor(operation.inputs[2]).floats()));
  if (x.data_type() == memory::data_type::bf16) {
    rounded_from_ = memory(activations(program.tensor(x_tensor_), memory::data_type::f32), onednn_engine(), nullptr);
    rounding_.emplace(rounded_from_, x_);
  }
  stream_.wait();
}

void OnednnConvolution::run(const Frame& frame) {
  if (rounding_) {
    rounded_from_.set_data_handle(frame.floats(x_tensor_));
    x_.set_data_handle(frame.workspace + scratch_bytes());
    rounding_->execute(stream_, rounded_from_, x_);
  } else {
    x_.set_data_handle(frame.floats(x_tensor_));
  }
  y_.set_data_handle(frame.floats(y_tensor_));
  scratch_.set_data_handle(frame.workspace);
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, weights_}, {DNNL_ARG_DST, y_}, {DNNL_ARG_SCRATCHPAD, scratch_}};
  if (bias_) arguments.emplace(DNNL_ARG_BIAS, bias_);
  primitive_.execute(stream_, arguments);
  stream_.wait();
}

namespace {

// Why oneDNN's convolutions cannot take this operation; empty when they may.
std::string misfit(const Program& program, const Operation& operation) {
  const Tensor &x = program.tensor(operation.inputs[0]), &y = program.tensor(operation.outputs[0]);
  if (!x.channels_last || !y.channels_last) return "not channels-last";
  if (x.wide >= 0 || y.wide >= 0) return "a slice of a wider tensor";
  if (!program.tensor(operation.inputs[1]).is_constant()) return "weights that are computed";
  if (operation.has(2) && !program.tensor(operation.inputs[2]).is_constant()) return "a bias that is computed";
  if (operation.residual >= 0) return "a residual";
  return {};
}

memory::dims less_one(memory::dims dims) {
  for (auto& value : dims) --value;
  return dims;
}

dnnl::primitive_attr attributes_of(const Operation& operation) {
  dnnl::post_ops operations;
  add_activation(operations, operation.activation);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(operations);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

// Weight sizes with the group first when there are several; `outputs`, `inputs` a group.
memory::dims weight_dims(const SpatialWindow& window, std::size_t rank) {
  memory::dims dims{window.out_channels / window.groups, window.in_channels / window.groups};
  const auto kernel = spatial_dims(window.kernel, rank);
  dims.insert(dims.end(), kernel.begin(), kernel.end());
  if (window.groups > 1) dims.insert(dims.begin(), window.groups);
  return dims;
}

memory::dims dense_strides(const memory::dims& dims) {
  memory::dims strides(dims.size(), 1);
  for (std::size_t i = dims.size() - 1; i-- > 0;) strides[i] = strides[i + 1] * dims[i + 1];
  return strides;
}

template <class Primitive>
Candidate finished(const typename Primitive::desc& description, const Program& program, const Operation& operation,
                   const memory::desc& weights_as_given) {
  const typename Primitive::primitive_desc chosen(description, attributes_of(operation), onednn_engine());
  const std::string implementation = chosen.impl_info_str();
  if (is_reference_kernel(implementation)) return refused("oneDNN has only its reference kernel for it");
  return {std::make_unique<OnednnConvolution>(Primitive(chosen), implementation, chosen.src_desc(), chosen.weights_desc(),
                                              chosen.dst_desc(), chosen.scratchpad_desc(), weights_as_given, program, operation),
          {}};
}

Candidate convolution(const Program& program, const Operation& operation, memory::data_type type) {
  if (auto why = misfit(program, operation); !why.empty()) return refused(why);
  const Tensor& x = program.tensor(operation.inputs[0]);
  const std::size_t rank = x.shape.size();
  const SpatialWindow window = convolution_window(program, operation);
  const auto dims = weight_dims(window, rank);
  const memory::desc given(dims, memory::data_type::f32, dense_strides(dims));
  const memory::desc any(dims, type, memory::format_tag::any);
  const auto y = activations(program.tensor(operation.outputs[0]), memory::data_type::f32);
  try {
    const auto bias = bias_description(program, operation).value_or(memory::desc());
    return finished<dnnl::convolution_forward>(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, activations(x, type), any, bias, y,
         spatial_dims(window.stride, rank), less_one(spatial_dims(window.dilation, rank)), spatial_dims(window.before, rank),
         spatial_dims(window.after, rank)},
        program, operation, given);
  } catch (const dnnl::error& error) {
    return refused(std::string("oneDNN: ") + error.what());
  }
}

Candidate transposed_convolution(const Program& program, const Operation& operation, memory::data_type type) {
  if (auto why = misfit(program, operation); !why.empty()) return refused(why);
  const Tensor& x = program.tensor(operation.inputs[0]);
  const std::size_t rank = x.shape.size();
  SpatialWindow window = convolution_window(program, operation, true);
  if (window.groups > 1) return refused("groups");
  // ONNX's order is (in, out, kernel); oneDNN describes (out, in, kernel).
  const auto dims = weight_dims(window, rank);
  memory::dims onnx = dims;
  std::swap(onnx[0], onnx[1]);
  auto strides = dense_strides(onnx);
  std::swap(strides[0], strides[1]);
  const memory::desc given(dims, memory::data_type::f32, strides);
  const memory::desc any(dims, type, memory::format_tag::any);
  Size3 after{};
  for (std::size_t a = 0; a < 3; ++a)
    after[a] =
        (window.input[a] - 1) * window.stride[a] + window.dilation[a] * (window.kernel[a] - 1) + 1 - window.before[a] - window.output[a];
  try {
    const auto bias = bias_description(program, operation).value_or(memory::desc());
    return finished<dnnl::deconvolution_forward>(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct, activations(x, type), any, bias,
         activations(program.tensor(operation.outputs[0]), memory::data_type::f32), spatial_dims(window.stride, rank),
         less_one(spatial_dims(window.dilation, rank)), spatial_dims(window.before, rank), spatial_dims(after, rank)},
        program, operation, given);
  } catch (const dnnl::error& error) {
    return refused(std::string("oneDNN: ") + error.what());
  }
}

}  // namespace

Candidate make_onednn_convolution(const Program& program, const Operation& operation) {
  return convolution(program, operation, memory::data_type::f32);
}
Candidate make_bf16_convolution(const Program& program, const Operation& operation) {
  return convolution(program, operation, memory::data_type::bf16);
}
Candidate make_onednn_transposed_convolution(const Program& program, const Operation& operation) {
  return transposed_convolution(program, operation, memory::data_type::f32);
}
Candidate make_bf16_transposed_convolution(const Program& program, const Operation& operation) {
  return transposed_convolution(program, operation, memory::data_type::bf16);
}

}  // namespace isocenter::engine
