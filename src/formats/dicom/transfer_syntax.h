// The transfer syntaxes (PS3.6 table A-1) whose pixels this room decodes.
#pragma once

#include <string>

namespace isocenter::formats {

// "MPEG-4 video (1.2.840...) is not read", or an empty string for one that is.
std::string unreadable_transfer_syntax(const std::string& uid);

}  // namespace isocenter::formats
