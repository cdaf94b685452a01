#include "learning/trainer.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <memory>
#include <numeric>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "graph/array.h"
#include "graph/safetensors.h"
#include "learning/grow.h"
#include "learning/prefetch.h"
#include "learning/run_log.h"
#include "learning/segmentation_loss.h"
#include "learning/validation.h"
#include "tensor/checkpoint.h"

namespace isocenter::learning {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

constexpr std::size_t smoothing_steps = 100;  // of the figures that the progress line and the log show

double mean(const std::deque<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void remember(std::deque<double>& values, double value) {
  values.push_back(value);
  if (values.size() > smoothing_steps) values.pop_front();
}

std::unique_ptr<tensor::Optimizer> make_optimizer(const TrainingRecipe& recipe, const tensor::GraphModule& network) {
  if (recipe.optimizer == OptimizerKind::adamw)
    return std::make_unique<tensor::AdamW>(network.pieces(), network.values().size(), recipe.adamw);
  return std::make_unique<tensor::Sgd>(network.values().size(), recipe.sgd);
}

std::filesystem::path checkpoint_in(const std::filesystem::path& folder) { return folder / "checkpoint.safetensors"; }
std::filesystem::path best_in(const std::filesystem::path& folder) { return folder / "best.safetensors"; }

class Training {
 public:
  Training(const TrainingRecipe& recipe, const std::filesystem::path& folder, const TrainingOptions& options)
      : recipe_(recipe),
        folder_(folder),
        options_(options),
        network_(build_network(recipe), options.kernels.value_or(recipe.kernels)),
        optimizer_(make_optimizer(recipe, network_)),
        loss_(recipe.loss),
        dimensions_(network_.graph().inputs.at(0).shape.size() - 2) {
    const int threads = options.threads.value_or(recipe.threads);
    core::set_thread_count(threads);
    at::set_num_threads(threads);
    start();
  }

  TrainingSummary run() {
    std::int64_t stage_begin = 0;
    std::uint64_t samples_before = 0;
    bool stopped = false;
    for (std::size_t index = 0; index < recipe_.stages.size() && !stopped; ++index) {
      const auto& stage = recipe_.stages[index];
      if (step_ < stage_begin + stage.steps) stopped = !run_stage(index, stage_begin, samples_before);
      stage_begin += stage.steps;
      samples_before += static_cast<std::uint64_t>(stage.steps * stage.batch);
    }
    save();
    TrainingSummary summary;
    summary.step = step_;
    summary.finished = step_ >= recipe_.total_steps();
    summary.mean_loss = mean(losses_);
    if (best_ >= 0) summary.best_validation_dice = best_;
    return summary;
  }

 private:
  void start() {
    const auto checkpoint = checkpoint_in(folder_);
    if (options_.resume) {
      if (!std::filesystem::exists(checkpoint))
        throw core::InputError("{}: no checkpoint to resume from; leave --resume out to begin", folder_.string());
      const auto metadata = tensor::load_checkpoint(checkpoint, network_, average_, *optimizer_);
      step_ = std::stoll(metadata.at("step"));
      best_ = std::stod(metadata.at("best_validation_dice"));
      seconds_before_ = std::stod(metadata.at("seconds"));
    } else {
      if (std::filesystem::exists(checkpoint))
        throw core::InputError("{} holds a run already; give --resume to go on with it, or another folder", folder_.string());
      std::error_code error;
      std::filesystem::create_directories(folder_, error);
      if (error) throw core::InputError("{}: cannot be made: {}", folder_.string(), error.message());
      if (recipe_.grow_from) grow_from_coarser(*recipe_.grow_from, network_);
      if (recipe_.start_from) tensor::load_weights(*recipe_.start_from, network_);
      average_.assign(network_.values().begin(), network_.values().end());
    }
    core::write_text(folder_ / "recipe.toml", core::read_text(recipe_.file));
    log_ = std::make_unique<RunLog>(folder_ / "log.csv", "step,stage,loss,cross_entropy,dice,learning_rate,gradient_norm,seconds", step_);
    std::string header = "step,mean_dice,seconds";
    for (std::int64_t c = 1; c < recipe_.network.output_channels; ++c) header += fmt::format(",class_{}", c);
    validation_log_ = std::make_unique<RunLog>(folder_ / "validation.csv", header, step_);
  }

  // False when it was stopped before the stage's end.
  bool run_stage(std::size_t index, std::int64_t stage_begin, std::uint64_t samples_before) {
    const auto& stage = recipe_.stages[index];
    const auto source = make_source(recipe_.source_kind, {stage.size, stage.spacing_mm, recipe_.seed, recipe_.source});
    if (source->channels() != recipe_.network.input_channels ||
        static_cast<std::int64_t>(source->classes().size()) != recipe_.network.output_channels)
      throw core::InputError("{}: the source gives {} channels and {} classes, the network has {} and {}", recipe_.file.string(),
                             source->channels(), source->classes().size(), recipe_.network.input_channels, recipe_.network.output_channels);
    std::vector<Sample> held_out;
    const std::uint64_t validations =
        std::min<std::uint64_t>(source->validation_count(), static_cast<std::uint64_t>(recipe_.validation_samples));
    if (recipe_.validation_every_steps > 0)
      for (std::uint64_t i = 0; i < validations; ++i) held_out.push_back(source->validation(i));
    // The best of a stage is the best on its own grid.
    if (step_ == stage_begin) best_ = -1;

    const std::uint64_t batch = static_cast<std::uint64_t>(stage.batch);
    Prefetch prefetch(*source, samples_before + static_cast<std::uint64_t>(step_ - stage_begin) * batch,
                      samples_before + static_cast<std::uint64_t>(stage.steps) * batch, recipe_.prefetch_threads, 2 * batch + 2);
    double spent = 0;
    while (step_ < stage_begin + stage.steps) {
      if ((options_.stop && options_.stop->load()) || (options_.last_step && step_ >= *options_.last_step)) return false;
      const auto begin = Clock::now();
      std::vector<Sample> samples;
      for (std::uint64_t b = 0; b < batch; ++b) samples.push_back(prefetch.next());
      one_step(samples, index, stage.schedule.at(step_ - stage_begin));
      const double seconds = seconds_since(begin);
      spent += seconds;
      remember(step_seconds_, seconds);
      if (recipe_.validation_every_steps > 0 && !held_out.empty() &&
          (step_ % recipe_.validation_every_steps == 0 || step_ == stage_begin + stage.steps))
        validate_average(held_out);
      report(index, prefetch.waited_seconds() / spent);
      if (seconds_since(last_save_) > 60 * recipe_.checkpoint_minutes) save();
    }
    return true;
  }

  void one_step(const std::vector<Sample>& samples, std::size_t stage, double learning_rate) {
    std::vector<std::uint8_t> labels;
    for (const auto& sample : samples) labels.insert(labels.end(), sample.labels.begin(), sample.labels.end());
    network_.clear_gradients();
    const auto outputs = network_.forward({{network_.graph().inputs[0].name, image_batch(samples, dimensions_)}});
    std::vector<at::Tensor> gradients;
    const auto value = loss_.evaluate(outputs, labels, gradients);
    if (!std::isfinite(value.total))
      throw core::InputError("{}: the loss is not finite at step {}; lower learning_rate or clip_norm", recipe_.file.string(), step_ + 1);
    torch::autograd::variable_list roots, seeds;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (gradients[i].defined()) {
        roots.push_back(outputs[i]);
        seeds.push_back(gradients[i]);
      }
    torch::autograd::backward(roots, seeds);
    const double norm = tensor::clip_norm(network_.gradients(), recipe_.clip_norm);
    optimizer_->step(network_.values(), network_.gradients(), learning_rate);
    ++step_;
    tensor::update_average(average_, network_.values(), recipe_.average_decay, step_);
    remember(losses_, value.total);
    remember(dices_, value.mean_dice);
    learning_rate_ = learning_rate;
    log_->add(fmt::format("{},{},{:.6f},{:.6f},{:.6f},{:.6g},{:.4f},{:.2f}", step_, stage + 1, value.total, value.cross_entropy,
                          value.mean_dice, learning_rate, norm, seconds_before_ + seconds_since(begin_)));
  }

  void validate_average(const std::vector<Sample>& samples) {
    const std::vector<float> current(network_.values().begin(), network_.values().end());
    std::copy(average_.begin(), average_.end(), network_.values().begin());
    const auto score = validate(network_, samples);
    std::copy(current.begin(), current.end(), network_.values().begin());
    last_validation_ = score.mean_dice;
    std::string line = fmt::format("{},{:.6f},{:.1f}", step_, score.mean_dice, seconds_before_ + seconds_since(begin_));
    for (std::size_t c = 1; c < score.dice_by_class.size(); ++c) line += fmt::format(",{:.4f}", score.dice_by_class[c]);
    validation_log_->add(line);
    if (score.mean_dice > best_) {
      best_ = score.mean_dice;
      tensor::save_weights(best_in(folder_), network_, average_,
                           {{"step", std::to_string(step_)}, {"mean_dice", fmt::format("{}", best_)}});
    }
  }

  void report(std::size_t stage, double waited_share) {
    if (!options_.progress) return;
    TrainingStep now;
    now.step = step_;
    now.total_steps = recipe_.total_steps();
    now.stage = stage;
    now.loss = mean(losses_);
    now.mean_dice = mean(dices_);
    now.learning_rate = learning_rate_;
    now.seconds_per_step = mean(step_seconds_);
    now.seconds_left = now.seconds_per_step * static_cast<double>(now.total_steps - now.step);
    now.waited_share = waited_share;
    now.validation_dice = last_validation_;
    options_.progress(now);
  }

  void save() {
    tensor::save_checkpoint(checkpoint_in(folder_), network_, average_, *optimizer_,
                            {{"step", std::to_string(step_)},
                             {"best_validation_dice", fmt::format("{}", best_)},
                             {"seconds", fmt::format("{}", seconds_before_ + seconds_since(begin_))},
                             {"seed", std::to_string(recipe_.seed)},
                             {"recipe", recipe_.name}});
    last_save_ = Clock::now();
  }

  const TrainingRecipe& recipe_;
  const std::filesystem::path folder_;
  const TrainingOptions& options_;
  tensor::GraphModule network_;
  std::unique_ptr<tensor::Optimizer> optimizer_;
  SegmentationLoss loss_;
  const std::size_t dimensions_;
  std::vector<float> average_;
  std::int64_t step_ = 0;
  double best_ = -1, learning_rate_ = 0, seconds_before_ = 0;
  std::optional<double> last_validation_;
  std::deque<double> losses_, dices_, step_seconds_;
  Clock::time_point begin_ = Clock::now(), last_save_ = Clock::now();
  std::unique_ptr<RunLog> log_, validation_log_;
};

}  // namespace

TrainingSummary train(const TrainingRecipe& recipe, const std::filesystem::path& run_folder, const TrainingOptions& options) {
  return Training(recipe, run_folder, options).run();
}

void write_package_weights(const TrainingRecipe& recipe, const std::filesystem::path& run_folder,
                           const std::filesystem::path& package_folder, bool best) {
  tensor::GraphModule network(build_network(recipe));
  tensor::load_weights(best ? best_in(run_folder) : checkpoint_in(run_folder), network);
  std::filesystem::create_directories(package_folder);
  graph::Safetensors file{network.save(network.values()), {{"format", "isocenter"}, {"model", recipe.name}}};
  for (auto& [name, constant] : file.tensors) constant = graph::convert(constant, graph::DataType::f16);
  graph::write_safetensors(package_folder / "weights.safetensors", file);
}

}  // namespace isocenter::learning
