// RGB pixels as a PNG in memory, and bytes as text for a data URI.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reports/findings.h"

namespace isocenter::reports {

std::vector<std::uint8_t> encode_png(const Figure& figure);  // throws std::logic_error when rgb is not width * height * 3 long
std::string base64(std::span<const std::uint8_t> bytes);     // RFC 4648 section 4

}  // namespace isocenter::reports
