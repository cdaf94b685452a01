#include "models/package.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/file.h"
#include "core/hash.h"
#include "models/description.h"
#include "models/network.h"

namespace isocenter::models {
namespace {

constexpr std::uint64_t kLargestDescription = 4u << 20;
constexpr std::uint64_t kLargestWeights = std::uint64_t{8} << 30;
constexpr std::int64_t kSchema = 1;

imaging::Vector3 three_numbers(const TomlTable& table, const std::string& key) {
  const auto values = table.numbers(key);
  if (values.size() != 3) table.refuse(key, "must hold three numbers, for x, y and z");
  for (double value : values)
    if (!(value > 0 && value < 1e4)) table.refuse(key, "must hold numbers above zero");
  return {values[0], values[1], values[2]};
}

void read_input(const TomlTable& table, Package& package) {
  InputRequirement& input = package.input;
  input.name = table.text("name", "image");
  input.modalities = table.texts("modalities");
  input.anatomy = table.has("anatomy") ? table.texts("anatomy") : std::vector<std::string>{};
  input.orientation = table.text("orientation", "LPS");
  if (input.orientation != "LPS") table.refuse("orientation", "must be LPS, the orientation of every grid here");
  input.spacing_mm = three_numbers(table, "spacing_mm");
  input.minimum_extent_mm = table.number("minimum_extent_mm", 0);
  const std::string intensity = table.text("intensity");
  if (intensity == "percentile")
    package.intensity = Intensity::percentile;
  else if (intensity == "z_score")
    package.intensity = Intensity::z_score;
  else
    table.refuse("intensity", "must be percentile or z_score");
  table.refuse_unused();
}

void read_run(const TomlTable& table, Package& package) {
  const auto window = table.integers("window");
  if (window.size() != 3) table.refuse("window", "must hold three numbers of voxels, for x, y and z");
  for (std::size_t a = 0; a < 3; ++a) {
    if (window[a] < 1 || window[a] > 1024) table.refuse("window", "must hold numbers from 1 to 1024");
    package.window[a] = window[a];
  }
  package.size_multiple = table.integer("size_multiple", 16);
  if (package.size_multiple < 1 || package.size_multiple > 256) table.refuse("size_multiple", "must be from 1 to 256");
  for (std::int64_t size : window)
    if (size > 1 && size % package.size_multiple != 0) table.refuse("window", "must hold multiples of size_multiple");
  package.window_step = table.number("step", 0.5);
  if (!(package.window_step > 0.05 && package.window_step <= 1)) table.refuse("step", "must be above 0.05 and at most 1");
  package.recentre = table.flag("recentre", true);
  package.largest_component = table.flag("largest_component", false);
  table.refuse_unused();
}

Code read_code(const TomlTable& table) {
  Code code{table.text("scheme"), table.text("value"), table.text("meaning")};
  table.refuse_unused();
  return code;
}

Side read_side(const TomlTable& table) {
  const std::string side = table.text("side", "none");
  if (side == "none") return Side::none;
  if (side == "left") return Side::left;
  if (side == "right") return Side::right;
  table.refuse("side", "must be left, right or none");
}

Label read_label(const TomlTable& table) {
  Label label;
  const std::int64_t value = table.integer("value");
  if (value < 0 || value > 65535) table.refuse("value", "must be from 0 to 65535");
  label.value = static_cast<std::uint16_t>(value);
  label.name = table.text("name");
  label.structure = table.text("structure", label.name);
  label.side = read_side(table);
  if (table.has("code")) label.code = read_code(table.table("code"));
  if (table.has("color")) {
    const auto color = table.integers("color");
    if (color.size() != 3) table.refuse("color", "must hold red, green and blue");
    for (std::size_t i = 0; i < 3; ++i) {
      if (color[i] < 0 || color[i] > 255) table.refuse("color", "must hold numbers from 0 to 255");
      label.color[i] = static_cast<std::uint8_t>(color[i]);
    }
  }
  label.measured = table.flag("measured", value != 0);
  if (table.has("volume_ml")) {
    const auto range = table.numbers("volume_ml");
    if (range.size() != 2 || !(range[0] >= 0 && range[0] < range[1]))
      table.refuse("volume_ml", "must hold the lowest and the highest plausible volume");
    label.volume_ml_low = range[0];
    label.volume_ml_high = range[1];
  }
  table.refuse_unused();
  return label;
}

void read_labels(const TomlTable& root, Package& package) {
  std::set<std::string> names;
  std::set<std::uint16_t> values;
  for (const TomlTable& table : root.tables("label")) {
    const Label label = read_label(table);
    if (!names.insert(label.name).second) table.refuse("name", "is that of an earlier label");
    if (!values.insert(label.value).second) table.refuse("value", "is that of an earlier label");
    package.labels.push_back(label);
  }
  if (package.labels.size() < 2) root.refuse("label", "must list the background and one structure at least");
  if (package.labels[0].value != 0) root.refuse("label", "must list the background, value 0, first");
}

void read_sums(const TomlTable& root, Package& package) {
  for (const TomlTable& table : root.tables("sum")) {
    std::vector<std::string> sum{table.text("name")};
    for (const std::string& label : table.texts("labels")) {
      const auto known =
          std::find_if(package.labels.begin(), package.labels.end(), [&](const Label& entry) { return entry.name == label; });
      if (known == package.labels.end()) table.refuse("labels", "names '" + label + "', which is no label");
      sum.push_back(label);
    }
    if (sum.size() < 2) table.refuse("labels", "must name one label at least");
    table.refuse_unused();
    package.sums.push_back(std::move(sum));
  }
}

Presence read_presence(const TomlTable& table, const Package& package) {
  Presence presence{table.text("sum"), table.number("least_ml"), table.text("absent")};
  const auto known = std::find_if(package.sums.begin(), package.sums.end(), [&](const auto& sum) { return sum[0] == presence.sum; });
  if (known == package.sums.end()) table.refuse("sum", "names no sum of this file");
  table.refuse_unused();
  return presence;
}

// A network as the program can run it: one image in, a channel a label out.
void check_graph(const Package& package, const std::string& file) {
  const graph::Graph& graph = package.graph;
  if (graph.inputs.size() != 1 || graph.outputs.empty())
    throw core::InputError("{}: the network has {} inputs and {} outputs; one image in and scores out are needed", file,
                           graph.inputs.size(), graph.outputs.size());
  const graph::Shape& input = graph.inputs[0].shape;
  if (input.size() != 4 && input.size() != 5)
    throw core::InputError("{}: the network's input has {} axes; 4 or 5 are needed", file, input.size());
  if (input[1] > 1) throw core::InputError("{}: the network takes {} channels; one is what a package gives it", file, input[1]);
  graph::Shape sizes{1, 1, package.window[2], package.window[1], package.window[0]};
  if (input.size() == 4) sizes = {1, 1, package.window[1], package.window[0]};
  const auto values = graph::infer_shapes(graph, {{graph.inputs[0].name, sizes}});
  graph::Shape expected = sizes;
  expected[1] = static_cast<std::int64_t>(package.labels.size());
  const graph::Shape& output = values.at(graph.outputs[0].name).shape;
  if (output != expected)
    throw core::InputError("{}: {} labels and a window of {} x {} x {} need an output of as many channels and voxels; the network gives {}",
                           file, package.labels.size(), package.window[0], package.window[1], package.window[2], fmt::join(output, " x "));
}

}  // namespace

const Label* Package::find(std::uint16_t value) const {
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const Label& label) { return label.value == value; });
  return found == labels.end() ? nullptr : &*found;
}

std::vector<std::size_t> Package::channels_of_sum(const std::string& sum) const {
  for (const auto& entry : sums) {
    if (entry[0] != sum) continue;
    std::vector<std::size_t> channels;
    for (std::size_t c = 0; c < labels.size(); ++c)
      if (std::find(entry.begin() + 1, entry.end(), labels[c].name) != entry.end()) channels.push_back(c);
    return channels;
  }
  throw std::logic_error("package '" + name + "' has no sum '" + sum + "'");
}

toml::table parse_description(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    throw core::InputError("{}: no such folder; a model package is a folder with a model.toml", folder.string());
  const std::filesystem::path file = folder / "model.toml";
  try {
    return toml::parse(core::read_text(file, kLargestDescription), file.string());
  } catch (const toml::parse_error& fault) {
    throw core::InputError("{}, line {}: {}", file.string(), fault.source().begin.line, fault.description());
  }
}

PackageSummary read_summary(const TomlTable& root, const std::filesystem::path& folder) {
  if (root.integer("schema") != kSchema) root.refuse("schema", fmt::format("must be {}, the version that this program reads", kSchema));
  PackageSummary summary{folder, root.text("name"), root.text("version"), root.text("title"), root.text("task"), root.text("license")};
  if (summary.task != "segmentation") root.refuse("task", "must be segmentation, the task that this program runs");
  return summary;
}

Package read_package(const std::filesystem::path& folder) {
  const toml::table parsed = parse_description(folder);
  const std::string file = (folder / "model.toml").string();
  const TomlTable root(parsed, file, "");
  Package package;
  const PackageSummary summary = read_summary(root, folder);
  package.folder = folder;
  package.name = summary.name;
  package.version = summary.version;
  package.title = summary.title;
  package.task = summary.task;
  package.license = summary.license;
  read_input(root.table("input"), package);
  read_run(root.table("run"), package);
  read_labels(root, package);
  if (root.has("sum")) read_sums(root, package);
  if (root.has("presence")) package.presence = read_presence(root.table("presence"), package);

  const TomlTable network = root.table("network");
  const WeightsFile weights = find_weights(root, network, folder);
  root.refuse_unused();
  package.weights_sha256 = core::sha256_hex(core::read_bytes(weights.path, kLargestWeights));
  if (!weights.sha256.empty() && weights.sha256 != package.weights_sha256)
    throw core::InputError("{}: the SHA-256 of the file is {}, but model.toml states {}; the file is damaged or another one",
                           weights.path.string(), package.weights_sha256, weights.sha256);
  PackageNetwork read = read_network(network, folder, weights.path);
  package.network_kind = std::move(read.kind);
  package.graph = std::move(read.graph);
  check_graph(package, file);
  return package;
}

WeightsFile find_weights(const TomlTable& root, const TomlTable& network, const std::filesystem::path& folder) {
  WeightsFile weights;
  weights.path = folder / "weights.safetensors";
  if (network.text("kind") == "onnx") weights.path = folder / std::filesystem::path(network.text("file")).filename();
  if (!root.has("weights")) return weights;
  const TomlTable table = root.table("weights");
  weights.sha256 = table.text("sha256");
  table.refuse_unused();
  return weights;
}

}  // namespace isocenter::models
