// The codes that our reports speak in: one table, each with the DICOM context group (PS3.16) that holds it.
//
// SCT is SNOMED CT, DCM DICOM's own, UCUM units, LN LOINC. What no standard has a code for is ours, under the private scheme 99ISOCENTER
// (PS3.16 section 8.2 reserves designators that begin with 99 for such).
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace isocenter::reports {

struct Term {
  std::string_view key;  // how the program asks for it: "volume"
  std::string_view scheme, value, meaning;
  int context_group = 0;  // CID of PS3.16; 0: fixed by a template or ours
};

std::span<const Term> terms();

// Throws std::logic_error when there is none: a key is written in the program, never by a user.
const Term& term(std::string_view key);

// The entry with this code, as for a code that a model package brings along.
std::optional<Term> find_code(std::string_view scheme, std::string_view value);

}  // namespace isocenter::reports
