// Texts made from the usage: help for a terminal, a man page, completions for bash.
#pragma once

#include <string>

#include "apps/command_line/usage.h"

namespace isocenter::apps {

std::string program_help(const Program& program);
std::string verb_help(const Program& program, const Verb& verb);
std::string man_page(const Program& program);  // roff, section 1
std::string bash_completion(const Program& program);
std::string usage_json(const Program& program);  // the same as data, for pages and tools

}  // namespace isocenter::apps
