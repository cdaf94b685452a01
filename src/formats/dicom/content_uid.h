// UIDs from what an object says, so that writing it twice makes one object, not two.
#pragma once

#include <string>
#include <string_view>

namespace isocenter::formats {

// "2.25." and a decimal number (PS3.5 B.2): the first 128 bits of the content's SHA-256, marked as a UUID of version 8 (RFC 9562).
std::string content_uid(std::string_view content);

}  // namespace isocenter::formats
