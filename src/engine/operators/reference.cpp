// The plain evaluation of the graph's operator table as a kernel.
#include <algorithm>

#include "engine/operators/activation.h"
#include "engine/operators/channel_affine.h"
#include "engine/operators/makers.h"
#include "graph/array.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

// Calls body(place in memory, place in ONNX's order) for every value.
template <class Body>
void for_each_value(const Tensor& tensor, std::int64_t pitch, Body&& body) {
  const std::int64_t count = tensor.count();
  if (!tensor.channels_last) {
    for (std::int64_t i = 0; i < count; ++i) body(i, i);
    return;
  }
  const std::int64_t batch = tensor.shape[0], channels = tensor.shape[1], voxels = count / std::max<std::int64_t>(1, batch * channels);
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t v = 0; v < voxels; ++v)
      for (std::int64_t c = 0; c < channels; ++c) body((b * voxels + v) * pitch + c, (b * channels + c) * voxels + v);
}

class ReferenceKernel final : public Kernel {
 public:
  ReferenceKernel(const graph::Operator& rule, const Program& program, const Operation& operation) : rule_(rule), operation_(operation) {
    for (int input : operation.inputs) inputs_.push_back(input < 0 ? Operand{} : Operand(program, input));
    for (int output : operation.outputs) outputs_.push_back(output < 0 ? Operand{} : Operand(program, output));
    if (operation.residual >= 0) residual_ = Operand(program, operation.residual);
  }
  std::string name() const override { return "reference"; }

  void run(const Frame& frame) override {
    std::vector<graph::Value> values(inputs_.size());
    std::vector<graph::Array> arrays(inputs_.size());
    std::vector<const graph::Value*> described(inputs_.size(), nullptr);
    std::vector<const graph::Array*> known(inputs_.size(), nullptr);
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      if (operation_.inputs[k] < 0) continue;
      const Tensor& tensor = inputs_[k].tensor;
      values[k] = tensor.as_value();
      arrays[k] = {tensor.graph_type, tensor.shape, inputs_[k].read(frame)};
      described[k] = &values[k];
      known[k] = &arrays[k];
    }
    std::vector<graph::Value> wanted;
    for (const Operand& output : outputs_) wanted.push_back(output.index < 0 ? graph::Value{} : output.tensor.as_value());
    const auto results = rule_.evaluate(graph::NodeView(operation_.node, described, known), wanted);
    const std::vector<double> sum = operation_.residual < 0 ? std::vector<double>{} : residual_.read(frame);
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      if (operation_.outputs[k] < 0) continue;
      std::vector<double> result = results.at(k).values;
      if (k == 0)
        for (std::size_t i = 0; i < sum.size(); ++i) result[i] += sum[i];
      outputs_[k].write(frame, result, k == 0 ? operation_.activation : Activation{});
    }
  }

 private:
  struct Operand {
    Tensor tensor;
    int index = -1;
    std::int64_t pitch = 0;

    Operand() = default;
    Operand(const Program& program, int which) : tensor(program.tensor(which)), index(which) {
      if (tensor.channels_last) pitch = pitch_of(program, which);
    }
    std::vector<double> read(const Frame& frame) const {
      std::vector<double> values(static_cast<std::size_t>(tensor.count()));
      const bool floats = tensor.type == graph::DataType::f32;
      for_each_value(tensor, pitch, [&](std::int64_t place, std::int64_t i) {
        values[static_cast<std::size_t>(i)] =
            floats ? static_cast<double>(frame.floats(index)[place]) : static_cast<double>(frame.integers(index)[place]);
      });
      return values;
    }
    void write(const Frame& frame, const std::vector<double>& values, const Activation& activation) const {
      std::vector<float> activated(tensor.type == graph::DataType::f32 ? values.begin() : values.end(), values.end());
      activate(activated.data(), static_cast<std::int64_t>(activated.size()), activation);
      for_each_value(tensor, pitch, [&](std::int64_t place, std::int64_t i) {
        const auto at = static_cast<std::size_t>(i);
        if (activated.empty())
          frame.integers(index)[place] = static_cast<std::int64_t>(values[at]);
        else
          frame.floats(index)[place] = activated[at];
      });
    }
  };

  const graph::Operator& rule_;
  Operation operation_;
  std::vector<Operand> inputs_, outputs_;
  Operand residual_;
};

}  // namespace

Candidate make_reference(const Program& program, const Operation& operation) {
  const graph::Operator* rule = graph::find_operator(operation.op());
  if (!rule || !rule->evaluate) return refused("no reference for it");
  return {std::make_unique<ReferenceKernel>(*rule, program, operation), {}};
}

}  // namespace isocenter::engine
