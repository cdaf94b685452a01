#include "models/check.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "engine/plan.h"
#include "models/description.h"
#include "models/package.h"

namespace isocenter::models {
namespace {

namespace fs = std::filesystem;

void check_card(const fs::path& folder, std::vector<std::string>& faults) {
  std::error_code error;
  if (!fs::is_regular_file(folder / "card.md", error)) faults.push_back("card.md is missing");
  if (!fs::is_regular_file(folder / "card.json", error)) {
    faults.push_back("card.json is missing");
    return;
  }
  if (!nlohmann::json::accept(core::read_text(folder / "card.json", 16u << 20))) faults.push_back("card.json is not JSON");
}

void check_hash_is_stated(const fs::path& folder, std::vector<std::string>& faults) {
  const toml::table parsed = parse_description(folder);
  const TomlTable root(parsed, (folder / "model.toml").string(), "");
  if (find_weights(root, root.table("network"), folder).sha256.empty()) faults.push_back("model.toml states no [weights] sha256");
}

void check_labels(const Package& package, std::vector<std::string>& faults) {
  for (const Label& label : package.labels) {
    if (!label.measured) continue;
    if (label.code.value.empty()) faults.push_back("label '" + label.name + "' has no code");
    if (label.side == Side::none) continue;
    bool other = false;
    for (const Label& candidate : package.labels)
      other = other || (candidate.structure == label.structure && candidate.side != label.side && candidate.side != Side::none);
    if (!other) faults.push_back("label '" + label.name + "' has no partner on the other side");
  }
}

// The smallest input that the network takes, of random values: scores must be finite.
void check_run(const Package& package, std::vector<std::string>& faults) {
  const graph::Value& input = package.graph.inputs[0];
  graph::Shape shape(input.shape.size(), 2 * package.size_multiple);
  shape[0] = shape[1] = 1;
  engine::Plan plan(package.graph, {{input.name, shape}});
  std::vector<float> image(static_cast<std::size_t>(graph::element_count(shape)));
  core::Random(1, 0, "package check").fill_uniform(image.data(), image.size());
  const std::string output = package.graph.outputs[0].name;
  std::vector<float> scores(static_cast<std::size_t>(graph::element_count(plan.output(output).shape)));
  std::map<std::string, std::span<float>> places{{output, scores}};
  std::vector<std::vector<float>> others;
  for (std::size_t k = 1; k < package.graph.outputs.size(); ++k) {
    const std::string& name = package.graph.outputs[k].name;
    others.emplace_back(static_cast<std::size_t>(graph::element_count(plan.output(name).shape)));
    places.emplace(name, others.back());
  }
  plan.run({{input.name, image}}, places);
  for (float score : scores)
    if (!std::isfinite(score)) {
      faults.push_back("a run on random values gives scores that are not finite");
      return;
    }
}

}  // namespace

std::vector<std::string> check_package(const fs::path& folder) {
  std::vector<std::string> faults;
  try {
    const Package package = read_package(folder);
    check_labels(package, faults);
    check_run(package, faults);
    check_hash_is_stated(folder, faults);
    check_card(folder, faults);
  } catch (const core::InputError& fault) {
    faults.push_back(fault.what());
  }
  return faults;
}

}  // namespace isocenter::models
