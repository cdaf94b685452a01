// The operators that the engine knows, with their kernels, best first.
#include <algorithm>
#include <array>

#include "core/error.h"
#include "engine/operators/makers.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

const std::vector<OperatorEntry>& table() {
  using enum LayoutRule;
  static const std::vector<OperatorEntry> entries = [] {
    std::vector<OperatorEntry> list = {
        {"Conv", channels_last, false, {make_depthwise_convolution, make_onednn_convolution}},
        {"ConvTranspose", channels_last, false, {make_onednn_transposed_convolution}},
        {"MaxPool", channels_last, false, {make_max_pool}},
        {"AveragePool", channels_last, false, {make_average_pool}},
        {"GlobalAveragePool", channels_last, false, {make_global_average_pool}},
        {"InstanceNormalization", follow, true, {make_instance_normalization}},
        {"ChannelAffine", channels_last, true, {make_channel_affine}},
        {"Resize", channels_last, false, {make_nearest_resize}},
        {"Softmax", follow, true, {make_softmax}},
        {"Concat", follow, false, {make_concatenation}},
        {"Gemm", onnx, false, {make_gemm}},
        {"MatMul", onnx, false, {make_matrix_product}},
        {"Relayout", onnx, false, {make_relayout}},
        {"Copy", follow, false, {make_copy}},
    };
    for (const char* op : {"Relu", "LeakyRelu", "Sigmoid", "Clip", "Sqrt", "Erf", "Tanh", "Exp", "Log", "Abs", "Neg", "Sin", "Cos",
                           "Reciprocal", "Softplus", "Gelu"})
      list.push_back({op, follow, true, {make_unary}});
    for (const char* op : {"Add", "Sub", "Mul", "Div"}) list.push_back({op, follow, true, {make_binary}});
    for (const char* op : {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"})
      list.push_back({op, onnx, false, {make_copy}});
    for (const char* op : {"Transpose", "Slice", "Expand", "Split"}) list.push_back({op, onnx, false, {make_strided_copy}});
    // Whatever else the graph knows runs by the graph's own reference.
    for (const std::string_view op : graph::operator_names()) {
      const auto known = std::find_if(list.begin(), list.end(), [&](const OperatorEntry& entry) { return entry.op == op; });
      if (known == list.end())
        list.push_back({std::string(op), onnx, false, {make_reference}});
      else
        known->kernels.push_back(make_reference);
    }
    return list;
  }();
  return entries;
}

}  // namespace

const OperatorEntry* find_operator(const std::string& op) {
  const auto found = std::find_if(table().begin(), table().end(), [&](const OperatorEntry& entry) { return entry.op == op; });
  return found == table().end() ? nullptr : &*found;
}

std::unique_ptr<Kernel> choose_kernel(const Program& program, const Operation& operation) {
  std::string refusals;
  for (const KernelMaker maker : find_operator(operation.op())->kernels) {
    Candidate candidate = maker(program, operation);
    if (candidate.kernel) return std::move(candidate.kernel);
    refusals += (refusals.empty() ? "" : "; ") + candidate.refusal;
  }
  throw core::InputError("node '{}' ({}): the engine has no kernel for it ({})", operation.node.name, operation.op(), refusals);
}

}  // namespace isocenter::engine
