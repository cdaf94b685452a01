#include "apps/command_line/program.h"
#include "apps/isocenter/verbs.h"

int main(int argument_count, char** arguments) {
  using namespace isocenter::apps;
  const Program program{"isocenter",
                        "medical-imaging AI in one native program (not for clinical use)",
                        ISOCENTER_VERSION,
                        {report_verb(), segment_verb(), synthesize_verb(), evaluate_verb(), train_verb(), models_verb(), methods_verb(),
                         convert_verb(), info_verb()}};
  return run_program(program, argument_count, arguments);
}
