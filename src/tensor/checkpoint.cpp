#include "tensor/checkpoint.h"

#include <cstring>

#include "core/error.h"
#include "graph/safetensors.h"

namespace isocenter::tensor {
namespace {

constexpr const char* optimizer_steps_key = "optimizer_steps";

void put(graph::Safetensors& file, const std::string& group, const GraphModule& network, std::span<const float> values) {
  for (const auto& piece : network.pieces())
    file.tensors[group + "/" + piece.name] =
        graph::constant(piece.shape, std::vector<float>(values.data() + piece.offset, values.data() + piece.offset + piece.count));
}

void take(const graph::Safetensors& file, const std::string& group, const GraphModule& network, std::span<float> values,
          const std::filesystem::path& path) {
  for (const auto& piece : network.pieces()) {
    const auto found = file.tensors.find(group + "/" + piece.name);
    if (found == file.tensors.end())
      throw core::InputError("{}: no array {}/{}: this checkpoint is of another network or optimizer", path.string(), group, piece.name);
    if (found->second.shape != piece.shape || found->second.type != graph::DataType::f32)
      throw core::InputError("{}: array {}/{} has another shape than the recipe's network", path.string(), group, piece.name);
    std::memcpy(values.data() + piece.offset, found->second.bytes.get(), piece.count * sizeof(float));
  }
}

std::filesystem::path previous_of(const std::filesystem::path& path) { return path.string() + ".previous"; }

std::map<std::string, std::string> load_from(const std::filesystem::path& path, GraphModule& network, std::vector<float>& average,
                                             Optimizer& optimizer) {
  const graph::Safetensors file = graph::read_safetensors(path);
  std::map<std::string, std::string> metadata = file.metadata;
  const auto steps = metadata.find(optimizer_steps_key);
  if (steps == metadata.end()) throw core::InputError("{}: not a checkpoint of a training run", path.string());
  average.resize(network.values().size());
  take(file, "weights", network, network.values(), path);
  take(file, "average", network, average, path);
  for (auto& [name, values] : optimizer.state()) take(file, name, network, values, path);
  for (const auto& [name, buffer] : network.buffers()) {
    const auto found = file.tensors.find("buffers/" + name);
    if (found == file.tensors.end() || found->second.shape != buffer.sizes().vec())
      throw core::InputError("{}: no array buffers/{} of the network's shape", path.string(), name);
    std::memcpy(buffer.data_ptr<float>(), found->second.bytes.get(), found->second.byte_count());
  }
  optimizer.steps = std::stoll(steps->second);
  metadata.erase(steps);
  return metadata;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const GraphModule& network, std::span<const float> average, Optimizer& optimizer,
                     std::map<std::string, std::string> metadata) {
  graph::Safetensors file;
  put(file, "weights", network, network.values());
  put(file, "average", network, average);
  for (const auto& [name, values] : optimizer.state()) put(file, name, network, values);
  for (const auto& [name, buffer] : network.buffers())
    file.tensors["buffers/" + name] =
        graph::constant(buffer.sizes().vec(), std::vector<float>(buffer.data_ptr<float>(), buffer.data_ptr<float>() + buffer.numel()));
  metadata[optimizer_steps_key] = std::to_string(optimizer.steps);
  file.metadata = std::move(metadata);

  // At every moment one complete checkpoint lies under one of the two names that load_checkpoint looks at: a hard link keeps the old one
  // while the new one takes its name.
  std::error_code ignored;
  std::filesystem::remove(previous_of(path), ignored);
  std::filesystem::create_hard_link(path, previous_of(path), ignored);
  graph::write_safetensors(path, file);
}

std::map<std::string, std::string> load_checkpoint(const std::filesystem::path& path, GraphModule& network, std::vector<float>& average,
                                                   Optimizer& optimizer) {
  try {
    return load_from(path, network, average, optimizer);
  } catch (const core::InputError&) {
    if (!std::filesystem::exists(previous_of(path))) throw;
    return load_from(previous_of(path), network, average, optimizer);
  }
}

std::map<std::string, graph::Constant> read_weights(const std::filesystem::path& path) {
  graph::Safetensors file = graph::read_safetensors(path);
  if (!file.metadata.count(optimizer_steps_key)) return std::move(file.tensors);
  std::map<std::string, graph::Constant> weights;
  for (const auto& [name, constant] : file.tensors)
    for (const char* group : {"average/", "buffers/"})
      if (name.rfind(group, 0) == 0) weights[name.substr(std::strlen(group))] = constant;
  return weights;
}

void load_weights(const std::filesystem::path& path, GraphModule& network) { network.load(read_weights(path), path.string()); }

void save_weights(const std::filesystem::path& path, const GraphModule& network, std::span<const float> average,
                  const std::map<std::string, std::string>& metadata) {
  graph::write_safetensors(path, {network.save(average), metadata});
}

}  // namespace isocenter::tensor
