// Other frameworks' networks with stored inputs and outputs: every ONNX file of ../shared/reference/networks through the engine.
#include <gtest/gtest.h>

#include <iostream>

#include "core/error.h"
#include "core/npz.h"
#include "core/parallel.h"
#include "core/shared_data.h"
#include "engine/testing.h"
#include "graph/onnx.h"
#include "graph/safetensors.h"
#include "networks/unet.h"

namespace isocenter::engine {
namespace {

using Numpy = std::map<std::string, core::NumpyArray>;

// The stored arrays of one run: "input0" is the first input; "input0_time" the one whose name holds "time".
struct StoredRun {
  testing::Arrays inputs;
  std::map<std::string, graph::Shape> shapes;
  std::vector<core::NumpyArray> outputs;  // in order
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string key_for(const graph::Value& input, std::size_t position, const std::string& stem, const Numpy& arrays) {
  if (position == 0) return stem;
  for (const auto& [key, array] : arrays)
    if (key.starts_with(stem + "_") && lower(input.name).find(key.substr(stem.size() + 1)) != std::string::npos) return key;
  for (const auto& [key, array] : arrays)
    if (key.starts_with(stem + "_")) return key;
  throw std::runtime_error("no stored array for input '" + input.name + "'");
}

StoredRun stored_run(const graph::Graph& graph, const Numpy& arrays, const std::string& number) {
  StoredRun run;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const core::NumpyArray& array = arrays.at(key_for(graph.inputs[i], i, "input" + number, arrays));
    run.inputs[graph.inputs[i].name] = array.as_float();
    run.shapes[graph.inputs[i].name] = array.shape;
  }
  for (const auto& [key, array] : arrays)  // sorted: output0, or output0_0, output0_1
    if (key.starts_with("output" + number)) run.outputs.push_back(array);
  return run;
}

TEST(EngineReference, RunsEveryStoredNetwork) {
  const auto folder = core::shared_path("reference/networks");
  if (!folder) GTEST_SKIP() << "shared/reference/networks is absent: 0 networks run";
  core::set_thread_count(1);  // these networks are tiny
  int networks = 0, runs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (!std::filesystem::exists(entry.path() / "model.onnx")) continue;
    SCOPED_TRACE(entry.path().filename().string());
    try {
      const graph::Graph graph = graph::read_onnx(entry.path() / "model.onnx");
      const Numpy arrays = core::read_npz(entry.path() / "io.npz");
      ++networks;
      for (int number = 0; arrays.count("input" + std::to_string(number)); ++number) {
        const StoredRun run = stored_run(graph, arrays, std::to_string(number));
        const auto results = testing::run_plan(graph, run.shapes, run.inputs);
        ASSERT_EQ(run.outputs.size(), graph.outputs.size());
        for (std::size_t k = 0; k < run.outputs.size(); ++k)
          EXPECT_LT(testing::largest_relative_difference(results.at(graph.outputs[k].name), run.outputs[k].as_float()), 2e-4)
              << "output " << k;
        ++runs;
      }
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  std::cout << networks << " networks, " << runs << " runs\n";
  EXPECT_GT(networks, 0);
}

}  // namespace
}  // namespace isocenter::engine
