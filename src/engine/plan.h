// A graph compiled for one set of input shapes: kernels chosen, weights packed, memory laid out. Running allocates nothing.
//
//   engine::Plan plan(graph, {{"image", {1, 1, 96, 96, 96}}}, {.precision = engine::Precision::f32});
//   plan.run({{"image", image}}, {{"logits", logits}});
//
// Throws core::InputError where the graph holds an operator or a shape the engine cannot run (naming the node), or where a precision is
// asked for that this processor lacks; core::ResourceError where the memory it states is not to be had.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace isocenter::engine {

enum class Precision { automatic, f32, bf16 };
bool supported(Precision precision);  // by this processor
enum class Layout { onnx, channels_last };
enum class Kernels { automatic, own, onednn, reference };  // the family asked first, where it has a kernel that fits

struct PlanOptions {
  Precision precision = Precision::automatic;  // automatic: f32, whose Winograd convolutions beat bf16 ones
  Layout output_layout = Layout::onnx;         // of outputs with spatial axes; channels_last spares a transposition
  Kernels kernels = Kernels::automatic;        // automatic: the best of the engine's lists
};

struct NodeReport {
  std::string node, op, kernel, precision;
  double flop = 0, seconds = 0;  // seconds of the last run, when timing was on
};

class Plan {
 public:
  Plan(const graph::Graph& graph, const std::map<std::string, graph::Shape>& input_shapes, const PlanOptions& options = {});
  ~Plan();
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;

  const graph::Value& input(const std::string& name) const;
  const graph::Value& output(const std::string& name) const;  // with its whole shape
  std::size_t memory_bytes() const;                           // arena and packed weights

  void run(const std::map<std::string, std::span<const float>>& inputs, const std::map<std::string, std::span<float>>& outputs);

  void set_timing(bool on);
  std::vector<NodeReport> report() const;  // one a node, in order

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace isocenter::engine
