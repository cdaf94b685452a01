// The 87 published methods this program holds: one row each, whatever its state. `isocenter methods` and docs/methods.md are made from it.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace isocenter::methods {

// none: nothing of it is here. mechanism: its idea is built and tested. shown, not_shown, undecided: its experiment was run, with that
// verdict.
enum class State { none, mechanism, shown, not_shown, undecided };
std::string name_of(State state);  // "none", "mechanism", "shown", "not shown", "undecided"

struct Figure {
  std::string what, value, command;  // "mean Dice, synthetic test head", "0.81 [0.79, 0.83]", the command that measured it
};

struct Method {
  int number = 0;      // of its digest
  std::string name;    // "brain-id": folder and argument
  std::string title;   // of the paper
  std::string family;  // folder under src/methods
  std::string verb;    // of `isocenter` through which it is or will be used
  State state = State::none;
  std::vector<Figure> figures;
  std::string command;  // how to use or reproduce what is there; empty while the state is none
};

std::span<const Method> catalogue();  // by number, 1 to 87
const Method* find_method(const std::string& name_or_number);

std::string catalogue_json();      // the contract of `isocenter methods --json`: docs/schemas/methods-1.schema.json
std::string catalogue_markdown();  // docs/methods.md

}  // namespace isocenter::methods
