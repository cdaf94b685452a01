// ONNX's own operator tests (Debian: libonnx-testdata), run through reader, shape inference and interpreter: the meaning of every operator
// as its standard's authors wrote it down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include "core/error.h"
#include "graph/interpreter.h"
#include "graph/mapped_file.h"
#include "graph/onnx.h"
#include "graph/onnx_tensor.h"
#include "graph/operators.h"

namespace isocenter::graph {
namespace {

// The cases hold bfloat16 as its bits.
Array read_case_tensor(const std::filesystem::path& path, DataType wanted) {
  const MappedFile file = map_file(path);
  Constant constant = onnx::read_tensor(file.view(), file, path.parent_path()).constant;
  if (wanted == DataType::bf16 && constant.type == DataType::u16) constant.type = wanted;
  return to_array(constant);
}

// Where we mean something else than the case, and why.
const char* const coarse_pi = "its stored numbers were computed with pi = 3.1415";
const std::map<std::string, std::string> others{
    {"test_resize_downsample_scales_linear_align_corners",
     "takes the corners of a fractional size; PyTorch and ONNX Runtime those of the whole one"},
    {"test_blackmanwindow_expanded", coarse_pi},
    {"test_blackmanwindow_symmetric_expanded", coarse_pi},
    {"test_hammingwindow_expanded", coarse_pi},
    {"test_hammingwindow_symmetric_expanded", coarse_pi},
    {"test_hannwindow_expanded", coarse_pi},
    {"test_hannwindow_symmetric_expanded", coarse_pi},
};

// Their numbers were computed in f32.
void expect_near(const Array& actual, const Array& expected, double relative) {
  ASSERT_EQ(actual.shape, expected.shape);
  EXPECT_EQ(actual.type, expected.type);
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    const double a = actual.values[i], b = expected.values[i];
    if (std::isnan(a) && std::isnan(b)) continue;
    if (a == b) continue;
    ASSERT_NEAR(a, b, relative * std::fabs(b) + 1e-6) << "element " << i;
  }
}

TEST(OnnxNode, EveryOperatorMeansWhatTheStandardsTestsSay) {
  const std::filesystem::path folder = "/usr/share/libonnx-testdata/data/node";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "libonnx-testdata is not installed: 0 cases run";
  std::vector<std::filesystem::path> cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (std::filesystem::exists(entry.path() / "model.onnx")) cases.push_back(entry.path());
  std::ranges::sort(cases);
  std::size_t run = 0, refused = 0;
  std::set<std::string> tested;
  std::map<std::string, int> reasons;
  for (const auto& path : cases) {
    SCOPED_TRACE(path.filename().string());
    if (const auto other = others.find(path.filename().string()); other != others.end()) {
      std::cout << "  left out: " << other->first << ": " << other->second << "\n";
      continue;
    }
    Graph graph;
    try {
      graph = read_onnx(path / "model.onnx");
    } catch (const core::InputError& error) {
      ++refused;
      std::string reason = error.what();
      ++reasons[reason.substr(reason.find("model.onnx") + 12)];
      continue;
    }
    for (const auto& data : std::filesystem::directory_iterator(path)) {
      if (!data.is_directory()) continue;
      std::map<std::string, Array> inputs;
      try {
        for (std::size_t i = 0; i < graph.inputs.size(); ++i)
          inputs[graph.inputs[i].name] = read_case_tensor(data.path() / ("input_" + std::to_string(i) + ".pb"), graph.inputs[i].type);
      } catch (const core::InputError& error) {
        ++refused;
        ++reasons[error.what()];
        continue;
      }
      std::map<std::string, Array> outputs;
      try {
        outputs = interpret(graph, inputs);
      } catch (const core::InputError& error) {
        ++refused;
        std::string reason = error.what();
        ++reasons[path.filename().string() + ": " + reason];
        continue;
      }
      ++run;
      for (const Node& node : graph.nodes) tested.insert(node.op);
      const bool narrow = std::ranges::any_of(
          graph.outputs, [](const Value& value) { return value.type == DataType::bf16 || value.type == DataType::f16; });
      const double tolerance = narrow ? 1e-2 : 1e-5;  // our values are not rounded to 16 bits
      for (std::size_t i = 0; i < graph.outputs.size(); ++i)
        expect_near(outputs.at(graph.outputs[i].name),
                    read_case_tensor(data.path() / ("output_" + std::to_string(i) + ".pb"), graph.outputs[i].type), tolerance);
    }
  }
  for (const auto& [reason, count] : reasons) std::cout << "  refused " << count << ": " << reason << "\n";
  std::cout << run << " cases run, " << refused << " refused; " << tested.size() << " of " << operator_names().size() << " operators met\n";
  for (const auto name : operator_names())
    if (!tested.contains(std::string(name))) std::cout << "  not met: " << name << "\n";
  EXPECT_GT(run, 500u);
}

}  // namespace
}  // namespace isocenter::graph
