// Where tensors are channels-last. Convolutions, pools, resizes and what stands between them are; matrices, tokens and reshapes keep ONNX's
// order. Between the two, and at the program's border, a Relayout turns one into the other.
#include <algorithm>
#include <functional>

#include "engine/kernel.h"
#include "engine/passes.h"

namespace isocenter::engine {
namespace {

// A constant's values in channels-last order.
std::vector<float> turned_values(const Tensor& tensor) {
  const std::int64_t batch = tensor.shape[0], channels = tensor.shape[1],
                     voxels = tensor.count() / std::max<std::int64_t>(1, batch * channels);
  std::vector<float> values(static_cast<std::size_t>(tensor.count()));
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t v = 0; v < voxels; ++v)
        values[static_cast<std::size_t>((b * voxels + v) * channels + c)] = tensor.floats()[(b * channels + c) * voxels + v];
  return values;
}

class LayoutPass {
 public:
  explicit LayoutPass(Program& program) : program_(program) {}

  void run(Layout output_layout) {
    for (Operation& operation : program_.operations) {
      Operation placed = operation;
      place(placed);
      ordered_.push_back(std::move(placed));
    }
    for (int& output : program_.outputs) {
      const Tensor& tensor = program_.tensor(output);
      const bool wanted = output_layout == Layout::channels_last && (tensor.channels_last || tensor.shape.size() >= 4);
      output = with_layout(output, wanted);
    }
    program_.operations = std::move(ordered_);
  }

 private:
  Program& program_;
  std::vector<Operation> ordered_;
  std::map<int, int> turned_;  // tensor to its copy in the other layout

  int with_layout(int index, bool channels_last) {
    if (program_.tensor(index).channels_last == channels_last) return index;
    if (const auto found = turned_.find(index); found != turned_.end()) return found->second;
    const Tensor source = program_.tensor(index);
    int made;
    if (source.is_constant() && channels_last && source.type == graph::DataType::f32) {
      made = program_.add_constant(source.name + " (channels last)", source.shape, turned_values(source));
      program_.tensor(made).channels_last = true;
    } else {
      Tensor turned = source;
      turned.constant = nullptr;
      turned.channels_last = channels_last;
      turned.name += channels_last ? " (channels last)" : " (channels first)";
      made = program_.add(turned);
      Operation relayout;
      relayout.node.name = source.name + (channels_last ? " to channels last" : " to channels first");
      relayout.node.op = "Relayout";
      relayout.inputs = {index};
      relayout.outputs = {made};
      ordered_.push_back(std::move(relayout));
    }
    turned_[index] = made;
    turned_[made] = index;
    return made;
  }

  // Operands of an element-wise operation that can be seen channels-last beside an output of rank `rank`: of full rank, single values, or
  // constants that full rank can be given to.
  bool can_follow(int operand, std::size_t rank) const {
    const Tensor& tensor = program_.tensor(operand);
    if (tensor.type != graph::DataType::f32) return false;
    return tensor.count() == 1 || tensor.shape.size() == rank || (tensor.is_constant() && tensor.shape.size() < rank);
  }

  int following(int operand, std::size_t rank) {
    const Tensor& tensor = program_.tensor(operand);
    if (tensor.count() == 1) return operand;
    if (tensor.shape.size() == rank) return with_layout(operand, true);
    Tensor widened = tensor;  // ONNX broadcasts from the last axis on: missing leading axes have size one
    widened.shape.insert(widened.shape.begin(), rank - widened.shape.size(), 1);
    return with_layout(program_.add(widened), true);
  }

  void place(Operation& operation) {
    const OperatorEntry& entry = *find_operator(operation.op());
    const std::size_t rank = program_.tensor(operation.outputs.at(0)).shape.size();
    bool channels_last = entry.layout == LayoutRule::channels_last;
    if (entry.layout == LayoutRule::follow && rank >= 3) {
      bool any = false, all = true;
      for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
        if (operation.inputs[i] < 0 || !is_data(operation, i)) continue;
        any = any || program_.tensor(operation.inputs[i]).channels_last;
        all = all && can_follow(operation.inputs[i], rank);
      }
      channels_last = any && all;
    }
    for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
      if (operation.inputs[i] < 0) continue;
      if (channels_last && is_data(operation, i))
        operation.inputs[i] = following(operation.inputs[i], rank);
      else if (!channels_last)
        operation.inputs[i] = with_layout(operation.inputs[i], false);
    }
    if (operation.residual >= 0) operation.residual = with_layout(operation.residual, channels_last);
    for (int output : operation.outputs)
      if (output >= 0) program_.tensor(output).channels_last = channels_last;
  }

  // Whether input i is an array of values laid out like the output (not weights, sizes or scales).
  static bool is_data(const Operation& operation, std::size_t i) {
    static const std::vector<std::string> element_wise = {"Add", "Sub", "Mul", "Div", "Pow", "Concat"};
    return i == 0 || std::find(element_wise.begin(), element_wise.end(), operation.op()) != element_wise.end();
  }
};

}  // namespace

void assign_layouts(Program& program, Layout output_layout) { LayoutPass(program).run(output_layout); }

}  // namespace isocenter::engine
