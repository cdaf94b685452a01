// Runs a program's verb and turns what it throws into one line on standard error and an exit code.
#pragma once

#include "apps/command_line/arguments.h"
#include "apps/command_line/usage.h"

namespace isocenter::apps {

// Also answers --version, --help, and, for packagers, --man-page, --bash-completion and --usage-json.
int run_program(const Program& program, int argument_count, char** arguments);

// One line on standard output; used by verbs for tables and results.
void print_line(const std::string& text);

}  // namespace isocenter::apps
