// What the operator files share: attribute lists, broadcasting, walking through arrays of any rank.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "graph/operators.h"

namespace isocenter::graph {

// Elements between neighbours along each axis, C order.
inline Shape steps_of(const Shape& shape) {
  Shape steps(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) steps[i - 1] = steps[i] * shape[i];
  return steps;
}

// Calls body(index, flat) for every element in C order.
template <class Body>
void for_each_index(const Shape& shape, Body&& body) {
  const std::int64_t count = element_count(shape);
  Shape index(shape.size(), 0);
  for (std::int64_t flat = 0; flat < count; ++flat) {
    body(static_cast<const Shape&>(index), static_cast<std::size_t>(flat));
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

// An array of the type and shape that the shape rule gave, filled with zeros.
inline Array zeros_like(const Value& value) {
  return {value.type, value.shape, std::vector<double>(static_cast<std::size_t>(element_count(value.shape)))};
}

// NumPy's rule, ONNX's "multidirectional broadcasting". A size that is not known meets 1 as itself and anything else as that.
inline Shape broadcast(const NodeView& view, const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::int64_t left = i < a.size() ? a[a.size() - 1 - i] : 1, right = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (left != right && left > 1 && right > 1) view.refuse("sizes {} and {} do not broadcast", left, right);
    std::int64_t size = left;
    if (left == 1 || (left < 0 && right != 1)) size = right;
    result[result.size() - 1 - i] = size;
  }
  return result;
}

// Reads an array as if broadcast to `target`; `steps` are zero along repeated axes.
struct BroadcastReader {
  BroadcastReader(const Array& source, const Shape& target) : array(&source), steps(target.size(), 0) {
    const Shape own = steps_of(source.shape);
    const std::size_t missing = target.size() - source.shape.size();
    for (std::size_t i = 0; i < source.shape.size(); ++i)
      if (source.shape[i] != 1) steps[i + missing] = own[i];
  }
  double operator()(const Shape& index) const {
    return array->values[static_cast<std::size_t>(std::inner_product(index.begin(), index.end(), steps.begin(), std::int64_t{0}))];
  }
  const Array* array;
  Shape steps;
};

// Product of sizes [from, to); -1 when one is not known.
inline std::int64_t product(const Shape& shape, std::size_t from, std::size_t to) {
  std::int64_t result = 1;
  for (std::size_t i = from; i < to; ++i) {
    if (shape[i] < 0) return -1;
    result *= shape[i];
  }
  return result;
}

// As double, so that a cost never overflows; sizes not known count as one.
inline double count_of(const Shape& shape) {
  double count = 1;
  for (const std::int64_t size : shape) count *= size < 0 ? 1.0 : static_cast<double>(size);
  return count;
}

inline double one_an_element(const NodeView&, std::span<const Value> outputs) { return count_of(outputs[0].shape); }

inline std::vector<Value> same_as_first(const NodeView& view) { return {{"", view.value(0).type, view.shape(0)}}; }

// A scalar, or a vector of one; a size not known yet passes only where the values are not known either.
inline bool holds_one_number(const NodeView& view, std::size_t input) {
  const Shape& shape = view.shape(input);
  return shape.empty() || (shape.size() == 1 && (shape[0] == 1 || shape[0] < 0));
}

inline void require_rank(const NodeView& view, std::size_t input, std::size_t least, std::size_t most) {
  const std::size_t rank = view.rank(input);
  if (rank < least || rank > most) view.refuse("input {} has {} dimensions", input, rank);
}

// Input `input` must be a vector of `size` elements (either may be unknown).
inline void require_vector(const NodeView& view, std::size_t input, std::int64_t size) {
  const Shape& shape = view.shape(input);
  if (shape.size() != 1 || (shape[0] >= 0 && size >= 0 && shape[0] != size))
    view.refuse("input {} must hold one number for each of {} channels", input, size);
}

inline void require_floating(const NodeView& view, std::size_t input = 0) {
  if (!is_floating(view.value(input).type)) view.refuse("input {} is of type {}", input, name_of(view.value(input).type));
}

}  // namespace isocenter::graph
