#include "core/shared_data.h"

#include <cstdlib>

namespace isocenter::core {

std::optional<std::filesystem::path> shared_path(const std::filesystem::path& relative) {
  const char* named = std::getenv("ISOCENTER_SHARED");
  const std::filesystem::path root = named ? named : "../shared";
  std::error_code error;
  if (!std::filesystem::exists(root / relative, error)) return std::nullopt;
  return root / relative;
}

}  // namespace isocenter::core
