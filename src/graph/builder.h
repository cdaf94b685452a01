// Builds a Graph node by node; functions compute nothing. Parameters get their shape here and values later (`networks::initialize`, a
// checkpoint); until then they hold zeros.
#pragma once

#include <string>
#include <vector>

#include "graph/array.h"
#include "graph/graph.h"

namespace isocenter::graph {

struct ConvolutionOptions {
  std::int64_t outputs = 0;
  Shape kernel;         // one number a spatial axis
  Shape stride = {};    // empty: ones
  Shape dilation = {};  // empty: ones
  std::int64_t groups = 1;
  bool bias = true;  // padding is (kernel - 1) / 2 * dilation on both sides
};

class Builder {
 public:
  explicit Builder(std::string graph_name);
  std::string input(const std::string& name, Shape shape, DataType type = DataType::f32);

  // Parameters are named `name + ".weight"` and `name + ".bias"`. `x` is a value name; the new value's name is returned.
  std::string convolution(const std::string& x, const std::string& name, const ConvolutionOptions& options);
  std::string transposed_convolution(const std::string& x, const std::string& name,
                                     const ConvolutionOptions& options);  // kernel == stride, no padding
  std::string instance_norm(const std::string& x, const std::string& name, double epsilon = 1e-5);
  std::string batch_norm(const std::string& x, const std::string& name, double epsilon = 1e-5);  // also .running_mean, .running_var
  std::string leaky_relu(const std::string& x, double slope = 0.01);
  std::string relu(const std::string& x);
  std::string group_norm(const std::string& x, const std::string& name, std::int64_t groups, double epsilon = 1e-5);
  std::string layer_norm(const std::string& x, const std::string& name, double epsilon = 1e-5);  // over the last axis
  std::string linear(const std::string& x, const std::string& name, std::int64_t outputs,
                     bool bias = true);  // (batch, features); weight (outputs, features)
  std::string add(const std::string& a, const std::string& b);
  std::string concat(const std::vector<std::string>& parts, std::int64_t axis = 1);
  std::string average_pool(const std::string& x, Shape kernel, Shape stride);
  std::string max_pool(const std::string& x, Shape kernel, Shape stride);
  std::string softmax(const std::string& x, std::int64_t axis = 1);

  // For any other operator.
  std::string node(const std::string& op, const std::vector<std::string>& inputs, std::map<std::string, Attribute> attributes = {});
  std::vector<std::string> node_with_outputs(const std::string& op, const std::vector<std::string>& inputs, std::size_t outputs,
                                             std::map<std::string, Attribute> attributes = {});
  std::string parameter(const std::string& name, Shape shape);
  std::string literal(float number);                              // a rank-0 constant that is no parameter, as the 2 of a square
  std::string literal(const std::vector<std::int64_t>& numbers);  // a vector, as the shape of a Reshape

  std::string name(const std::string& x, const std::string& new_name);  // renames a value made here; returns the new name

  std::int64_t channels(const std::string& x) const;      // of a value made here
  const Shape& shape(const std::string& x) const;         // the same, with -1 where open
  Graph finish(const std::vector<std::string>& outputs);  // verified

 private:
  std::string fresh(const std::string& stem);
  Graph graph_;
  std::string norm(const std::string& op, const std::string& x, const std::string& name, double epsilon, bool with_statistics);
  std::map<std::string, Value> values_;
  std::map<std::string, Array> literals_;
  int counter_ = 0;
};

}  // namespace isocenter::graph
