#include "formats/dicom/content_uid.h"

#include <algorithm>

#include "core/hash.h"

namespace isocenter::formats {

std::string content_uid(std::string_view content) {
  auto digest = core::sha256({reinterpret_cast<const std::uint8_t*>(content.data()), content.size()});
  digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0F) | 0x80);  // version 8: custom
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3F) | 0x80);  // variant of RFC 9562
  std::string digits;
  // Long division of the 16 bytes by ten.
  for (bool left = true; left;) {
    unsigned rest = 0;
    left = false;
    for (std::size_t at = 0; at < 16; ++at) {
      const unsigned value = rest * 256 + digest[at];
      digest[at] = static_cast<std::uint8_t>(value / 10);
      rest = value % 10;
      left = left || digest[at] != 0;
    }
    digits += static_cast<char>('0' + rest);
  }
  std::reverse(digits.begin(), digits.end());
  return "2.25." + digits;
}

}  // namespace isocenter::formats
