#include "apps/command_line/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <new>

#include "apps/command_line/help.h"
#include "core/error.h"
#include "core/parallel.h"

namespace isocenter::apps {
namespace {

int code(core::ExitCode value) { return static_cast<int>(value); }

int usage_error(const std::string& program, const std::string& verb, const std::string& message) {
  const std::string name = verb.empty() ? program : program + " " + verb;
  fmt::print(stderr, "{}: {} (see {} --help)\n", name, message, name);
  return code(core::ExitCode::usage);
}

// The verb that was probably meant: most letters in common at the front.
std::string nearest(const std::vector<Verb>& verbs, const std::string& word) {
  std::string best;
  std::size_t most = 1;
  for (const auto& verb : verbs) {
    const auto end = std::mismatch(word.begin(), word.end(), verb.name.begin(), verb.name.end());
    const std::size_t common = end.first - word.begin();
    if (common > most) {
      most = common;
      best = verb.name;
    }
  }
  return best;
}

}  // namespace

void print_line(const std::string& text) {
  if (std::fputs((text + "\n").c_str(), stdout) < 0 || std::fflush(stdout) != 0)
    throw core::ResourceError("standard output: cannot be written");
}

int run_program(const Program& program, int argument_count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + argument_count);
  std::string verb_name;
  try {
    if (words.empty()) {
      fmt::print(stderr, "{}", program_help(program));
      return code(core::ExitCode::usage);
    }
    const std::string& first = words[0];
    const bool help_for_verb = first == "help" && words.size() > 1;
    if (first == "--help" || first == "-h" || (first == "help" && !help_for_verb)) return print_line(program_help(program)), 0;
    if (first == "--version") return print_line(program.name + " " + program.version), 0;
    if (first == "--man-page") return print_line(man_page(program)), 0;
    if (first == "--bash-completion") return print_line(bash_completion(program)), 0;
    if (first == "--usage-json") return print_line(usage_json(program)), 0;
    verb_name = help_for_verb ? words[1] : first;
    const auto found = std::find_if(program.verbs.begin(), program.verbs.end(), [&](const Verb& verb) { return verb.name == verb_name; });
    if (found == program.verbs.end()) {
      const std::string meant = nearest(program.verbs, verb_name);
      const std::string unknown = verb_name;
      return usage_error(program.name, "",
                         fmt::format("'{}' is no verb{}", unknown, meant.empty() ? "" : "; did you mean '" + meant + "'?"));
    }
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    const auto options_end = std::find(rest.begin(), rest.end(), "--");
    if (help_for_verb || std::any_of(rest.begin(), options_end, [](const auto& word) { return word == "--help" || word == "-h"; }))
      return print_line(verb_help(program, *found)), 0;
    const Arguments parsed(*found, rest);
    if (parsed.given("--threads")) core::set_thread_count(static_cast<int>(parsed.integer("--threads", 1, 1024)));
    return found->run(parsed);
  } catch (const UsageError& error) {
    return usage_error(program.name, verb_name, error.what());
  } catch (const core::InputError& error) {
    fmt::print(stderr, "{} {}: {}\n", program.name, verb_name, error.what());
    return code(core::ExitCode::input);
  } catch (const core::ResourceError& error) {
    fmt::print(stderr, "{} {}: {}\n", program.name, verb_name, error.what());
    return code(core::ExitCode::resource);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "{} {}: memory is exhausted; close other programs or use a machine with more of it\n", program.name, verb_name);
    return code(core::ExitCode::resource);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{} {}: a defect of the program, please report it with the command and this line: {}\n", program.name, verb_name,
               error.what());
    return code(core::ExitCode::defect);
  }
}

}  // namespace isocenter::apps
