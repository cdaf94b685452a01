// What the engine's tests share: random inputs, the plan beside the graph's reference interpreter.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/random.h"
#include "engine/plan.h"
#include "graph/interpreter.h"

namespace isocenter::engine::testing {

inline std::vector<float> random_values(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  core::Random(seed, 0, "engine tests").fill_normal(values.data(), values.size());
  return values;
}

using Arrays = std::map<std::string, std::vector<float>>;

inline Arrays run_plan(const graph::Graph& graph, const std::map<std::string, graph::Shape>& shapes, const Arrays& inputs,
                       const PlanOptions& options = {}) {
  Plan plan(graph, shapes, options);
  std::map<std::string, std::span<const float>> given;
  for (const auto& [name, values] : inputs) given.emplace(name, values);
  Arrays results;
  std::map<std::string, std::span<float>> wanted;
  for (const graph::Value& output : graph.outputs) {
    auto& place = results[output.name];
    place.resize(static_cast<std::size_t>(graph::element_count(plan.output(output.name).shape)));
    wanted.emplace(output.name, place);
  }
  plan.run(given, wanted);
  const Arrays first = results;
  plan.run(given, wanted);  // a second run must not depend on what the first left in the arena
  for (const auto& [name, values] : first)
    if (!std::equal(values.begin(), values.end(), results.at(name).begin(), [](float a, float b) { return a == b || (a != a && b != b); }))
      throw std::logic_error("the second run of '" + graph.name + "' gives another '" + name + "'");
  return results;
}

inline Arrays run_reference(const graph::Graph& graph, const std::map<std::string, graph::Shape>& shapes, const Arrays& inputs) {
  std::map<std::string, graph::Array> given;
  for (const auto& [name, values] : inputs)
    given[name] = {graph::DataType::f32, shapes.at(name), std::vector<double>(values.begin(), values.end())};
  Arrays results;
  for (const auto& [name, array] : graph::interpret(graph, given)) results[name] = {array.values.begin(), array.values.end()};
  return results;
}

// The largest difference as a share of the largest magnitude of `expected`.
inline double largest_relative_difference(const std::vector<float>& values, const std::vector<float>& expected) {
  if (values.size() != expected.size()) return INFINITY;
  double difference = 0, largest = 1e-30;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double d = std::fabs(static_cast<double>(values[i]) - expected[i]);
    if (!(d <= difference)) difference = std::isnan(d) ? INFINITY : d;
    largest = std::max<double>(largest, std::fabs(expected[i]));
  }
  return difference / largest;
}

}  // namespace isocenter::engine::testing
