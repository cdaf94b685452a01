// The operator table: one entry an operator says what it takes, which attributes with which defaults, what shapes come out, how many
// floating-point operations it costs, and how it is computed plainly. Checks, shape inference, cost and the reference interpreter all read
// this table.
//
//   const Operator* conv = find_operator("Conv");
//   std::int64_t groups = integer(node, "group");  // the node's attribute, or the table's default
//
// Names and meaning are ONNX's default domain at opset 17. `GroupNormalization` and `Gelu`, which came later, have the meaning of opsets 21
// and 20; the ONNX writer gives their definition in opset-17 operators beside them. How to add an operator: docs/graph.md.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "graph/array.h"
#include "graph/graph.h"

namespace isocenter::graph {

// One node with what is known of its inputs, as rules see it.
class NodeView {
 public:
  // `inputs[i]` is null when left out; `known[i]` holds the input's values when they do not depend on data, else null.
  NodeView(const Node& node, std::vector<const Value*> inputs, std::vector<const Array*> known)
      : node_(&node), inputs_(std::move(inputs)), known_(std::move(known)) {}

  const Node& node() const { return *node_; }
  std::size_t size() const { return inputs_.size(); }
  bool has(std::size_t input) const { return input < inputs_.size() && inputs_[input] != nullptr; }
  const Value& value(std::size_t input) const;  // throws core::InputError when left out
  const Shape& shape(std::size_t input) const { return value(input).shape; }
  std::size_t rank(std::size_t input) const { return shape(input).size(); }
  const Array* known(std::size_t input) const { return input < known_.size() ? known_[input] : nullptr; }
  std::optional<std::vector<std::int64_t>> known_integers(std::size_t input) const;

  std::int64_t axis(std::int64_t axis, std::size_t rank) const;  // negative counts from the end; throws core::InputError out of range

  template <class... Parts>
  [[noreturn]] void refuse(fmt::format_string<Parts...> text, Parts&&... parts) const {
    throw core::InputError("node '{}' ({}): {}", node_->name, node_->op, fmt::format(text, std::forward<Parts>(parts)...));
  }

 private:
  const Node* node_;
  std::vector<const Value*> inputs_;
  std::vector<const Array*> known_;
};

enum class AttributeKind { integer, number, text, integers, numbers, texts, constant };

struct AttributeRule {
  std::string_view name;
  AttributeKind kind;
  std::optional<Attribute> otherwise = {};  // what it is when left out; nothing: the operator works it out, or `required`
  bool required = false;
};

struct Operator {
  using ShapeRule = std::vector<Value> (*)(const NodeView&);  // one value an output, names left empty
  using FlopRule = double (*)(const NodeView&, std::span<const Value> outputs);
  using Evaluation = std::vector<Array> (*)(const NodeView&,
                                            std::span<const Value> outputs);  // every input known, outputs as `shape` gave them

  std::string_view name;
  int least_inputs = 1;
  int most_inputs = 1;  // `any`: no limit
  int least_outputs = 1;
  int most_outputs = 1;
  std::vector<AttributeRule> attributes = {};
  ShapeRule shape = nullptr;
  FlopRule flop = nullptr;  // none: moves data only
  Evaluation evaluate = nullptr;
  bool needs_shape_alone = false;      // evaluates from the first input's shape, not its values
  std::vector<int> state_inputs = {};  // constants there are statistics, not trained parameters

  static constexpr int any = 1 << 20;
};

const Operator* find_operator(std::string_view name);  // null when unknown
std::vector<std::string_view> operator_names();        // sorted

// The node's attribute, or the table's default. Throw std::logic_error for a name that the table does not have with a default.
std::int64_t integer(const Node& node, std::string_view attribute);
double number(const Node& node, std::string_view attribute);
std::string text(const Node& node, std::string_view attribute);
std::vector<std::int64_t> integers(const Node& node, std::string_view attribute);

// The groups of the table, one in each file of operators/.
std::vector<Operator> convolution_operators();
std::vector<Operator> pooling_operators();
std::vector<Operator> normalization_operators();
std::vector<Operator> elementwise_operators();
std::vector<Operator> matrix_operators();
std::vector<Operator> layout_operators();
std::vector<Operator> indexing_operators();
std::vector<Operator> reduction_operators();
std::vector<Operator> resize_operators();
std::vector<Operator> einsum_operators();

}  // namespace isocenter::graph
