// What a model's card says of its limits.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace isocenter::reports {

// The texts of "limits" in the package's card.json; none when there is no card or no such list.
std::vector<std::string> card_limits(const std::filesystem::path& package_folder);

}  // namespace isocenter::reports
