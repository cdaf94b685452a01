#include "models/network.h"

#include <algorithm>
#include <system_error>

#include "graph/array.h"
#include "graph/onnx.h"
#include "graph/safetensors.h"
#include "networks/unet.h"

namespace isocenter::models {
namespace {

std::vector<std::int64_t> integers_or(const TomlTable& table, const char* key, std::vector<std::int64_t> otherwise) {
  return table.has(key) ? table.integers(key) : otherwise;
}

networks::Norm norm_of(const TomlTable& table) {
  const std::string norm = table.text("norm", "instance");
  if (norm == "instance") return networks::Norm::instance;
  if (norm == "batch") return networks::Norm::batch;
  if (norm == "none") return networks::Norm::none;
  table.refuse("norm", "must be instance, batch or none");
}

// The keys are those of a training recipe's [network].
networks::UNetOptions unet_options(const TomlTable& table) {
  networks::UNetOptions options;
  options.input_channels = table.integer("input_channels", 1);
  options.output_channels = table.integer("classes");
  options.features = table.integers("features");
  const std::size_t stages = options.features.size();
  if (stages < 2 || stages > 16) table.refuse("features", "must name 2 to 16 stages");
  const std::int64_t dimensions = table.integer("dimensions", 3), kernel = table.integer("kernel", 3);
  if (dimensions != 2 && dimensions != 3) table.refuse("dimensions", "must be 2 or 3");
  std::vector<std::int64_t> halving(stages, 2);
  halving[0] = 1;
  const auto strides = integers_or(table, "strides", halving);
  if (strides.size() != stages) table.refuse("strides", "must have as many numbers as features");
  options.encoder_blocks = integers_or(table, "encoder_blocks", std::vector<std::int64_t>(stages, 2));
  options.decoder_convolutions = integers_or(table, "decoder_convolutions", std::vector<std::int64_t>(stages - 1, 2));
  for (std::size_t s = 0; s < stages; ++s) {
    options.kernels.push_back(graph::Shape(static_cast<std::size_t>(dimensions), kernel));
    options.strides.push_back(graph::Shape(static_cast<std::size_t>(dimensions), strides[s]));
  }
  options.norm = norm_of(table);
  if (table.has("deep_supervision")) table.flag("deep_supervision");  // of training; the finest output alone is used here
  return options;
}

// Before the network is built: numbers in a text file must not make the program take memory that the weights do not justify.
void check_size(const TomlTable& table, const networks::UNetOptions& options, const std::filesystem::path& weights,
                std::uintmax_t weight_bytes) {
  double parameters = 0;
  for (std::size_t s = 0; s < options.features.size(); ++s) {
    const double own = static_cast<double>(options.features[s]);
    const double before = s == 0 ? static_cast<double>(options.input_channels) : static_cast<double>(options.features[s - 1]);
    double taps = 1;
    for (std::int64_t size : options.kernels[s]) taps *= static_cast<double>(size);
    const double blocks = s < options.encoder_blocks.size() ? static_cast<double>(options.encoder_blocks[s]) : 1;
    parameters += taps * own * (before + std::max(0.0, blocks - 1) * own);
  }
  parameters += static_cast<double>(options.features[0]) * static_cast<double>(options.output_channels);
  const double most = static_cast<double>(weight_bytes) / 2;  // two bytes a number at least
  if (parameters > most)
    table.refuse("features", fmt::format("describe a network of more than {:.0f} numbers, but {} holds {:.0f} at most", parameters,
                                         weights.string(), most));
}

std::map<std::string, graph::Constant> as_f32(const std::map<std::string, graph::Constant>& tensors) {
  std::map<std::string, graph::Constant> converted;
  for (const auto& [name, tensor] : tensors)
    converted[name] = graph::is_floating(tensor.type) ? graph::convert(tensor, graph::DataType::f32) : tensor;
  return converted;
}

}  // namespace

PackageNetwork read_network(const TomlTable& table, const std::filesystem::path& folder, const std::filesystem::path& weights) {
  PackageNetwork network;
  network.kind = table.text("kind");
  if (network.kind == "onnx") {
    const std::filesystem::path file = table.text("file");
    if (file.has_parent_path()) table.refuse("file", "must be the name of a file in the package's folder");
    network.graph = graph::read_onnx(folder / file);
    table.refuse_unused();
    return network;
  }
  if (network.kind != "plain_conv_unet" && network.kind != "residual_encoder_unet")
    table.refuse("kind", "must be plain_conv_unet, residual_encoder_unet or onnx");
  const networks::UNetOptions options = unet_options(table);
  table.refuse_unused();
  std::error_code error;
  const auto bytes = std::filesystem::file_size(weights, error);
  if (error) throw core::InputError("{}: {}", weights.string(), error.message());
  check_size(table, options, weights, bytes);
  const auto stored = graph::read_safetensors(weights);
  network.graph = network.kind == "plain_conv_unet" ? networks::plain_conv_unet(options) : networks::residual_encoder_unet(options);
  // Names that the graph does not know are the heads of coarser levels, which training needs and inference does not.
  graph::set_parameters(network.graph, as_f32(stored.tensors), weights.string());
  return network;
}

}  // namespace isocenter::models
