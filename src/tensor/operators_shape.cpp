// Operators that move or select data and compute nothing.
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "core/error.h"
#include "tensor/operators.h"
#include "tensor/operators_detail.h"

namespace isocenter::tensor {

std::vector<std::int64_t> integers_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kLong).contiguous();
  return {flat.data_ptr<std::int64_t>(), flat.data_ptr<std::int64_t>() + flat.numel()};
}

namespace {

using Tensors = std::vector<at::Tensor>;

// An argument that older opsets write as an attribute and newer ones as an input.
std::vector<std::int64_t> argument(const OperatorCall& call, std::size_t input, const char* attribute) {
  return call.has(input) ? integers_of(call.inputs[input]) : call.node.integers(attribute);
}

Tensors reshape(const OperatorCall& call) {
  const at::Tensor& x = call.inputs[0];
  auto shape = integers_of(call.inputs[1]);
  if (call.node.integer("allowzero", 0) == 0)
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
      if (shape[axis] == 0) shape[axis] = x.size(static_cast<std::int64_t>(axis));
  return {x.reshape(shape)};
}

Tensors flatten(const OperatorCall& call) {
  const at::Tensor& x = call.inputs[0];
  std::int64_t axis = call.node.integer("axis", 1), rows = 1;
  if (axis < 0) axis += x.dim();
  for (std::int64_t a = 0; a < axis; ++a) rows *= x.size(a);
  return {x.reshape({rows, -1})};
}

Tensors transpose(const OperatorCall& call) {
  auto order = call.node.integers("perm");
  if (order.empty())
    for (std::int64_t axis = call.inputs[0].dim(); axis-- > 0;) order.push_back(axis);
  return {call.inputs[0].permute(order)};
}

Tensors squeeze(const OperatorCall& call) {
  at::Tensor x = call.inputs[0];
  auto axes = argument(call, 1, "axes");
  if (axes.empty()) return {x.squeeze()};
  for (auto& axis : axes)
    if (axis < 0) axis += x.dim();
  std::sort(axes.rbegin(), axes.rend());
  for (auto axis : axes) x = x.squeeze(axis);
  return {x};
}

Tensors unsqueeze(const OperatorCall& call) {
  at::Tensor x = call.inputs[0];
  auto axes = argument(call, 1, "axes");
  for (auto& axis : axes)
    if (axis < 0) axis += x.dim() + static_cast<std::int64_t>(axes.size());
  std::sort(axes.begin(), axes.end());
  for (auto axis : axes) x = x.unsqueeze(axis);
  return {x};
}

Tensors slice(const OperatorCall& call) {
  at::Tensor x = call.inputs[0];
  const auto starts = argument(call, 1, "starts"), ends = argument(call, 2, "ends");
  auto axes = argument(call, 3, "axes");
  auto steps = call.has(4) ? integers_of(call.inputs[4]) : std::vector<std::int64_t>(starts.size(), 1);
  if (axes.empty())
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t axis = axes[i] < 0 ? axes[i] + x.dim() : axes[i], size = x.size(axis);
    if (steps[i] > 0) {
      x = x.slice(axis, starts[i], ends[i], steps[i]);
      continue;
    }
    // Backwards: the elements start, start + step, ... while above end, both clamped as ONNX says.
    std::int64_t from = starts[i] < 0 ? starts[i] + size : starts[i],
                 to = ends[i] < 0 ? std::max<std::int64_t>(ends[i] + size, -1) : ends[i];
    if (ends[i] < -size) to = -1;
    from = std::min(from, size - 1);
    std::vector<std::int64_t> indices;
    for (std::int64_t at = from; at > to && at >= 0; at += steps[i]) indices.push_back(at);
    x = x.index_select(axis, at::tensor(indices, at::kLong));
  }
  return {x};
}

Tensors gather(const OperatorCall& call) {
  const at::Tensor& x = call.inputs[0];
  const std::int64_t axis = call.node.integer("axis", 0), size = x.size(axis);
  at::Tensor indices = call.inputs[1].to(at::kLong);
  indices = at::where(indices < 0, indices + size, indices);
  const std::int64_t first = axis < 0 ? axis + x.dim() : axis;
  std::vector<std::int64_t> shape(x.sizes().begin(), x.sizes().begin() + first);
  shape.insert(shape.end(), indices.sizes().begin(), indices.sizes().end());
  shape.insert(shape.end(), x.sizes().begin() + first + 1, x.sizes().end());
  return {x.index_select(first, indices.reshape({-1})).reshape(shape)};
}

Tensors concat(const OperatorCall& call) { return {at::cat(call.inputs, call.node.integer("axis", 1))}; }

Tensors split(const OperatorCall& call) {
  const std::int64_t axis = call.node.integer("axis", 0);
  auto sizes = argument(call, 1, "split");
  if (sizes.empty()) {
    const std::int64_t parts = static_cast<std::int64_t>(call.node.outputs.size()), size = call.inputs[0].size(axis);
    const std::int64_t piece = (size + parts - 1) / parts;
    for (std::int64_t left = size; left > 0; left -= piece) sizes.push_back(std::min(piece, left));
  }
  return at::split_with_sizes(call.inputs[0], sizes, axis);
}

Tensors expand(const OperatorCall& call) {
  const at::Tensor shape = call.inputs[1];
  // ONNX broadcasts both ways: a 1 in the shape keeps the size.
  return {at::broadcast_tensors({call.inputs[0], at::empty(integers_of(shape), call.inputs[0].options())})[0]};
}

Tensors pad(const OperatorCall& call) {
  const std::string mode = call.node.text("mode", "constant");
  const auto pads = argument(call, 1, "pads");
  const std::size_t axes = pads.size() / 2;
  std::vector<std::int64_t> last_axis_first;
  for (std::size_t axis = axes; axis-- > 0;) {
    last_axis_first.push_back(pads[axis]);
    last_axis_first.push_back(pads[axes + axis]);
  }
  const double value = call.has(2) ? call.inputs[2].item<double>() : call.node.number("value", 0);
  if (mode == "constant") return {at::constant_pad_nd(call.inputs[0], last_axis_first, value)};
  while (last_axis_first.size() > 4 && last_axis_first[last_axis_first.size() - 1] == 0 && last_axis_first[last_axis_first.size() - 2] == 0)
    last_axis_first.resize(last_axis_first.size() - 2);
  if (last_axis_first.size() != 4) throw core::InputError("node {} (Pad): mode {} over three axes is not supported", call.node.name, mode);
  return {mode == "reflect" ? at::reflection_pad2d(call.inputs[0], last_axis_first)
                            : at::replication_pad2d(call.inputs[0], last_axis_first)};
}

// Nearest (any whole or fractional factor, as ONNX's asymmetric floor) and linear (half_pixel or align_corners).
Tensors resize(const OperatorCall& call) {
  const at::Tensor& x = call.inputs[0];
  const std::size_t scales_input = call.node.op == "Resize" ? 2 : 1;
  // libtorch takes either the sizes or the factors.
  std::vector<std::int64_t> sizes;
  std::vector<double> factors;
  if (call.has(scales_input) && call.inputs[scales_input].numel() > 0) {
    const at::Tensor given = call.inputs[scales_input].to(at::kDouble).contiguous();
    factors.assign(given.data_ptr<double>() + 2, given.data_ptr<double>() + x.dim());
  } else {
    const auto whole = integers_of(call.inputs[3]);
    sizes.assign(whole.begin() + 2, whole.end());
  }
  const at::OptionalIntArrayRef size = factors.empty() ? at::OptionalIntArrayRef(sizes) : at::OptionalIntArrayRef();
  const c10::optional<c10::ArrayRef<double>> factor =
      factors.empty() ? c10::optional<c10::ArrayRef<double>>() : c10::optional<c10::ArrayRef<double>>(factors);
  const std::size_t axes = factors.empty() ? sizes.size() : factors.size();
  const std::string mode = call.node.text("mode", "nearest"), frame = call.node.text("coordinate_transformation_mode", "half_pixel");
  if (mode == "nearest" && axes == 1) return {at::upsample_nearest1d(x, size, factor)};
  if (mode == "nearest" && axes == 2) return {at::upsample_nearest2d(x, size, factor)};
  if (mode == "nearest" && axes == 3) return {at::upsample_nearest3d(x, size, factor)};
  const bool corners = frame == "align_corners";
  if (mode == "linear" && axes == 2) return {at::upsample_bilinear2d(x, size, corners, factor)};
  if (mode == "linear" && axes == 3) return {at::upsample_trilinear3d(x, size, corners, factor)};
  if (mode == "cubic" && axes == 2) return {at::upsample_bicubic2d(x, size, corners, factor)};
  throw core::InputError("node {} ({}): mode {} over {} axes is not supported", call.node.name, call.node.op, mode, axes);
}

Tensors cast(const OperatorCall& call) {
  switch (call.node.integer("to", 1)) {  // ONNX's TensorProto.DataType
    case 1:
    case 10:
    case 11:
      return {call.inputs[0].to(at::kFloat)};
    case 6:
    case 7:
      return {call.inputs[0].to(at::kLong)};
    case 9:
      return {call.inputs[0].to(at::kBool)};
    default:
      throw core::InputError("node {} (Cast): element type {} is not supported", call.node.name, call.node.integer("to", 1));
  }
}

Tensors shape_of(const OperatorCall& call) {
  const auto sizes = call.inputs[0].sizes();
  return {at::tensor(std::vector<std::int64_t>(sizes.begin(), sizes.end()), at::kLong)};
}

at::Tensor tensor_of(const graph::Constant& constant) {
  if (constant.type == graph::DataType::i64) {
    const auto values = constant.integers();
    return at::tensor(std::vector<std::int64_t>(values.begin(), values.end()), at::kLong).reshape(constant.shape);
  }
  const auto values = constant.floats();
  return at::tensor(std::vector<float>(values.begin(), values.end()), at::kFloat).reshape(constant.shape);
}

Tensors constant_of_shape(const OperatorCall& call) {
  at::Tensor value = at::zeros({1}, at::kFloat);
  if (const auto found = call.node.attributes.find("value"); found != call.node.attributes.end())
    if (const auto* constant = std::get_if<graph::Constant>(&found->second)) value = tensor_of(*constant);
  return {value.expand(integers_of(call.inputs[0]))};
}

Tensors range(const OperatorCall& call) {
  return {at::arange(call.inputs[0].item(), call.inputs[1].item(), call.inputs[2].item(), call.inputs[0].options())};
}

// The last axis of the indices names the leading axes of data.
Tensors scatter_nd(const OperatorCall& call) {
  c10::List<c10::optional<at::Tensor>> indices;
  for (const auto& index : at::unbind(call.inputs[1].to(at::kLong), -1)) indices.push_back(index);
  return {at::index_put(call.inputs[0], indices, call.inputs[2])};
}

const std::unordered_map<std::string, Operator>& table() {
  static const std::unordered_map<std::string, Operator> entries = {
      {"Reshape", reshape},
      {"Flatten", flatten},
      {"Transpose", transpose},
      {"Squeeze", squeeze},
      {"Unsqueeze", unsqueeze},
      {"Slice", slice},
      {"Gather", gather},
      {"Concat", concat},
      {"Split", split},
      {"Expand", expand},
      {"Pad", pad},
      {"Resize", resize},
      {"Upsample", resize},
      {"Cast", cast},
      {"Shape", shape_of},
      {"ConstantOfShape", constant_of_shape},
      {"Range", range},
      {"ScatterND", scatter_nd},
  };
  return entries;
}

}  // namespace

Operator find_shape_operator(const std::string& op) {
  const auto found = table().find(op);
  return found == table().end() ? nullptr : found->second;
}

}  // namespace isocenter::tensor
