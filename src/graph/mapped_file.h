// A whole file as read-only memory, unmapped when the last pointer into it is gone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "graph/graph.h"

namespace isocenter::graph {

struct MappedFile {
  std::shared_ptr<const std::uint8_t> bytes;
  std::uint64_t size = 0;
  std::span<const std::uint8_t> view() const { return {bytes.get(), static_cast<std::size_t>(size)}; }
};

// Throws core::InputError when the path is no readable file, core::ResourceError when it cannot be mapped. An empty file has size 0.
MappedFile map_file(const std::filesystem::path& path);

// `part` (inside the file) as a constant's bytes: shared with the map where it is aligned to 8, copied otherwise.
std::shared_ptr<const std::uint8_t> share(const MappedFile& file, std::span<const std::uint8_t> part);

}  // namespace isocenter::graph
