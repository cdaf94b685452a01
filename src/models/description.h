// Parts of reading a model.toml that more than one file of this room needs.
#pragma once

#include <filesystem>
#include <string>

#include "models/package.h"
#include "models/toml_table.h"

namespace isocenter::models {

toml::table parse_description(const std::filesystem::path& folder);  // throws core::InputError naming file and line
PackageSummary read_summary(const TomlTable& root, const std::filesystem::path& folder);

struct WeightsFile {
  std::filesystem::path path;
  std::string sha256;  // as model.toml states it; empty where it does not
};
WeightsFile find_weights(const TomlTable& root, const TomlTable& network, const std::filesystem::path& folder);

}  // namespace isocenter::models
