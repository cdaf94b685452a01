#include "apps/command_line/help.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace isocenter::apps {
namespace {

constexpr std::size_t help_width = 96;

std::string wrapped(const std::string& text, std::size_t indent) {
  std::string out, line(indent, ' ');
  std::size_t at = 0;
  const auto flush = [&] {
    out += line + "\n";
    line.assign(indent, ' ');
  };
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string word = text.substr(at, end - at);
    if (line.size() > indent && line.size() + 1 + word.size() > help_width) flush();
    if (!word.empty()) line += (line.size() > indent ? " " : "") + word;
    if (end < text.size() && text[end] == '\n') flush();
    at = end + 1;
  }
  if (line.size() > indent) flush();
  return out;
}

std::string row(const std::string& left, const std::string& right, std::size_t column) {
  const std::string text = wrapped(right, column);
  if (left.size() + 4 > column) return "  " + left + "\n" + text;
  return "  " + left + text.substr(left.size() + 2);
}

std::string left_of(const Option& option) {
  std::string text = option.short_name.empty() ? option.name : option.short_name + ", " + option.name;
  if (!option.choices.empty()) return text + " " + fmt::format("{}", fmt::join(option.choices, "|"));
  return option.value.empty() ? text : text + " " + option.value;
}

std::string right_of(const Option& option) {
  if (option.required) return option.help + " (required)";
  return option.otherwise.empty() ? option.help : option.help + " (default: " + option.otherwise + ")";
}

std::string synopsis(const Program& program, const Verb& verb) {
  std::string text = program.name + " " + verb.name;
  for (const auto& positional : verb.positionals) {
    const std::string name = positional.choices.empty() ? positional.name : fmt::format("{}", fmt::join(positional.choices, "|"));
    const std::string shown = positional.many ? name + "…" : name;
    text += positional.required ? " " + shown : " [" + shown + "]";
  }
  for (const auto& option : verb.options)
    if (option.required) text += " " + left_of(option);
  return text + " [options]";
}

std::string roff(std::string text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\')
      out += "\\e";
    else if (text[i] == '-')
      out += "\\-";
    else if ((text[i] == '.' || text[i] == '\'') && (i == 0 || text[i - 1] == '\n'))
      out += std::string("\\&") + text[i];
    else
      out += text[i];
  }
  return out;
}

}  // namespace

std::string program_help(const Program& program) {
  std::string text = fmt::format("{} {}: {}\n\nusage: {} VERB …    ({} VERB --help tells more)\n\n", program.name, program.version,
                                 program.summary, program.name, program.name);
  for (const auto& verb : program.verbs) text += row(verb.name, verb.summary, 16);
  text += "\n" + row("--version", "the version", 16) + row("--help", "this page", 16);
  text +=
      "\nExit codes: 0 done, 2 wrong usage, 3 wrong input, 4 disk, memory or network, 5 some of the work and not all, 70 a defect of the "
      "program.\n";
  return text;
}

std::string verb_help(const Program& program, const Verb& verb) {
  std::string text = fmt::format("{} {}: {}\n\nusage: {}\n\n", program.name, verb.name, verb.summary, synopsis(program, verb));
  text += wrapped(verb.description, 0) + "\n";
  for (const auto& positional : verb.positionals) text += row(positional.name, positional.help, 26);
  if (!verb.positionals.empty()) text += "\n";
  for (const auto& option : verb.options) text += row(left_of(option), right_of(option), 26);
  for (const auto& option : common_options()) text += row(left_of(option), right_of(option), 26);
  if (!verb.examples.empty()) text += "\nExamples\n";
  for (const auto& example : verb.examples) text += "  " + example.command + "\n" + wrapped(example.what, 6);
  return text;
}

std::string man_page(const Program& program) {
  std::string text = fmt::format(
      ".TH {} 1 \"\" \"{} {}\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B {}\n.I VERB\n[options]\n.SH VERBS\n",
      [&] {
        std::string upper = program.name;
        for (auto& letter : upper) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
        return upper;
      }(),
      program.name, program.version, roff(program.name), roff(program.summary), roff(program.name));
  for (const auto& verb : program.verbs) {
    text += fmt::format(".SS {}\n{}\n.PP\n.B {}\n.PP\n{}\n", roff(verb.name), roff(verb.summary), roff(synopsis(program, verb)),
                        roff(verb.description));
    for (const auto& positional : verb.positionals) text += fmt::format(".TP\n.I {}\n{}\n", roff(positional.name), roff(positional.help));
    for (const auto& option : verb.options) text += fmt::format(".TP\n.B {}\n{}\n", roff(left_of(option)), roff(right_of(option)));
    for (const auto& example : verb.examples) text += fmt::format(".PP\n.nf\n{}\n.fi\n{}\n", roff(example.command), roff(example.what));
  }
  text += ".SH OPTIONS OF EVERY VERB\n";
  for (const auto& option : common_options()) text += fmt::format(".TP\n.B {}\n{}\n", roff(left_of(option)), roff(right_of(option)));
  text +=
      ".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n2\nwrong usage\n.TP\n3\nwrong input\n.TP\n4\ndisk, memory or network\n.TP\n5\nsome of the work "
      "and not "
      "all\n.TP\n70\na defect of the program\n.SH NOTE\nNot for clinical use.\n";
  return text;
}

std::string bash_completion(const Program& program) {
  std::vector<std::string> names;
  for (const auto& verb : program.verbs) names.push_back(verb.name);
  std::string function = program.name;
  std::replace(function.begin(), function.end(), '-', '_');
  std::string text = fmt::format(
      "_{0}() {{\n  local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}\n  COMPREPLY=()\n  if (( COMP_CWORD == 1 "
      ")); then\n"
      "    COMPREPLY=($(compgen -W \"{1} --help --version\" -- \"$word\"))\n    return\n  fi\n  local options= choices=\n  case "
      "${{COMP_WORDS[1]}} in\n",
      function, fmt::join(names, " "));
  for (const auto& verb : program.verbs) {
    std::vector<std::string> options;
    std::string choices;
    for (const auto& option : verb.options) options.push_back(option.name);
    for (const auto& option : common_options()) options.push_back(option.name);
    options.push_back("--help");
    for (const auto& positional : verb.positionals)
      if (!positional.choices.empty()) choices += fmt::format("{} ", fmt::join(positional.choices, " "));
    text += fmt::format("    {})\n      options=\"{}\"\n      choices=\"{}\"\n", verb.name, fmt::join(options, " "), choices);
    bool any = false;
    for (const auto& option : verb.options) {
      if (option.choices.empty()) continue;
      if (!any) text += "      case $previous in\n";
      any = true;
      text += fmt::format("        {}) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return ;;\n", option.name,
                          fmt::join(option.choices, " "));
    }
    if (any) text += "      esac\n";
    text += "      ;;\n";
  }
  text += fmt::format(
      "  esac\n  if [[ $word == -* ]]; then\n    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n  else\n    COMPREPLY=($(compgen -W "
      "\"$choices\" -- "
      "\"$word\") $(compgen -f -- \"$word\"))\n  fi\n}}\ncomplete -o filenames -F _{} {}\n",
      function, program.name);
  return text;
}

std::string usage_json(const Program& program) {
  nlohmann::ordered_json verbs = nlohmann::ordered_json::array();
  for (const auto& verb : program.verbs) {
    nlohmann::ordered_json options = nlohmann::ordered_json::array(), positionals = nlohmann::ordered_json::array();
    const auto add = [&](const Option& option) {
      options.push_back({{"name", option.name},
                         {"value", option.value},
                         {"help", option.help},
                         {"default", option.otherwise},
                         {"choices", option.choices},
                         {"required", option.required}});
    };
    for (const auto& option : verb.options) add(option);
    for (const auto& option : common_options()) add(option);
    for (const auto& positional : verb.positionals)
      positionals.push_back({{"name", positional.name},
                             {"help", positional.help},
                             {"choices", positional.choices},
                             {"required", positional.required},
                             {"many", positional.many}});
    verbs.push_back({{"name", verb.name},
                     {"summary", verb.summary},
                     {"description", verb.description},
                     {"positionals", positionals},
                     {"options", options}});
  }
  return nlohmann::ordered_json{{"program", program.name}, {"version", program.version}, {"verbs", verbs}}.dump(2) + "\n";
}

}  // namespace isocenter::apps
