// Text in the Japanese character sets of PS3.5 H.3 (ISO 2022 with JIS X 0201, 0208, 0212) to UTF-8: DCMTK's conversion does not know them
// where it stands on the C library's.
#pragma once

#include <optional>
#include <string>

namespace isocenter::formats {

// Whether a specific character set ("\ISO 2022 IR 87") names one of them.
bool is_japanese(const std::string& specific_character_set);

// Nothing where the bytes are no such text.
std::optional<std::string> japanese_to_utf8(const std::string& text);

}  // namespace isocenter::formats
