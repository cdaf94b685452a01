// One arena for everything a run computes. A value's lifetime reaches from the operation that makes it to the last that reads it; values
// whose lifetimes do not meet may share bytes. Placed largest first, each at the lowest offset that is free over its lifetime.
#include <algorithm>
#include <limits>
#include <optional>

#include "engine/kernel.h"
#include "engine/passes.h"

namespace isocenter::engine {
namespace {

constexpr std::size_t kAlignment = 64;
std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// Bytes that several tensors have in common: views, results in place, slices of a wide tensor.
struct Storage {
  Place::Kind kind = Place::Kind::arena;
  std::size_t bytes = 0;
  int external = 0;
  int first = std::numeric_limits<int>::max(), last = -1;  // operations
  std::size_t offset = 0;
};

// Operations whose output is the same bytes under another shape or layout.
bool is_view(const Program& program, const Operation& operation) {
  static const std::vector<std::string> reshapes = {"Reshape", "Flatten", "Squeeze", "Unsqueeze"};
  if (operation.inputs.empty() || program.tensor(operation.inputs[0]).is_constant()) return false;
  if (std::find(reshapes.begin(), reshapes.end(), operation.op()) != reshapes.end()) return true;
  if (operation.op() != "Relayout") return false;
  const Tensor& tensor = program.tensor(operation.inputs[0]);
  return tensor.shape[1] == 1 || tensor.count() == tensor.shape[0] * tensor.shape[1];
}

class MemoryPass {
 public:
  explicit MemoryPass(Program& program) : program_(program) {}

  MemoryPlan run(const std::vector<std::size_t>& workspace_bytes) {
    last_use_.assign(program_.tensors.size(), -1);
    for (int i = 0; i < static_cast<int>(program_.operations.size()); ++i) {
      for (int input : readers_of(program_.operations[static_cast<std::size_t>(i)])) last_use_[static_cast<std::size_t>(input)] = i;
    }
    for (int output : program_.outputs) last_use_[static_cast<std::size_t>(output)] = static_cast<int>(program_.operations.size());

    storage_of_.assign(program_.tensors.size(), -1);
    for (std::size_t k = 0; k < program_.inputs.size(); ++k) place_external(program_.inputs[k], Place::Kind::input, static_cast<int>(k));
    for (int i = 0; i < static_cast<int>(program_.operations.size()); ++i) place_outputs(i);
    for (std::size_t k = 0; k < program_.outputs.size(); ++k) {
      Storage& storage = storages_[static_cast<std::size_t>(storage_of_[static_cast<std::size_t>(program_.outputs[k])])];
      storage.kind = Place::Kind::output;
      storage.external = static_cast<int>(k);
    }

    for (std::size_t i = 0; i < workspace_bytes.size(); ++i)
      if (workspace_bytes[i] > 0)
        storages_.push_back({Place::Kind::arena, workspace_bytes[i], 0, static_cast<int>(i), static_cast<int>(i), 0});

    MemoryPlan plan;
    for (const Operation& operation : program_.operations) plan.is_view.push_back(is_view(program_, operation));
    plan.arena_bytes = lay_out();
    plan.places.resize(program_.tensors.size());
    for (std::size_t t = 0; t < program_.tensors.size(); ++t) {
      if (program_.tensors[t].is_constant()) plan.places[t].kind = Place::Kind::constant;
      if (storage_of_[t] < 0) continue;
      const Storage& storage = storages_[static_cast<std::size_t>(storage_of_[t])];
      plan.places[t] = {storage.kind, storage.kind == Place::Kind::arena ? storage.offset : static_cast<std::size_t>(storage.external)};
    }
    plan.workspace_offsets.assign(workspace_bytes.size(), 0);
    std::size_t next = storages_.size();
    for (std::size_t i = workspace_bytes.size(); i-- > 0;)
      if (workspace_bytes[i] > 0) plan.workspace_offsets[i] = storages_[--next].offset;
    return plan;
  }

 private:
  Program& program_;
  std::vector<int> last_use_;    // by tensor
  std::vector<int> storage_of_;  // by tensor
  std::vector<Storage> storages_;

  static std::vector<int> readers_of(const Operation& operation) {
    std::vector<int> read;
    for (int input : operation.inputs)
      if (input >= 0) read.push_back(input);
    if (operation.residual >= 0) read.push_back(operation.residual);
    return read;
  }

  void place_external(int tensor, Place::Kind kind, int number) {
    storage_of_[static_cast<std::size_t>(tensor)] = static_cast<int>(storages_.size());
    storages_.push_back({kind, program_.tensor(tensor).byte_count(), number, 0, last_use_[static_cast<std::size_t>(tensor)], 0});
  }

  void join(int tensor, int storage, int operation) {
    storage_of_[static_cast<std::size_t>(tensor)] = storage;
    Storage& joined = storages_[static_cast<std::size_t>(storage)];
    joined.first = std::min(joined.first, operation);
    joined.last = std::max({joined.last, operation, last_use_[static_cast<std::size_t>(tensor)]});
  }

  // The storage of an operand that dies here and has the output's size: the result may take its place.
  std::optional<int> dying_operand(const Operation& operation, int i, const Tensor& output) const {
    auto operands = operation.inputs;
    operands.push_back(operation.residual);
    for (int operand : operands) {
      if (operand < 0 || program_.tensor(operand).is_constant()) continue;
      const Tensor& tensor = program_.tensor(operand);
      const int index = storage_of_[static_cast<std::size_t>(operand)];
      const Storage& storage = storages_[static_cast<std::size_t>(index)];
      if (storage.kind == Place::Kind::arena && storage.last == i && tensor.wide < 0 && tensor.shape == output.shape &&
          tensor.channels_last == output.channels_last && tensor.type == output.type && storage.bytes == output.byte_count() &&
          alone_in(index, operands, tensor.shape))
        return index;
    }
    return {};
  }

  // No other operand reads the same bytes under another shape: it would see results where it expects operands.
  bool alone_in(int storage, const std::vector<int>& operands, const graph::Shape& shape) const {
    return std::none_of(operands.begin(), operands.end(), [&](int operand) {
      return operand >= 0 && storage_of_[static_cast<std::size_t>(operand)] == storage && program_.tensor(operand).shape != shape;
    });
  }

  int storage_for(int tensor) {
    int& index = storage_of_[static_cast<std::size_t>(tensor)];
    if (index < 0) {
      index = static_cast<int>(storages_.size());
      storages_.push_back({});
      storages_.back().bytes = program_.tensor(tensor).byte_count();
    }
    return index;
  }

  void place_outputs(int i) {
    const Operation& operation = program_.operations[static_cast<std::size_t>(i)];
    for (int made : operation.outputs) {
      if (made < 0) continue;
      const Tensor& output = program_.tensor(made);
      if (output.wide >= 0) {
        join(made, storage_for(output.wide), i);
        continue;
      }
      if (is_view(program_, operation)) {
        join(made, storage_of_[static_cast<std::size_t>(operation.inputs[0])], i);
        continue;
      }
      if (find_operator(operation.op())->in_place && made == operation.outputs[0]) {
        if (const auto shared = dying_operand(operation, i, output)) {
          join(made, *shared, i);
          continue;
        }
      }
      join(made, storage_for(made), i);
    }
  }

  std::size_t lay_out() {
    std::vector<Storage*> order;
    for (Storage& storage : storages_)
      if (storage.kind == Place::Kind::arena) order.push_back(&storage);
    std::stable_sort(order.begin(), order.end(), [](const Storage* a, const Storage* b) { return a->bytes > b->bytes; });
    std::vector<const Storage*> placed;  // sorted by offset
    std::size_t end = 0;
    for (Storage* storage : order) {
      std::size_t offset = 0;
      for (const Storage* other : placed) {
        if (other->last < storage->first || storage->last < other->first) continue;
        if (offset + aligned(storage->bytes) <= other->offset) break;
        offset = std::max(offset, other->offset + aligned(other->bytes));
      }
      storage->offset = offset;
      end = std::max(end, offset + aligned(storage->bytes));
      placed.insert(
          std::upper_bound(placed.begin(), placed.end(), storage, [](const Storage* a, const Storage* b) { return a->offset < b->offset; }),
          storage);
    }
    return end;
  }
};

}  // namespace

void make_outputs_distinct(Program& program) {
  std::vector<int> claimed;
  for (int& output : program.outputs) {
    int root = output;
    for (auto made = program.producer(root); made; made = program.producer(root)) {
      const Operation& operation = program.operations[static_cast<std::size_t>(*made)];
      if (!is_view(program, operation)) break;
      root = operation.inputs[0];
    }
    const bool computed = program.producer(root).has_value();
    if (computed && program.tensor(root).wide < 0 && std::find(claimed.begin(), claimed.end(), root) == claimed.end()) {
      claimed.push_back(root);
      continue;
    }
    Tensor copy = program.tensor(output);
    copy.constant = nullptr;
    copy.wide = -1;
    Operation operation;
    operation.node.name = copy.name + " (copied to the output)";
    operation.node.op = "Copy";
    operation.inputs = {output};
    output = program.add(copy);
    operation.outputs = {output};
    program.operations.push_back(std::move(operation));
  }
}

MemoryPlan plan_memory(Program& program, const std::vector<std::size_t>& workspace_bytes) {
  return MemoryPass(program).run(workspace_bytes);
}

}  // namespace isocenter::engine
