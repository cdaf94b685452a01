// Everything that can be wrong with a package, found out before it is used: `isocenter models check`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace isocenter::models {

// One sentence a fault, empty when the package is in order: model.toml and weights read, the hash is stated and right, the card is there
// and card.json is JSON, the network's output has a channel a label, a run on random values gives finite scores, labels and sums agree.
std::vector<std::string> check_package(const std::filesystem::path& folder);

}  // namespace isocenter::models
