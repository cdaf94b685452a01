// Where tests find real data and reference cases: the folder `shared` beside the checkout, or the one ISOCENTER_SHARED names.
#pragma once

#include <filesystem>
#include <optional>

namespace isocenter::core {

// The path of `relative` there, as in shared_path("reference/networks"); nothing when it is absent (the test then skips and says so).
std::optional<std::filesystem::path> shared_path(const std::filesystem::path& relative);

}  // namespace isocenter::core
