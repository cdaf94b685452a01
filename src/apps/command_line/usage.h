// What a program understands, as data: parser, --help, man page, shell completion and the JSON description are all made from these values,
// so a name, a default or a sentence stands in one place.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace isocenter::apps {

class Arguments;

struct Option {
  std::string name;            // "--output"
  std::string value;           // what follows it in the help, "DIR"; empty: a flag
  std::string help;            // one sentence, no full stop
  std::string otherwise = {};  // the default, as the user would write it
  std::vector<std::string> choices = {};
  bool required = false;
  std::string short_name = {};  // "-o"
};

struct Positional {
  std::string name;  // "STUDY"
  std::string help;
  std::vector<std::string> choices = {};
  bool required = true;
  bool many = false;  // takes all that is left
};

struct Example {
  std::string command, what;
};

struct Verb {
  std::string name, summary;  // summary: one line in the list of verbs
  std::string description;    // paragraphs
  std::vector<Positional> positionals;
  std::vector<Option> options;  // --json, --threads, --quiet and --help are added to every verb
  std::vector<Example> examples;
  std::function<int(const Arguments&)> run;  // returns the exit code
};

struct Program {
  std::string name, summary, version;
  std::vector<Verb> verbs;
};

const std::vector<Option>& common_options();

}  // namespace isocenter::apps
