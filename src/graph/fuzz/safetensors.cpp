// Any bytes as a safetensors file: refused with core::InputError, or read into tensors whose every byte can be read.
#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "graph/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isocenter;
  static const core::TemporaryFolder folder;
  const auto path = folder.path() / "weights.safetensors";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    const auto content = graph::read_safetensors(path);
    volatile std::uint8_t sum = 0;
    for (const auto& [name, tensor] : content.tensors)
      for (std::size_t i = 0; i < tensor.byte_count(); ++i) sum = static_cast<std::uint8_t>(sum + tensor.bytes.get()[i]);
  } catch (const core::InputError&) {
  }
  return 0;
}
