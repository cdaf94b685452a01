// Values as a reader wants to see them. A minus is the true minus sign and a space before a unit does not break.
#pragma once

#include <string>
#include <string_view>

namespace isocenter::reports {

std::string format_ml(double ml);                                     // "3.21", "21.4", "1523": three figures or so, without the unit
std::string format_change_ml(double ml);                              // "+0.12", "−3.4", "0.00"
std::string format_percent(double percent, int decimals = 1);         // "3.4 %"
std::string format_signed_percent(double percent, int decimals = 1);  // "+3.4 %", "−3.4 %"
std::string format_number(double value, int decimals);                // fixed, with a true minus sign; no "−0.0"

std::string show_person_name(
    std::string_view dicom);                    // "Doe^Jane^^Dr" to "Dr Jane Doe": prefix, given, middle, family, suffix (PS3.5 6.2.1)
std::string show_date(std::string_view dicom);  // "20240131" to "2024-01-31"; anything else as it is
std::string show_time(std::string_view dicom);  // "142530.5" to "14:25"
std::string show_age(std::string_view dicom);   // "041Y" to "41 years"
std::string show_sex(std::string_view dicom);   // "F" to "female"

std::string capitalized(std::string text);  // first letter, ASCII
// Valid UTF-8 without control characters: bytes that are not become U+FFFD, so that no writer is handed something its format forbids.
std::string printable(std::string_view text);

}  // namespace isocenter::reports
