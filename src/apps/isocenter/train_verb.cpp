#include <unistd.h>

#include <cstdlib>

#include "apps/command_line/program.h"
#include "apps/isocenter/verbs.h"
#include "core/error.h"

namespace isocenter::apps {
namespace {

// Training needs libtorch, which the program a hospital installs does not link: it stands in a program of its own, which this verb becomes.
int run(const Arguments& arguments) {
  namespace fs = std::filesystem;
  std::vector<std::string> words = {"isocenter-learn",          "train",    "--recipe",
                                    arguments.text("--recipe"), "--output", arguments.text("--output")};
  for (const char* name : {"--steps", "--kernels", "--threads"})
    if (arguments.given(name)) words.insert(words.end(), {name, arguments.text(name)});
  if (arguments.flag("--resume")) words.push_back("--resume");
  if (arguments.flag("--quiet")) words.push_back("--quiet");
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path() / "isocenter-learn";
  if (fs::exists(beside, error))
    ::execv(beside.c_str(), pointers.data());
  else
    ::execvp("isocenter-learn", pointers.data());
  throw core::ResourceError(
      "isocenter-learn is not installed; install the package isocenter-learn, or build it from the source with `cmake --preset release && "
      "cmake --build "
      "--preset release`");
}

}  // namespace

Verb train_verb() {
  return {"train",
          "train a model by a recipe",
          "Trains the network that a recipe (a TOML file: network, data, patch, schedule) describes, with checkpoints; --resume goes on "
          "exactly where a "
          "stopped or killed run was. The work is done by isocenter-learn, a program of its own because it needs libtorch.",
          {},
          {{"--recipe", "FILE", "the recipe", "", {}, true},
           {"--output", "RUN", "folder of the run: checkpoints, log.csv, weights", "", {}, true, "-o"},
           {"--resume", "", "go on from the run's last checkpoint"},
           {"--steps", "N", "stop after this many steps in all"},
           {"--kernels", "K", "convolutions and norms: own kernels or libtorch's", "", {"own", "libtorch"}}},
          {{"isocenter train --recipe models/brain-any/training.toml --output runs/brain-any", "the brain model of this repository"}},
          run};
}

}  // namespace isocenter::apps
