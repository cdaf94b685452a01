#include <algorithm>

#include "apps/command_line/program.h"
#include "apps/isocenter/verbs.h"
#include "core/error.h"
#include "formats/volume/volume_file.h"
#include "methods/generation/brain_id/synthesize.h"

namespace isocenter::apps {
namespace {

namespace fs = std::filesystem;

// The table of labels and the folder of maps, from a folder that holds labels.csv and, in it or in one folder below, volume files.
std::pair<fs::path, std::vector<fs::path>> find_maps(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw core::InputError("{}: no such folder", folder.string());
  const fs::path table = fs::exists(folder / "labels.csv") ? folder / "labels.csv" : folder.parent_path() / "labels.csv";
  if (!fs::exists(table)) throw core::InputError("{}: no labels.csv in it or beside it", folder.string());
  std::vector<fs::path> candidates = {folder}, maps;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory()) candidates.push_back(entry.path());
  std::sort(candidates.begin(), candidates.end(), std::greater<>());  // of maps-1mm and maps-2mm, the set of many
  for (const auto& candidate : candidates) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(candidate))
      if (entry.is_regular_file() && formats::is_volume_file(entry.path())) found.push_back(entry.path());
    if (found.size() > maps.size()) maps = std::move(found);
  }
  if (maps.empty()) throw core::InputError("{}: no label maps (NIfTI, MGH, NRRD, MetaImage) in it", folder.string());
  std::sort(maps.begin(), maps.end());
  return {table, maps};
}

int run(const Arguments& arguments) {
  namespace brain_id = methods::brain_id;
  auto [table, maps] = find_maps(*arguments.path("--labels"));
  const std::string only = arguments.text("--only");
  if (only == "last")
    maps = {maps.back()};
  else if (!only.empty()) {
    std::erase_if(maps, [&](const fs::path& map) { return map.filename().string().find(only) == std::string::npos; });
    if (maps.empty()) throw core::InputError("{}: no label map's name holds '{}'", arguments.text("--labels"), only);
  }
  brain_id::SynthesisRequest request{
      table, maps, arguments.integer("--count", 1, 100'000), static_cast<std::uint64_t>(arguments.integer("--seed", 0, 1'000'000'000)), {}};
  request.options.spacing_mm = arguments.number("--spacing", 0.5, 20);
  const auto size = arguments.integer("--width", 8, 1024);
  request.options.size = {size, size, size};
  if (arguments.given("--size")) {
    char rest = 0;
    auto& three = request.options.size;
    if (std::sscanf(arguments.text("--size").c_str(), "%ld,%ld,%ld%c", &three[0], &three[1], &three[2], &rest) != 3 ||
        *std::min_element(three.begin(), three.end()) < 8 || *std::max_element(three.begin(), three.end()) > 1024)
      throw UsageError("--size: three whole numbers from 8 to 1024, as in 96,112,96");
  }
  brain_id::synthesize_heads(request, *arguments.path("--output"), arguments.progress());
  return 0;
}

}  // namespace

Verb synthesize_verb() {
  return {"synthesize",
          "simulated scans with their labels",
          "brain-heads: MR-like head scans of random contrast, resolution, position and artefacts, made from label maps of real heads (the "
          "generator of "
          "Brain-ID), with the label map of each: to train a network that reads any contrast, or to test one. Simulated, never called "
          "clinical.",
          {{"WHAT", "what to simulate", {"brain-heads"}}},
          {{"--labels", "FOLDER", "label maps and their labels.csv", "", {}, true},
           {"--output", "DIR", "folder for images/, labels/ and labels.csv", "", {}, true, "-o"},
           {"--count", "N", "how many", "10"},
           {"--seed", "N", "the same seed gives the same heads", "1"},
           {"--only", "NAME", "only label maps whose file name holds this, or 'last' for the last by name"},
           {"--spacing", "MM", "voxel size", "2"},
           {"--width", "N", "voxels along each axis", "96"},
           {"--size", "X,Y,Z", "voxels along each axis when they differ"}},
          {{"isocenter synthesize brain-heads --labels label-maps/ --count 20 --output heads/", "twenty heads"}},
          run};
}

}  // namespace isocenter::apps
