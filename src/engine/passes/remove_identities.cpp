// Operations that change nothing go: Identity, Dropout (at inference), Cast within the engine's types, Pad of nothing, Concat of one.
#include <algorithm>

#include "engine/passes.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

bool pads_nothing(const Program& program, const Operation& operation) {
  if (!operation.has(1) || !program.tensor(operation.inputs[1]).is_constant()) return false;
  const Tensor& pads = program.tensor(operation.inputs[1]);
  return std::all_of(pads.integers(), pads.integers() + pads.count(), [](std::int64_t width) { return width == 0; });
}

// A cast between the engine's own types does nothing, except that to a boolean, which turns values into 0 and 1.
bool casts_nothing(const Program& program, const Operation& operation) {
  constexpr std::int64_t boolean = 9;  // ONNX TensorProto.BOOL
  return program.tensor(operation.inputs[0]).type == program.tensor(operation.outputs[0]).type &&
         operation.node.integer("to", 0) != boolean;
}

bool changes_nothing(const Program& program, const Operation& operation) {
  if (operation.op() == "Identity" || operation.op() == "Dropout") return true;
  if (operation.op() == "Pad") return pads_nothing(program, operation);
  if (operation.op() == "Cast") return casts_nothing(program, operation);
  return operation.op() == "Concat" && operation.inputs.size() == 1;
}

}  // namespace

void remove_identities(Program& program) {
  std::vector<bool> dead(program.operations.size(), false);
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    const Operation operation = program.operations[i];
    if (!changes_nothing(program, operation)) continue;
    const bool second_output = std::any_of(operation.outputs.begin() + 1, operation.outputs.end(),
                                           [&](int output) { return output >= 0 && !program.consumers(output).empty(); });
    if (second_output) continue;  // Dropout's mask
    program.replace_uses(operation.outputs[0], operation.inputs[0]);
    dead[i] = true;
  }
  program.remove(dead);

  // What nobody reads any more, last first so that chains go at once.
  std::vector<int> uses(program.tensors.size(), 0);
  for (int output : program.outputs) ++uses[static_cast<std::size_t>(output)];
  for (const Operation& operation : program.operations) {
    for (int input : operation.inputs)
      if (input >= 0) ++uses[static_cast<std::size_t>(input)];
    if (operation.residual >= 0) ++uses[static_cast<std::size_t>(operation.residual)];
  }
  std::vector<bool> unread(program.operations.size(), false);
  for (std::size_t i = program.operations.size(); i-- > 0;) {
    const Operation& operation = program.operations[i];
    unread[i] = std::all_of(operation.outputs.begin(), operation.outputs.end(),
                            [&](int output) { return output < 0 || uses[static_cast<std::size_t>(output)] == 0; });
    if (!unread[i]) continue;
    for (int input : operation.inputs)
      if (input >= 0) --uses[static_cast<std::size_t>(input)];
    if (operation.residual >= 0) --uses[static_cast<std::size_t>(operation.residual)];
  }
  program.remove(unread);
}

}  // namespace isocenter::engine
