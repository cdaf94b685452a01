#include "learning/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "graph/safetensors.h"
#include "learning/toy_source.h"

namespace isocenter::learning {
namespace {

namespace fs = std::filesystem;

constexpr const char* toy_recipe = R"(
name = "toy"
seed = 5
checkpoint_minutes = 0.0
kernels = "libtorch"
[network]
kind = "plain_conv_unet"
classes = 3
features = [4, 8, 8]
encoder_blocks = [1, 1, 1]
decoder_convolutions = [1, 1]
[source]
kind = "toy"
[optimizer]
kind = "adamw"
average_decay = 0.9
[validation]
every_steps = 4
samples = 2
[[stage]]
size = [16, 16, 16]
spacing_mm = [1, 1, 1]
steps = 6
learning_rate = 1e-2
[[stage]]
size = [24, 16, 16]
spacing_mm = [1, 1, 1]
steps = 6
batch = 2
learning_rate = 5e-3
schedule = "cosine"
)";

class TrainerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_source("toy", [](const SourceRequest& request) { return std::make_unique<ToySource>(request); });
  }
  TrainingRecipe recipe(const std::string& text = toy_recipe) {
    core::write_text(folder_.path() / "recipe.toml", text);
    return read_recipe(folder_.path() / "recipe.toml");
  }
  static std::map<std::string, std::vector<float>> arrays(const fs::path& run) {
    std::map<std::string, std::vector<float>> all;
    for (const auto& [name, constant] : graph::read_safetensors(run / "checkpoint.safetensors").tensors) {
      const auto floats = constant.floats();
      all[name] = {floats.begin(), floats.end()};
    }
    return all;
  }
  core::TemporaryFolder folder_;
};

TEST_F(TrainerTest, ResumedAfterStoppingIsBitEqual) {
  const auto whole = folder_.path() / "whole", parts = folder_.path() / "parts";
  const auto toy = recipe();
  EXPECT_TRUE(train(toy, whole).finished);
  for (std::int64_t last : {3, 6, 7, 12}) train(toy, parts, {.resume = last > 3, .last_step = last});
  EXPECT_EQ(arrays(whole), arrays(parts));
  // The logs read as if nothing had happened, except for the time they took.
  const auto steps = [](const fs::path& file) {
    std::vector<std::string> lines;
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);) lines.push_back(line.substr(0, line.rfind(',')));
    return lines;
  };
  EXPECT_EQ(steps(whole / "log.csv"), steps(parts / "log.csv"));
}

TEST_F(TrainerTest, ResumedAfterKillIsBitEqual) {
  const auto whole = folder_.path() / "whole", killed = folder_.path() / "killed";
  const auto toy = recipe();  // checkpoint_minutes 0: a checkpoint after every step
  train(toy, whole);
  // A program of its own is killed, not a fork of this one, whose thread pools do not survive a fork.
  const std::string self = fs::read_symlink("/proc/self/exe").string(), file = toy.file.string(), run = killed.string();
  const pid_t child = fork();
  if (child == 0) {
    setenv("ISOCENTER_TEST_RECIPE", file.c_str(), 1);
    setenv("ISOCENTER_TEST_RUN", run.c_str(), 1);
    execl(self.c_str(), self.c_str(), "--gtest_filter=TrainerTest.ChildThatIsKilled", nullptr);
    _exit(1);
  }
  std::int64_t reached = 0;
  for (int tries = 0; tries < 3000 && reached < 5; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::ifstream log(killed / "log.csv");
    reached = 0;
    for (std::string line; std::getline(log, line);) ++reached;
  }
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_GE(reached, 5) << "the child did not train";
  EXPECT_TRUE(train(toy, killed, {.resume = true}).finished);
  EXPECT_EQ(arrays(whole), arrays(killed));
}

TEST_F(TrainerTest, ChildThatIsKilled) {
  const char *file = getenv("ISOCENTER_TEST_RECIPE"), *run = getenv("ISOCENTER_TEST_RUN");
  if (!file || !run) GTEST_SKIP() << "runs as a child of ResumedAfterKillIsBitEqual";
  // Slow enough that the kill falls into the run.
  train(read_recipe(file), run, {.progress = [](const TrainingStep&) { std::this_thread::sleep_for(std::chrono::milliseconds(150)); }});
}

TEST_F(TrainerTest, LearnsTheToyTask) {
  auto toy = recipe();
  toy.stages.resize(1);
  toy.stages[0].steps = toy.stages[0].schedule.steps = 200;
  toy.checkpoint_minutes = 10;
  toy.validation_every_steps = 50;
  const auto summary = train(toy, folder_.path() / "run");
  EXPECT_TRUE(summary.finished);
  ASSERT_TRUE(summary.best_validation_dice.has_value());
  EXPECT_GT(*summary.best_validation_dice, 0.9);
}

TEST_F(TrainerTest, PrefetchThreadsDoNotMatter) {
  auto toy = recipe();
  train(toy, folder_.path() / "one");
  toy.prefetch_threads = 3;
  train(toy, folder_.path() / "three");
  EXPECT_EQ(arrays(folder_.path() / "one"), arrays(folder_.path() / "three"));
}

TEST_F(TrainerTest, DamagedCheckpointFallsBackToThePreviousOne) {
  const auto toy = recipe();
  const auto run = folder_.path() / "run", whole = folder_.path() / "whole";
  train(toy, whole);
  train(toy, run, {.last_step = 5});
  fs::resize_file(run / "checkpoint.safetensors", fs::file_size(run / "checkpoint.safetensors") / 2);
  train(toy, run, {.resume = true});
  EXPECT_EQ(arrays(whole), arrays(run));
}

TEST_F(TrainerTest, RefusesToOverwriteARun) {
  const auto toy = recipe();
  train(toy, folder_.path() / "run", {.last_step = 1});
  EXPECT_THAT([&] { train(toy, folder_.path() / "run"); }, testing::ThrowsMessage<core::InputError>(testing::HasSubstr("--resume")));
}

TEST_F(TrainerTest, RecipeFaultsAreNamed) {
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = toy_recipe;
    text.replace(text.find(from), from.size(), to);
    return [this, text] { recipe(text); };
  };
  using testing::HasSubstr;
  using testing::ThrowsMessage;
  EXPECT_THAT(with("classes = 3", "clases = 3"), ThrowsMessage<core::InputError>(HasSubstr("clases")));
  EXPECT_THAT(with("steps = 6", "steps = 0"), ThrowsMessage<core::InputError>(HasSubstr("steps")));
  EXPECT_THAT(with("[4, 8, 8]", "[4, 8.5, 8]"), ThrowsMessage<core::InputError>(HasSubstr("features")));
  EXPECT_THAT(with("adamw", "adam"), ThrowsMessage<core::InputError>(HasSubstr("adam")));
  EXPECT_THAT(with("[validation]", "[validaton]"), ThrowsMessage<core::InputError>(HasSubstr("validaton")));
  EXPECT_THAT(with("average_decay = 0.9", "average_decay = \"x\""), ThrowsMessage<core::InputError>(HasSubstr("average_decay")));
  EXPECT_THAT(with("seed = 5", "seed ="), ThrowsMessage<core::InputError>(HasSubstr("recipe.toml:3")));
}

TEST_F(TrainerTest, UnknownSourceListsTheKnownOnes) {
  auto toy = recipe();
  toy.source_kind = "other";
  EXPECT_THAT([&] { train(toy, folder_.path() / "run"); }, testing::ThrowsMessage<core::InputError>(testing::HasSubstr("toy")));
}

}  // namespace
}  // namespace isocenter::learning
