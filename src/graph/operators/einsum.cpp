// Einsum: sums of products named by letters, "bct,bcs->bts".
#include <map>

#include "graph/operators/support.h"

namespace isocenter::graph {
namespace {

struct Sum {
  std::vector<std::string> terms;  // letters of each input
  std::string result;
  std::map<char, std::int64_t> sizes;
  std::string summed;  // letters that the result does not have
};

Sum sum_of(const NodeView& view) {
  std::string equation = text(view.node(), "equation");
  std::erase(equation, ' ');
  const std::size_t arrow = equation.find("->");
  Sum sum;
  sum.terms.emplace_back();
  for (const char letter : equation.substr(0, arrow)) {
    if (letter == ',')
      sum.terms.emplace_back();
    else
      sum.terms.back() += letter;
  }
  if (arrow != std::string::npos) {
    sum.result = equation.substr(arrow + 2);
  } else {  // the letters that stand once, in alphabetical order
    std::map<char, int> times;
    for (const std::string& term : sum.terms)
      for (const char letter : term) ++times[letter];
    for (const auto& [letter, count] : times)
      if (count == 1) sum.result += letter;
  }
  if (sum.terms.size() != view.size()) view.refuse("equation '{}' names {} inputs", equation, sum.terms.size());
  for (std::size_t i = 0; i < view.size(); ++i) {
    if (view.value(i).type != view.value(0).type) view.refuse("input {} is of another type", i);
    if (sum.terms[i].size() != view.rank(i)) view.refuse("equation '{}' does not fit input {} of {} dimensions", equation, i, view.rank(i));
    for (std::size_t d = 0; d < view.rank(i); ++d) {
      const char letter = sum.terms[i][d];
      if (!((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z')))
        view.refuse("equation '{}' holds more than letters", equation);
      const std::int64_t size = view.shape(i)[d];
      const auto [known, is_new] = sum.sizes.emplace(letter, size);
      if (is_new || size < 0) continue;
      if (known->second >= 0 && known->second != size) view.refuse("'{}' is both {} and {}", letter, known->second, size);
      known->second = size;
    }
  }
  for (std::size_t i = 0; i < sum.result.size(); ++i)
    if (!sum.sizes.contains(sum.result[i]) || sum.result.find(sum.result[i], i + 1) != std::string::npos)
      view.refuse("equation '{}': '{}' in the result is in no input or stands twice", equation, sum.result[i]);
  for (const auto& [letter, size] : sum.sizes)
    if (sum.result.find(letter) == std::string::npos) sum.summed += letter;
  return sum;
}

std::vector<Value> einsum_shape(const NodeView& view) {
  const Sum sum = sum_of(view);
  Value result{"", view.value(0).type, {}};
  for (const char letter : sum.result) result.shape.push_back(sum.sizes.at(letter));
  return {result};
}

double einsum_flop(const NodeView& view, std::span<const Value> outputs) {
  const Sum sum = sum_of(view);
  double terms = 1;
  for (const char letter : sum.summed) terms *= count_of({sum.sizes.at(letter)});
  return count_of(outputs[0].shape) * terms * static_cast<double>(std::max<std::size_t>(view.size(), 1));
}

std::vector<Array> einsum(const NodeView& view, std::span<const Value> outputs) {
  const Sum sum = sum_of(view);
  Array result = zeros_like(outputs[0]);
  // One walk over all letters, the result's first.
  const std::string letters = sum.result + sum.summed;
  Shape walk;
  for (const char letter : letters) walk.push_back(sum.sizes.at(letter));
  std::vector<Shape> steps;  // of each input along each letter
  for (std::size_t i = 0; i < view.size(); ++i) {
    const Shape own = steps_of(view.shape(i));
    steps.emplace_back(letters.size(), 0);
    for (std::size_t d = 0; d < own.size(); ++d) steps[i][letters.find(sum.terms[i][d])] += own[d];
  }
  const std::int64_t summed = product(walk, sum.result.size(), walk.size());
  for_each_index(walk, [&](const Shape& index, std::size_t flat) {
    double term = 1;
    for (std::size_t i = 0; i < view.size(); ++i)
      term *= view.known(i)
                  ->values[static_cast<std::size_t>(std::inner_product(index.begin(), index.end(), steps[i].begin(), std::int64_t{0}))];
    result.values[flat / static_cast<std::size_t>(summed)] += term;
  });
  return {std::move(result)};
}

}  // namespace

std::vector<Operator> einsum_operators() {
  return {{.name = "Einsum",
           .least_inputs = 1,
           .most_inputs = Operator::any,
           .attributes = {{.name = "equation", .kind = AttributeKind::text, .required = true}},
           .shape = einsum_shape,
           .flop = einsum_flop,
           .evaluate = einsum}};
}

}  // namespace isocenter::graph
