#include "learning/recipe.h"

#include <toml++/toml.h>

#include <sstream>

#include "core/error.h"
#include "core/file.h"

namespace isocenter::learning {
namespace {

constexpr std::uint64_t recipe_bytes_limit = 1 << 20;

Settings::Value value_of(const toml::node& node, const std::string& where, const std::string& key) {
  if (node.is_boolean()) return *node.value<bool>();
  if (node.is_integer()) return *node.value<std::int64_t>();
  if (node.is_floating_point()) return *node.value<double>();
  if (node.is_string()) return *node.value<std::string>();
  if (const auto* list = node.as_array()) {
    std::vector<double> numbers;
    std::vector<std::string> texts;
    for (const auto& entry : *list) {
      if (entry.is_number())
        numbers.push_back(*entry.value<double>());
      else if (entry.is_string())
        texts.push_back(*entry.value<std::string>());
      else
        throw core::InputError("{}: \"{}\" must be a list of numbers or of texts", where, key);
    }
    if (!texts.empty() && numbers.empty()) return texts;
    if (texts.empty()) return numbers;
  }
  throw core::InputError("{}: \"{}\" is of a type that is not used here", where, key);
}

Settings settings_of(const toml::table& table, const std::string& where, bool skip_tables = false) {
  std::map<std::string, Settings::Value> values;
  for (const auto& [key, node] : table) {
    if (skip_tables && (node.is_table() || node.is_array_of_tables())) continue;
    values[std::string(key.str())] = value_of(node, where, std::string(key.str()));
  }
  return {where, std::move(values)};
}

// "x must be at least 1" and the like.
template <class Number>
Number at_least(const Settings& settings, const char* key, Number value, Number limit) {
  if (!(value >= limit)) throw core::InputError("{}: \"{}\" must be at least {}, is {}", settings.where(), key, limit, value);
  return value;
}

std::vector<std::int64_t> whole_numbers(const Settings& settings, const std::string& key, std::vector<double> otherwise = {}) {
  std::vector<std::int64_t> whole;
  for (double value : settings.numbers(key, std::move(otherwise))) {
    whole.push_back(static_cast<std::int64_t>(value));
    if (static_cast<double>(whole.back()) != value || whole.back() < 0)
      throw core::InputError("{}: \"{}\" must be a list of whole numbers", settings.where(), key);
  }
  return whole;
}

void read_network(const Settings& settings, TrainingRecipe& recipe) {
  recipe.network_kind = settings.text("kind");
  if (recipe.network_kind != "plain_conv_unet" && recipe.network_kind != "residual_encoder_unet")
    throw core::InputError("{}: network kind \"{}\" is not known: plain_conv_unet or residual_encoder_unet", settings.where(),
                           recipe.network_kind);
  auto& network = recipe.network;
  network.input_channels = at_least<std::int64_t>(settings, "input_channels", settings.integer("input_channels", 1), 1);
  network.output_channels = at_least<std::int64_t>(settings, "classes", settings.integer("classes", 2), 2);
  if (network.output_channels > 255) throw core::InputError("{}: \"classes\" must be at most 255", settings.where());
  network.features = whole_numbers(settings, "features");
  const std::size_t stages = network.features.size();
  if (stages < 2) throw core::InputError("{}: \"features\" must name two stages at least", settings.where());
  const std::int64_t dimensions = settings.integer("dimensions", 3), kernel = settings.integer("kernel", 3);
  if (dimensions != 2 && dimensions != 3) throw core::InputError("{}: \"dimensions\" must be 2 or 3", settings.where());
  std::vector<double> halving(stages, 2);
  halving[0] = 1;
  const auto strides = whole_numbers(settings, "strides", halving);
  network.encoder_blocks = whole_numbers(settings, "encoder_blocks", std::vector<double>(stages, 2));
  network.decoder_convolutions = whole_numbers(settings, "decoder_convolutions", std::vector<double>(stages - 1, 2));
  if (strides.size() != stages || network.encoder_blocks.size() != stages || network.decoder_convolutions.size() != stages - 1)
    throw core::InputError("{}: {} features need {} strides, {} encoder_blocks and {} decoder_convolutions", settings.where(), stages,
                           stages, stages, stages - 1);
  for (std::size_t i = 0; i < stages; ++i) {
    network.kernels.push_back(graph::Shape(static_cast<std::size_t>(dimensions), kernel));
    network.strides.push_back(graph::Shape(static_cast<std::size_t>(dimensions), strides[i]));
  }
  const std::string norm = settings.text("norm", "instance");
  if (norm != "instance" && norm != "batch" && norm != "none")
    throw core::InputError("{}: norm \"{}\" is not known: instance, batch or none", settings.where(), norm);
  network.norm = norm == "instance" ? networks::Norm::instance : norm == "batch" ? networks::Norm::batch : networks::Norm::none;
  network.deep_supervision = settings.flag("deep_supervision", true);
  settings.refuse_unused();
}

void read_optimizer(const Settings& settings, TrainingRecipe& recipe) {
  const std::string kind = settings.text("kind", "sgd");
  if (kind == "sgd") {
    recipe.optimizer = OptimizerKind::sgd;
    recipe.sgd.momentum = settings.number("momentum", recipe.sgd.momentum);
    recipe.sgd.nesterov = settings.flag("nesterov", recipe.sgd.nesterov);
    recipe.sgd.weight_decay = at_least(settings, "weight_decay", settings.number("weight_decay", recipe.sgd.weight_decay), 0.0);
  } else if (kind == "adamw") {
    recipe.optimizer = OptimizerKind::adamw;
    recipe.adamw.beta1 = settings.number("beta1", recipe.adamw.beta1);
    recipe.adamw.beta2 = settings.number("beta2", recipe.adamw.beta2);
    recipe.adamw.weight_decay = at_least(settings, "weight_decay", settings.number("weight_decay", recipe.adamw.weight_decay), 0.0);
  } else {
    throw core::InputError("{}: optimizer kind \"{}\" is not known: sgd or adamw", settings.where(), kind);
  }
  recipe.clip_norm = at_least(settings, "clip_norm", settings.number("clip_norm", recipe.clip_norm), 0.0);
  recipe.average_decay = at_least(settings, "average_decay", settings.number("average_decay", recipe.average_decay), 0.0);
  if (recipe.average_decay >= 1) throw core::InputError("{}: \"average_decay\" must be below 1", settings.where());
  settings.refuse_unused();
}

void read_loss(const Settings& settings, TrainingRecipe& recipe) {
  recipe.loss.cross_entropy_weight = settings.number("cross_entropy_weight", 1);
  recipe.loss.dice_weight = settings.number("dice_weight", 1);
  recipe.loss.smooth = at_least(settings, "dice_smooth", settings.number("dice_smooth", 1e-5), 0.0);
  recipe.loss.batch_dice = settings.flag("batch_dice", false);
  const std::int64_t ignored = settings.integer("ignore_label", -1);
  if (ignored >= 0) recipe.loss.ignore_label = static_cast<int>(ignored);
  settings.refuse_unused();
}

StageRecipe read_stage(const Settings& settings) {
  StageRecipe stage;
  const auto size = whole_numbers(settings, "size");
  const auto spacing = settings.numbers("spacing_mm", {});
  if (size.size() != 3 || spacing.size() != 3)
    throw core::InputError("{}: \"size\" and \"spacing_mm\" must have three numbers each (x, y, z)", settings.where());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    stage.size[axis] = at_least<std::int64_t>(settings, "size", size[axis], 1);
    stage.spacing_mm[axis] = spacing[axis];
    if (!(spacing[axis] > 0)) throw core::InputError("{}: \"spacing_mm\" must be above 0", settings.where());
  }
  stage.steps = at_least<std::int64_t>(settings, "steps", settings.integer("steps", 0), 1);
  stage.batch = at_least<std::int64_t>(settings, "batch", settings.integer("batch", 1), 1);
  stage.schedule.steps = stage.steps;
  stage.schedule.decay = tensor::decay_named(settings.text("schedule", "polynomial"));
  stage.schedule.peak = at_least(settings, "learning_rate", settings.number("learning_rate", 1e-2), 0.0);
  stage.schedule.last = at_least(settings, "last_learning_rate", settings.number("last_learning_rate", 0), 0.0);
  stage.schedule.exponent = settings.number("exponent", 0.9);
  stage.schedule.warm_up_steps = at_least<std::int64_t>(settings, "warm_up_steps", settings.integer("warm_up_steps", 0), 0);
  settings.refuse_unused();
  return stage;
}

}  // namespace

std::int64_t TrainingRecipe::total_steps() const {
  std::int64_t total = 0;
  for (const auto& stage : stages) total += stage.steps;
  return total;
}

TrainingRecipe read_recipe(const std::filesystem::path& file) {
  toml::table document;
  try {
    document = toml::parse(core::read_text(file, recipe_bytes_limit), file.string());
  } catch (const toml::parse_error& error) {
    throw core::InputError("{}:{}: {}", file.string(), error.source().begin.line, std::string(error.description()));
  }
  const std::string where = file.string();
  const auto section = [&](const char* key) {
    const auto* table = document[key].as_table();
    return table ? settings_of(*table, fmt::format("{} [{}]", where, key)) : Settings(fmt::format("{} [{}]", where, key), {});
  };

  TrainingRecipe recipe;
  recipe.file = file;
  const Settings top = settings_of(document, where, true);
  recipe.name = top.text("name");
  recipe.seed = static_cast<std::uint64_t>(top.integer("seed", 0));
  recipe.checkpoint_minutes = at_least(top, "checkpoint_minutes", top.number("checkpoint_minutes", recipe.checkpoint_minutes), 0.0);
  recipe.threads = static_cast<int>(at_least<std::int64_t>(top, "threads", top.integer("threads", recipe.threads), 1));
  recipe.prefetch_threads =
      static_cast<int>(at_least<std::int64_t>(top, "prefetch_threads", top.integer("prefetch_threads", recipe.prefetch_threads), 1));
  recipe.kernels = tensor::kernels_named(top.text("kernels", "own"));
  if (const std::string start = top.text("start_from", ""); !start.empty()) recipe.start_from = start;
  if (const std::string start = top.text("grow_from", ""); !start.empty()) recipe.grow_from = start;
  if (recipe.start_from && recipe.grow_from) throw core::InputError("{}: start_from and grow_from exclude each other", where);
  top.refuse_unused();

  read_network(section("network"), recipe);
  const Settings source = section("source");
  recipe.source_kind = source.text("kind");
  recipe.source = source;
  read_optimizer(section("optimizer"), recipe);
  read_loss(section("loss"), recipe);
  const Settings validation = section("validation");
  recipe.validation_every_steps =
      at_least<std::int64_t>(validation, "every_steps", validation.integer("every_steps", recipe.validation_every_steps), 0);
  recipe.validation_samples = at_least<std::int64_t>(validation, "samples", validation.integer("samples", recipe.validation_samples), 0);
  validation.refuse_unused();

  const auto* stages = document["stage"].as_array();
  if (!stages || stages->empty()) throw core::InputError("{}: no [[stage]]: say size, spacing_mm and steps of one at least", where);
  for (std::size_t i = 0; i < stages->size(); ++i) {
    const auto* table = stages->get(i)->as_table();
    if (!table) throw core::InputError("{}: [[stage]] must be a table", where);
    recipe.stages.push_back(read_stage(settings_of(*table, fmt::format("{} [[stage]] {}", where, i + 1))));
  }
  for (const auto& [key, node] : document)
    if (node.is_table() || node.is_array_of_tables()) {
      const std::string name(key.str());
      if (name != "network" && name != "source" && name != "optimizer" && name != "loss" && name != "validation" && name != "stage")
        throw core::InputError("{}: table [{}] is not known", where, name);
    }
  return recipe;
}

graph::Graph build_network(const TrainingRecipe& recipe) {
  graph::Graph graph = recipe.network_kind == "residual_encoder_unet" ? networks::residual_encoder_unet(recipe.network)
                                                                      : networks::plain_conv_unet(recipe.network);
  networks::initialize(graph, recipe.seed);
  return graph;
}

}  // namespace isocenter::learning
