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
    constexpr Kernels own = Kernels::own, onednn = Kernels::onednn, reference = Kernels::reference;
    std::vector<OperatorEntry> list = {
        {"Conv", channels_last, false, {{own, make_depthwise_convolution}, {own, make_own_convolution}, {onednn, make_onednn_convolution}}},
        {"ConvTranspose", channels_last, false, {{own, make_own_transposed_convolution}, {onednn, make_onednn_transposed_convolution}}},
        {"MaxPool", channels_last, false, {{own, make_max_pool}}},
        {"AveragePool", channels_last, false, {{own, make_average_pool}}},
        {"GlobalAveragePool", channels_last, false, {{own, make_global_average_pool}}},
        {"InstanceNormalization", follow, true, {{own, make_instance_normalization}}},
        {"ChannelAffine", channels_last, true, {{own, make_channel_affine}}},
        {"Resize", channels_last, false, {{own, make_nearest_resize}}},
        {"Softmax", follow, true, {{own, make_softmax}}},
        {"Concat", follow, false, {{own, make_concatenation}}},
        {"Gemm", onnx, false, {{onednn, make_gemm}}},
        {"MatMul", onnx, false, {{onednn, make_matrix_product}}},
        {"Relayout", onnx, false, {{own, make_relayout}}},
        {"Copy", follow, false, {{own, make_copy}}},
    };
    for (const char* op : {"Relu", "LeakyRelu", "Sigmoid", "Clip", "Sqrt", "Erf", "Tanh", "Exp", "Log", "Abs", "Neg", "Sin", "Cos",
                           "Reciprocal", "Softplus", "Gelu"})
      list.push_back({op, follow, true, {{own, make_unary}}});
    for (const char* op : {"Add", "Sub", "Mul", "Div"}) list.push_back({op, follow, true, {{own, make_binary}}});
    for (const char* op : {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"})
      list.push_back({op, onnx, false, {{own, make_copy}}});
    for (const char* op : {"Transpose", "Slice", "Expand", "Split"}) list.push_back({op, onnx, false, {{own, make_strided_copy}}});
    // Whatever else the graph knows runs by the graph's own reference.
    for (const std::string_view op : graph::operator_names()) {
      const auto known = std::find_if(list.begin(), list.end(), [&](const OperatorEntry& entry) { return entry.op == op; });
      if (known == list.end())
        list.push_back({std::string(op), onnx, false, {{reference, make_reference}}});
      else
        known->kernels.push_back({reference, make_reference});
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

std::unique_ptr<Kernel> choose_kernel(const Program& program, const Operation& operation, const PlanOptions& options) {
  auto order = find_operator(operation.op())->kernels;
  if (options.precision == Precision::bf16 && operation.op() == "Conv")
    order.insert(order.begin(), {options.kernels, make_bf16_convolution});
  if (options.precision == Precision::bf16 && operation.op() == "ConvTranspose")
    order.insert(order.begin(), {options.kernels, make_bf16_transposed_convolution});
  std::stable_partition(order.begin(), order.end(), [&](const OperatorEntry::Entry& entry) { return entry.family == options.kernels; });
  std::string refusals;
  for (const auto& entry : order) {
    Candidate candidate = entry.make(program, operation);
    if (candidate.kernel) return std::move(candidate.kernel);
    refusals += (refusals.empty() ? "" : "; ") + candidate.refusal;
  }
  throw core::InputError("node '{}' ({}): the engine has no kernel for it ({})", operation.node.name, operation.op(), refusals);
}

}  // namespace isocenter::engine
