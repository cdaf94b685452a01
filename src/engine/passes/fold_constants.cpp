// Operations whose operands are all known run now, by the graph's reference evaluation; so does what depends on shapes alone.
// What is left reads at least one value of the run.
#include <algorithm>

#include "engine/passes.h"
#include "graph/array.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

graph::Array array_of(const Tensor& tensor) {
  graph::Array array = graph::to_array({tensor.type, tensor.shape, tensor.constant});
  array.type = tensor.graph_type;
  return array;
}

// The reference is slow, and a hostile graph may ask for anything: what is large stays for the run, with its kernels.
constexpr std::int64_t kMostValues = std::int64_t{1} << 24;

bool is_small(const Program& program, const std::vector<int>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(),
                     [&](int tensor) { return tensor < 0 || program.tensor(tensor).count() <= kMostValues; });
}

bool foldable(const Program& program, const Operation& operation) {
  const graph::Operator* rule = graph::find_operator(operation.op());
  if (!rule || !rule->evaluate) return false;
  if (!is_small(program, operation.outputs)) return false;
  if (rule->needs_shape_alone) return true;
  const bool moves_only = rule->flop == nullptr;
  if (!is_small(program, operation.inputs) || (!moves_only && flop_of(program, operation) > 1e9)) return false;
  return std::all_of(operation.inputs.begin(), operation.inputs.end(),
                     [&](int input) { return input < 0 || program.tensor(input).is_constant(); });
}

}  // namespace

void fold_constants(Program& program) {
  std::vector<bool> dead(program.operations.size(), false);
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    const Operation& operation = program.operations[i];
    if (!foldable(program, operation)) continue;
    const graph::Operator* rule = graph::find_operator(operation.op());
    std::vector<graph::Value> values(operation.inputs.size());
    std::vector<graph::Array> arrays(operation.inputs.size());
    std::vector<const graph::Value*> inputs(operation.inputs.size(), nullptr);
    std::vector<const graph::Array*> known(operation.inputs.size(), nullptr);
    for (std::size_t k = 0; k < operation.inputs.size(); ++k) {
      if (operation.inputs[k] < 0) continue;
      const Tensor& tensor = program.tensor(operation.inputs[k]);
      values[k] = tensor.as_value();
      inputs[k] = &values[k];
      if (tensor.is_constant()) {
        arrays[k] = array_of(tensor);
      } else {
        arrays[k].shape = tensor.shape;  // of Shape's operand: read for its sizes only
        arrays[k].type = tensor.graph_type;
      }
      known[k] = &arrays[k];
    }
    std::vector<graph::Value> outputs;
    for (int output : operation.outputs) outputs.push_back(output < 0 ? graph::Value{} : program.tensor(output).as_value());
    const auto results = rule->evaluate(graph::NodeView(operation.node, inputs, known), outputs);
    for (std::size_t k = 0; k < operation.outputs.size(); ++k) {
      if (operation.outputs[k] < 0) continue;
      Tensor& tensor = program.tensor(operation.outputs[k]);
      graph::Array result = results.at(k);
      result.type = tensor.type;
      const graph::Constant constant = graph::to_constant(result);
      tensor.shape = constant.shape;
      tensor.constant = constant.bytes ? constant.bytes : std::make_shared<std::uint8_t>();
    }
    dead[i] = true;
  }
  program.remove(dead);
}

}  // namespace isocenter::engine
