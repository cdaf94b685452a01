#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>

#include "apps/command_line/arguments.h"
#include "apps/command_line/program.h"
#include "apps/isocenter_learn/verbs.h"
#include "core/progress.h"
#include "learning/trainer.h"
#include "methods/generation/brain_id/training.h"

namespace isocenter::apps {
namespace {

std::atomic<bool> stop_wanted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set it");

void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_wanted.store(true); };
  action.sa_flags = SA_RESETHAND;  // the second one ends the program as usual
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// One line: rewritten in place on a terminal, every half minute otherwise.
class ProgressLine {
 public:
  void show(const learning::TrainingStep& now) {
    using Clock = std::chrono::steady_clock;
    const auto time = Clock::now();
    const double since = std::chrono::duration<double>(time - drawn_).count();
    if (now.step != now.total_steps && since < (terminal_ ? 0.5 : 30)) return;
    drawn_ = time;
    const std::string validation = now.validation_dice ? fmt::format(", validation Dice {:.3f}", *now.validation_dice) : "";
    fmt::print(stderr, "{}stage {} step {}/{}: loss {:.3f}, Dice {:.3f}{}, {:.2f} steps/s, waited {:.0f} %, {} left{}",
               terminal_ ? "\r\033[K" : "", now.stage + 1, now.step, now.total_steps, now.loss, now.mean_dice, validation,
               1 / now.seconds_per_step, 100 * now.waited_share, core::format_duration(now.seconds_left), terminal_ ? "" : "\n");
    open_ = terminal_;
  }
  ~ProgressLine() {
    if (open_) fmt::print(stderr, "\n");
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0, open_ = false;
  std::chrono::steady_clock::time_point drawn_{};
};

int run(const Arguments& arguments) {
  methods::register_brain_id_source();
  const auto recipe = learning::read_recipe(*arguments.path("--recipe"));
  const auto folder = *arguments.path("--output");
  learning::TrainingOptions options;
  options.resume = arguments.flag("--resume");
  if (arguments.given("--threads")) options.threads = static_cast<int>(arguments.integer("--threads", 1, 1024));
  if (arguments.given("--steps")) options.last_step = arguments.integer("--steps", 1, std::int64_t{1} << 40);
  if (arguments.given("--kernels")) options.kernels = tensor::kernels_named(arguments.text("--kernels"));
  stop_on_signals();
  options.stop = &stop_wanted;
  ProgressLine line;
  if (!arguments.flag("--quiet")) options.progress = [&line](const learning::TrainingStep& now) { line.show(now); };

  const auto summary = learning::train(recipe, folder, options);
  if (arguments.json()) {
    nlohmann::json result = {{"step", summary.step}, {"finished", summary.finished}, {"mean_loss", summary.mean_loss}};
    if (summary.best_validation_dice) result["best_validation_dice"] = *summary.best_validation_dice;
    print_line(result.dump());
  } else {
    print_line(fmt::format(
        "{} at step {}; loss {:.3f}{}. Checkpoint in {}", summary.finished ? "Finished" : "Stopped", summary.step, summary.mean_loss,
        summary.best_validation_dice ? fmt::format(", best validation Dice {:.3f}", *summary.best_validation_dice) : "", folder.string()));
  }
  return 0;
}

}  // namespace

Verb learn_train_verb() {
  return {
      "train",
      "train a model by a recipe",
      "Trains the network that a recipe (a TOML file: network, data, stages, optimizer) describes. The run folder receives checkpoints, "
      "log.csv, "
      "validation.csv and the best averaged weights. An interrupt saves a checkpoint and stops; --resume goes on exactly where a stopped "
      "or killed "
      "run was.",
      {},
      {{"--recipe", "FILE", "the recipe", "", {}, true},
       {"--output", "RUN", "folder of the run: checkpoints, logs, weights", "", {}, true, "-o"},
       {"--resume", "", "go on from the run's last checkpoint"},
       {"--steps", "N", "stop after this many steps in all"},
       {"--kernels", "K", "convolutions and norms: own kernels or libtorch's, instead of what the recipe says", "", {"own", "libtorch"}}},
      {{"isocenter-learn train --recipe models/brain-any/training.toml --output runs/brain-any", "the brain model of this repository"},
       {"isocenter-learn train --recipe models/brain-any/training.toml --output runs/brain-any --resume", "go on with it"}},
      run};
}

}  // namespace isocenter::apps
