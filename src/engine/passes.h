// The steps from a graph to a program that is ready to run, in this order. Each stands in a file of its name under passes/; the plan
// verifies the program after each.
#pragma once

#include <map>
#include <string>

#include "engine/plan.h"
#include "engine/program.h"

namespace isocenter::engine {

// The graph with every shape inferred. Throws core::InputError for an operator that the engine does not know, naming the node, and for
// shapes that stay open.
Program import_graph(const graph::Graph& graph, const std::map<std::string, graph::Shape>& input_shapes);

void fold_constants(Program& program);                        // runs what depends on constants alone
void remove_identities(Program& program);                     // Identity, Dropout, Pad of nothing, Cast to the same
void fold_batch_normalization(Program& program);              // into the convolution before it, or to one multiply-add
void fuse_activation(Program& program);                       // residual sums and activations into the operation before them
void drop_bias_before_instance_norm(Program& program);        // where it cancels
void assign_layouts(Program& program, Layout output_layout);  // channels-last for the convolutional part; inserts Transpose where it must
void place_concatenations(Program& program);                  // parts write straight into the wide tensor where their kernels can
void make_outputs_distinct(Program& program);                 // each output gets bytes of its own that the run writes

struct Place {
  enum class Kind { none, constant, arena, input, output };
  Kind kind = Kind::none;
  std::size_t offset = 0;  // arena: bytes; input and output: its position among the program's
};
struct MemoryPlan {
  std::vector<Place> places;                   // one a tensor
  std::vector<std::size_t> workspace_offsets;  // one an operation, in the arena
  std::vector<bool> is_view;                   // by operation: its output is its input's bytes; nothing is to be run
  std::size_t arena_bytes = 0;
};
// Lifetimes laid over each other in one arena; operations that can run in place do.
MemoryPlan plan_memory(Program& program, const std::vector<std::size_t>& workspace_bytes);

}  // namespace isocenter::engine
