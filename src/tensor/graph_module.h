// A graph::Graph run on libtorch with autograd.
//
//   tensor::GraphModule network(graph);
//   auto outputs = network.forward({{"image", image}});                  // in the order of graph.outputs
//   torch::autograd::backward(outputs, gradients);                       // adds to network.gradients()
//
// All trainable numbers lie in one flat array (`values`), their gradients in another of the same layout (`gradients`), so that optimizers,
// averages and checkpoints are plain loops. Activations with two or three spatial axes are kept channels-last.
//
// Throws core::InputError when the graph holds an operator that the table in operators.h does not know, naming the node.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "tensor/aten.h"

namespace isocenter::tensor {

// Which implementation runs convolutions and normalisations: libtorch's, or the room `kernels`. Both give the same numbers up to rounding,
// and a run may be resumed with the other.
enum class Kernels { libtorch, own };
Kernels kernels_named(const std::string& name);  // "libtorch", "own"; throws core::InputError

// One parameter's piece of the flat arrays.
struct ParameterPiece {
  std::string name;
  graph::Shape shape;
  std::size_t offset = 0, count = 0;
};

class GraphModule {
 public:
  explicit GraphModule(const graph::Graph& graph, Kernels kernels = Kernels::libtorch);
  GraphModule(const GraphModule&) = delete;
  GraphModule& operator=(const GraphModule&) = delete;

  // Inputs by name: batch, channel, then depth, height, width. `training` tells batch normalisation and dropout what to do.
  std::vector<at::Tensor> forward(const std::map<std::string, at::Tensor>& inputs, bool training = true) const;

  const std::vector<ParameterPiece>& pieces() const { return pieces_; }
  std::span<float> values() const;
  std::span<float> gradients() const;
  void clear_gradients() const;
  const at::Tensor& parameter(const std::string& name) const;  // throws std::logic_error for a name it does not have

  // What training changes without a gradient: running statistics of batch normalisation, by name.
  const std::map<std::string, at::Tensor>& buffers() const { return buffers_; }

  // Copies `weights` (all parameters and buffers by name) in; names and shapes must fit, else core::InputError naming `file`.
  void load(const std::map<std::string, graph::Constant>& weights, const std::string& file);
  // All parameters (from `values`, laid out as values()) and buffers.
  std::map<std::string, graph::Constant> save(std::span<const float> values) const;

  const graph::Graph& graph() const { return graph_; }

 private:
  // A node, with what is computed together with it.
  struct Step {
    const graph::Node* node = nullptr;
    double leaky_slope = 1;
    bool bias_cancels = false;
    std::string fused_output;  // the name that its result takes, when a following node is computed with it
  };
  void plan();

  graph::Graph graph_;
  std::vector<Step> steps_;
  Kernels kernels_;
  std::vector<ParameterPiece> pieces_;
  at::Tensor values_, gradients_;             // flat
  std::map<std::string, at::Tensor> leaves_;  // over pieces of values_
  std::map<std::string, at::Tensor> buffers_;
  std::map<std::string, at::Tensor> constants_;  // the rest
};

}  // namespace isocenter::tensor
