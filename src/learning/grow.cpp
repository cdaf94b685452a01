#include "learning/grow.h"

#include <charconv>

#include "core/error.h"
#include "tensor/checkpoint.h"

namespace isocenter::learning {
namespace {

const std::string stages = "encoder.stages.";

// "encoder.stages.0.0.convs..." to "encoder.stages.1.0.convs..."; decoder names count from the coarsest level and stay.
std::string name_in_finer(const std::string& name) {
  if (name.rfind(stages, 0) != 0) return name;
  int level = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + stages.size(), end, level);
  return stages + std::to_string(level + 1) + std::string(parsed.ptr, end);
}

std::vector<float> values_of(const graph::Constant& constant) { return {constant.floats().begin(), constant.floats().end()}; }

// The image through the new finest level: two channels hold plus and minus the mean of each voxel's neighbourhood. After the norm and the
// leaky ReLU their difference is the smoothed image again (but for a factor, which the next norm takes out).
void carry_image(std::map<std::string, graph::Constant>& weights, const graph::Constant& old_first, const std::string& first_name,
                 const std::string& next_name) {
  graph::Constant& first = weights.at(first_name);
  graph::Constant& next = weights.at(next_name);
  if (first.shape.size() < 3 || first.shape[0] < 2 || first.shape[1] != old_first.shape[1] || next.shape[0] != old_first.shape[0]) return;
  std::int64_t taps = 1;
  for (std::size_t axis = 2; axis < first.shape.size(); ++axis) taps *= first.shape[axis];
  const std::int64_t images = first.shape[1], width = next.shape[1];
  if (2 * images > first.shape[0] || graph::element_count(next.shape) != next.shape[0] * width * taps) return;
  auto first_values = values_of(first), next_values = values_of(next);
  const auto old_values = values_of(old_first);
  for (std::int64_t image = 0; image < images; ++image)
    for (int sign = 0; sign < 2; ++sign) {
      const std::int64_t channel = 2 * image + sign;
      for (std::int64_t from = 0; from < images; ++from)
        for (std::int64_t tap = 0; tap < taps; ++tap)
          first_values[(channel * images + from) * taps + tap] = from == image ? (sign ? -1.0f : 1.0f) / static_cast<float>(taps) : 0.0f;
      for (std::int64_t out = 0; out < next.shape[0]; ++out)
        for (std::int64_t tap = 0; tap < taps; ++tap)
          next_values[(out * width + channel) * taps + tap] = (sign ? -1.0f : 1.0f) * old_values[(out * images + image) * taps + tap];
    }
  // The other channels join slowly.
  for (std::int64_t out = 0; out < next.shape[0]; ++out)
    for (std::int64_t channel = 2 * images; channel < width; ++channel)
      for (std::int64_t tap = 0; tap < taps; ++tap) next_values[(out * width + channel) * taps + tap] *= 0.2f;
  first = graph::constant(first.shape, std::move(first_values));
  next = graph::constant(next.shape, std::move(next_values));
}

}  // namespace

std::vector<std::string> grow_from_coarser(const std::filesystem::path& file, tensor::GraphModule& network) {
  const auto coarse = tensor::read_weights(file);
  auto weights = network.save(network.values());
  std::map<std::string, bool> taken;
  for (const auto& [name, value] : weights) taken[name] = false;
  bool any_level = false;
  for (const auto& [name, value] : coarse) {
    const auto target = weights.find(name_in_finer(name));
    if (target == weights.end() || target->second.shape != value.shape) continue;
    target->second = value;
    taken[target->first] = true;
    any_level |= name.rfind(stages, 0) == 0;
  }
  if (!any_level) throw core::InputError("{}: none of its levels fits a coarser level of this network", file.string());
  const std::string first = "0.0.convs.0.conv.weight";
  if (const auto old_first = coarse.find(stages + first); old_first != coarse.end() && weights.contains(stages + first))
    carry_image(weights, old_first->second, stages + first, stages + "1." + first.substr(2));
  network.load(weights, file.string());
  std::vector<std::string> fresh;
  for (const auto& [name, done] : taken)
    if (!done) fresh.push_back(name);
  return fresh;
}

}  // namespace isocenter::learning
