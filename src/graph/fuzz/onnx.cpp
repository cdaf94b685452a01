// Any bytes as an ONNX model: refused with core::InputError, or read into a graph that verifies, whose shapes are inferred or refused, and
// that a round trip does not change.
#include <cstdlib>
#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "graph/compare.h"
#include "graph/onnx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isocenter;
  static const core::TemporaryFolder folder;
  const auto path = folder.path() / "model.onnx", again = folder.path() / "again.onnx";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    const graph::Graph net = graph::read_onnx(path);
    try {
      graph::infer_shapes(net);
    } catch (const core::InputError&) {
    }
    graph::write_onnx(again, net);
    if (!graph::difference(graph::read_onnx(again), net).empty()) std::abort();
  } catch (const core::InputError&) {
  }
  return 0;
}
