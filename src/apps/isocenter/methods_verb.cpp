#include "apps/command_line/program.h"
#include "apps/isocenter/verbs.h"
#include "core/error.h"
#include "methods/catalogue.h"

namespace isocenter::apps {
namespace {

int run(const Arguments& arguments) {
  if (arguments.json()) return print_line(methods::catalogue_json()), 0;
  if (arguments.flag("--markdown")) return print_line(methods::catalogue_markdown()), 0;
  if (arguments.given("METHOD")) {
    const auto* method = methods::find_method(arguments.text("METHOD"));
    if (!method) throw core::InputError("{}: no method has this name or number; `isocenter methods` lists them", arguments.text("METHOD"));
    print_line(fmt::format("{} {}\n{}\nfamily {}, verb {}, state {}", method->number, method->name, method->title, method->family,
                           method->verb, methods::name_of(method->state)));
    for (const auto& figure : method->figures) print_line(fmt::format("{}: {}  ({})", figure.what, figure.value, figure.command));
    if (!method->command.empty()) print_line(method->command);
    return 0;
  }
  for (const auto& method : methods::catalogue())
    print_line(fmt::format("{:>3}  {:<34} {:<18} {:<11} {}", method.number, method.name, method.family, methods::name_of(method.state),
                           method.command));
  return 0;
}

}  // namespace

Verb methods_verb() {
  return {
      "methods",
      "the published methods: what is here of each",
      "Lists the 87 methods with their state: none, mechanism (built and tested), shown, not shown or undecided (its experiment was run).",
      {{"METHOD", "a method by name or number", {}, false}},
      {{"--markdown", "", "print the table of docs/methods.md"}},
      {{"isocenter methods brain-id", "what is known of one method"}},
      run};
}

}  // namespace isocenter::apps
