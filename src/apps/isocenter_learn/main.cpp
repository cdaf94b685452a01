#include "apps/command_line/program.h"
#include "apps/isocenter_learn/verbs.h"
#include "tensor/memory.h"

int main(int argument_count, char** arguments) {
  using namespace isocenter::apps;
  isocenter::tensor::keep_freed_memory();
  const Program program{"isocenter-learn",
                        "training for isocenter: recipes in, model packages out",
                        ISOCENTER_VERSION,
                        {learn_train_verb(), learn_package_verb()}};
  return run_program(program, argument_count, arguments);
}
