// Exported networks of other frameworks, with what they give: read, checked, counted and computed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "core/error.h"
#include "core/npz.h"
#include "core/shared_data.h"
#include "graph/interpreter.h"
#include "graph/onnx.h"
#include "graph/operators.h"

namespace isocenter::graph {
namespace {

std::vector<std::filesystem::path> network_folders() {
  std::vector<std::filesystem::path> folders;
  if (const auto root = core::shared_path("reference/networks"))
    for (const auto& entry : std::filesystem::directory_iterator(*root))
      if (std::filesystem::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  std::ranges::sort(folders);
  return folders;
}

Array array_of(const core::NumpyArray& numbers, DataType type) { return {type, numbers.shape, numbers.as_double()}; }

// The archive holds input0, input1, ... each run alone where the network has one input; otherwise one array an input, under the input's own
// name or with that name as its ending.
struct Case {
  std::map<std::string, Array> inputs;
  std::vector<Array> outputs;
};

std::vector<Case> cases_of(const Graph& graph, const std::map<std::string, core::NumpyArray>& arrays) {
  std::vector<Case> cases;
  for (int k = 0; arrays.contains("input" + std::to_string(k)); ++k) {
    const std::string number = std::to_string(k);
    Case one;
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
      const Value& input = graph.inputs[i];
      const std::string key = i == 0 ? "input" + number : "input" + number + "_" + input.name;
      if (arrays.contains(key)) one.inputs[input.name] = array_of(arrays.at(key), input.type);
    }
    for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
      for (const std::string& key :
           {"output" + number + "_" + std::to_string(i), "output" + number + "_" + graph.outputs[i].name, "output" + number})
        if (arrays.contains(key)) {
          one.outputs.push_back(array_of(arrays.at(key), graph.outputs[i].type));
          break;
        }
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

TEST(NetworksReference, EveryModelIsReadOrRefusedByTheNameOfItsOperator) {
  const auto folders = network_folders();
  if (folders.empty()) GTEST_SKIP() << "shared/reference/networks is absent: 0 models read";
  std::size_t read = 0, refused = 0;
  for (const auto& folder : folders) {
    try {
      const Graph graph = read_onnx(folder / "model.onnx");
      for (const Node& node : graph.nodes) EXPECT_NE(find_operator(node.op), nullptr);
      ++read;
    } catch (const core::InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("unknown operator '"));
      std::cout << error.what() << "\n";
      ++refused;
    }
  }
  std::cout << read << " models read, " << refused << " refused\n";
  EXPECT_GT(read, 0u);
}

TEST(NetworksReference, InterpretedNetworksGiveTheirStoredOutputs) {
  const auto folders = network_folders();
  if (folders.empty()) GTEST_SKIP() << "shared/reference/networks is absent: 0 networks run";
  std::size_t run = 0, outputs = 0;
  for (const auto& folder : folders) {
    SCOPED_TRACE(folder.filename().string());
    Graph graph;
    try {
      graph = read_onnx(folder / "model.onnx");
    } catch (const core::InputError&) {
      continue;  // counted by the test above
    }
    for (const Case& one : cases_of(graph, core::read_npz(folder / "io.npz"))) {
      bool fixed = false;  // exported for another size
      for (const Value& input : graph.inputs) {
        ASSERT_TRUE(one.inputs.contains(input.name)) << input.name;
        for (std::size_t i = 0; i < input.shape.size(); ++i)
          fixed = fixed || (input.shape[i] >= 0 && input.shape[i] != one.inputs.at(input.name).shape[i]);
      }
      if (fixed) continue;
      const auto results = interpret(graph, one.inputs);
      ++run;
      ASSERT_EQ(one.outputs.size(), graph.outputs.size());
      for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
        const Array &expected = one.outputs[i], &actual = results.at(graph.outputs[i].name);
        ASSERT_EQ(actual.shape, expected.shape);
        double largest = 0, worst = 0;
        for (const double value : expected.values) largest = std::max(largest, std::fabs(value));
        for (std::size_t k = 0; k < expected.values.size(); ++k) worst = std::max(worst, std::fabs(expected.values[k] - actual.values[k]));
        EXPECT_LE(worst, 2e-4 * largest);
        std::cout << "  " << folder.filename().string() << ": largest difference " << worst / largest << " of the largest output\n";
        ++outputs;
      }
    }
  }
  std::cout << run << " runs, " << outputs << " outputs compared\n";
  EXPECT_GT(run, 0u);
}

}  // namespace
}  // namespace isocenter::graph
