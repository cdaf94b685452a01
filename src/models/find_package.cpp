#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "models/description.h"
#include "models/package.h"

namespace isocenter::models {
namespace {

namespace fs = std::filesystem;

fs::path program_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path();
}

// Where packages are looked for, in order.
std::vector<fs::path> search_folders() {
  std::vector<fs::path> folders;
  if (const char* named = std::getenv("ISOCENTER_MODELS")) {
    std::stringstream list(named);
    for (std::string folder; std::getline(list, folder, ':');)
      if (!folder.empty()) folders.emplace_back(folder);
  }
  const fs::path program = program_folder();
  if (!program.empty()) {
    folders.push_back(program.parent_path() / "share" / "isocenter" / "models");
    // A build folder stands in the checkout: build/release/bin.
    fs::path ancestor = program;
    for (int level = 0; level < 4 && ancestor.has_parent_path(); ++level) {
      ancestor = ancestor.parent_path();
      if (fs::exists(ancestor / "CMakePresets.json")) folders.push_back(ancestor / "models");
    }
  }
  folders.emplace_back("models");
  return folders;
}

std::vector<fs::path> packages_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (fs::exists(entry->path() / "model.toml", error)) found.push_back(entry->path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::vector<PackageSummary> list_packages() {
  std::vector<PackageSummary> summaries;
  for (const fs::path& folder : search_folders())
    for (const fs::path& package : packages_in(folder)) {
      try {
        const toml::table parsed = parse_description(package);
        PackageSummary summary = read_summary(TomlTable(parsed, (package / "model.toml").string(), ""), package);
        const bool known =
            std::any_of(summaries.begin(), summaries.end(), [&](const PackageSummary& other) { return other.name == summary.name; });
        if (!known) summaries.push_back(std::move(summary));
      } catch (const core::InputError&) {
        // A damaged package does not hide the others; `models check FOLDER` says what is wrong with it.
      }
    }
  return summaries;
}

fs::path find_package(const std::string& name_or_folder) {
  std::error_code error;
  if (fs::exists(fs::path(name_or_folder) / "model.toml", error)) return name_or_folder;
  std::string names;
  for (const PackageSummary& summary : list_packages()) {
    if (summary.name == name_or_folder) return summary.folder;
    names += (names.empty() ? "" : ", ") + summary.name;
  }
  throw core::InputError("no model is called '{}', nor is it a folder with a model.toml; there is: {}", name_or_folder,
                         names.empty() ? "none" : names);
}

}  // namespace isocenter::models
