#include <nlohmann/json.hpp>

#include "apps/command_line/program.h"
#include "apps/isocenter/verbs.h"
#include "core/error.h"
#include "graph/onnx.h"
#include "models/check.h"
#include "models/package.h"

namespace isocenter::apps {
namespace {

int list(const Arguments& arguments) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& model : models::list_packages()) {
    rows.push_back({{"name", model.name},
                    {"version", model.version},
                    {"title", model.title},
                    {"task", model.task},
                    {"license", model.license},
                    {"folder", model.folder.string()}});
    if (!arguments.json())
      print_line(fmt::format("{:<20} {:<8} {:<14} {}  ({})", model.name, model.version, model.task, model.title, model.license));
  }
  if (arguments.json()) print_line(rows.dump(2));
  return 0;
}

int show(const Arguments& arguments, const std::filesystem::path& folder) {
  const auto package = models::read_package(folder);
  nlohmann::ordered_json labels = nlohmann::ordered_json::array();
  for (const auto& label : package.labels)
    labels.push_back({{"value", label.value},
                      {"name", label.name},
                      {"code", {{"scheme", label.code.scheme}, {"value", label.code.value}, {"meaning", label.code.meaning}}}});
  if (arguments.json()) {
    print_line(nlohmann::ordered_json{
        {"name", package.name},
        {"version", package.version},
        {"title", package.title},
        {"task", package.task},
        {"license", package.license},
        {"folder", package.folder.string()},
        {"weights_sha256", package.weights_sha256},
        {"modalities", package.input.modalities},
        {"spacing_mm", package.input.spacing_mm},
        {"labels",
         labels}}.dump(2));
    return 0;
  }
  print_line(fmt::format("{} {}: {}\nlicence {}, weights {}\nreads {} at {} x {} x {} mm", package.name, package.version, package.title,
                         package.license, package.weights_sha256,
                         package.input.modalities.empty() ? "any modality" : package.input.modalities[0], package.input.spacing_mm[0],
                         package.input.spacing_mm[1], package.input.spacing_mm[2]));
  for (const auto& label : package.labels)
    print_line(fmt::format("{:>6}  {:<40} {} {}", label.value, label.name, label.code.scheme, label.code.value));
  return 0;
}

int check(const Arguments& arguments, const std::filesystem::path& folder) {
  const auto faults = models::check_package(folder);
  if (arguments.json())
    print_line(nlohmann::ordered_json{{"folder", folder.string()}, {"faults", faults}}.dump(2));
  else if (faults.empty())
    print_line(folder.string() + ": in order");
  if (faults.empty()) return 0;
  std::string all;
  for (const auto& fault : faults) all += (all.empty() ? "" : "; ") + fault;
  throw core::InputError("{}: {}", folder.string(), all);
}

int run(const Arguments& arguments) {
  const std::string action = arguments.text("ACTION");
  if (action == "list") return list(arguments);
  if (!arguments.given("MODEL")) throw UsageError("'models " + action + "' needs the name or folder of a model");
  const auto folder = models::find_package(arguments.text("MODEL"));
  if (action == "show") return show(arguments, folder);
  if (action == "check") return check(arguments, folder);
  if (!arguments.given("--output")) throw UsageError("'models export' needs --output FILE.onnx");
  graph::write_onnx(*arguments.path("--output"), models::read_package(folder).graph);
  return 0;
}

}  // namespace

Verb models_verb() {
  return {"models",
          "list, show, check and export models",
          "Models are folders: model.toml, weights.safetensors and a card. They are looked for in the folders of ISOCENTER_MODELS, beside "
          "the program, and in "
          "the checkout.",
          {{"ACTION", "what to do", {"list", "show", "check", "export"}}, {"MODEL", "a model by name or folder", {}, false}},
          {{"--output", "FILE", "for export: the ONNX file to write", "", {}, false, "-o"}},
          {{"isocenter models list", "what is installed"},
           {"isocenter models export brain-any --output brain-any.onnx", "the network as ONNX"}},
          run};
}

}  // namespace isocenter::apps
