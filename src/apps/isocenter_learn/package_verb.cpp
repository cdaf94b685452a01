#include "apps/command_line/arguments.h"
#include "apps/command_line/program.h"
#include "apps/isocenter_learn/verbs.h"
#include "learning/trainer.h"

namespace isocenter::apps {
namespace {

int run(const Arguments& arguments) {
  learning::write_package_weights(learning::read_recipe(*arguments.path("--recipe")), *arguments.path("--run"), *arguments.path("--output"),
                                  arguments.flag("--best"));
  return 0;
}

}  // namespace

Verb learn_package_verb() {
  return {"package",
          "the weights of a run into a model package",
          "Writes the averaged weights of a run's last checkpoint as weights.safetensors into the folder of a model package, whose "
          "model.toml and card are "
          "written by hand. `isocenter models check` says whether they fit.",
          {},
          {{"--recipe", "FILE", "the recipe of the run", "", {}, true},
           {"--run", "RUN", "folder of the run", "", {}, true},
           {"--output", "DIR", "folder of the package", "", {}, true, "-o"},
           {"--best", "", "the weights that were best in validation instead of the last"}},
          {{"isocenter-learn package --recipe models/brain-any/training.toml --run runs/brain-any --output models/brain-any", ""}},
          run};
}

}  // namespace isocenter::apps
