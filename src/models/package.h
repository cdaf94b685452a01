// A model package: the folder models/<name>/ with model.toml (what it reads, preprocessing, network, labels), weights.safetensors, card.md
// and card.json. Read, checked, and ready to run on the engine. The format of model.toml: docs/model-package.md.
//
// read_package throws core::InputError naming file, line, key and fault: a key missing, unknown or of the wrong type, an unknown network,
// weights cut short, of another shape than the network's or of another hash than the one stated.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "imaging/image.h"

namespace isocenter::models {

struct Code {  // of a terminology: {"SCT", "12738006", "Brain"}
  std::string scheme, value, meaning;
};

enum class Side { none, left, right };

struct Label {
  std::uint16_t value = 0;  // in the label maps it writes
  std::string name;         // "left hippocampus"
  std::string structure;    // "hippocampus": the same for both sides
  Side side = Side::none;
  Code code;  // of the structure, without its side
  std::array<std::uint8_t, 3> color{};
  bool measured = true;                          // false: helps to sum (other intracranial), not reported on its own
  double volume_ml_low = 0, volume_ml_high = 0;  // outside of these a volume is flagged as implausible; 0, 0: not judged
};

struct InputRequirement {
  std::string name;                      // "image"
  std::vector<std::string> modalities;   // DICOM's: {"MR"}
  std::vector<std::string> anatomy;      // {"head"}; for the explanation why a series was left aside
  std::string orientation = "LPS";       // axes of the grid the network sees
  imaging::Vector3 spacing_mm{1, 1, 1};  // of that grid
  double minimum_extent_mm = 0;          // every axis of the volume must cover at least this
};

enum class Intensity { z_score, percentile };  // percentile: imaging::scale_percentile; z_score: of what is not zero

// Where the sum `sum` stays below `least_ml`, the field of view holds nothing that the model is for.
struct Presence {
  std::string sum;  // "intracranial volume"
  double least_ml = 0;
  std::string absent;  // "the field of view holds no brain"
};

struct Package {
  std::filesystem::path folder;
  std::string name, version, title, task;  // task: "segmentation"
  std::string license;
  std::string weights_sha256;  // of the file, as it is
  std::string network_kind;    // "plain_conv_unet", "residual_encoder_unet", "onnx"
  InputRequirement input;
  Intensity intensity = Intensity::percentile;
  std::int64_t size_multiple = 16;             // the network's input sizes must be multiples of this
  imaging::Index3 window{};                    // the sliding window; a volume that fits in it is run at once
  double window_step = 0.5;                    // of the window's size
  bool recentre = true;                        // a volume larger than the window: one window about the structures, where they fit in it
  bool largest_component = false;              // of every measured structure only the largest connected piece is kept
  std::vector<Label> labels;                   // channel c of the output is labels[c]; labels[0] is background
  std::vector<std::vector<std::string>> sums;  // named sums: {"intracranial volume", label names...}
  std::optional<Presence> presence;
  graph::Graph graph;  // with its weights

  const Label* find(std::uint16_t value) const;                            // null where no label has this value
  std::vector<std::size_t> channels_of_sum(const std::string& sum) const;  // throws std::logic_error where there is no such sum
};

Package read_package(const std::filesystem::path& folder);

struct PackageSummary {
  std::filesystem::path folder;
  std::string name, version, title, task, license;
};
// Every readable package in the folders that packages are looked for in: $ISOCENTER_MODELS (several with ':'), share/isocenter/models
// beside the program's bin folder, the models folder of the checkout that the program was built in or that it runs in. The first of a name
// counts.
std::vector<PackageSummary> list_packages();
std::filesystem::path find_package(const std::string& name_or_folder);  // throws core::InputError listing what there is

}  // namespace isocenter::models
