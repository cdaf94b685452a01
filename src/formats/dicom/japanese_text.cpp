#include "formats/dicom/japanese_text.h"

#include <iconv.h>

#include <cstdint>
#include <string_view>

namespace isocenter::formats {
namespace {

enum class Set { single_byte, jis_x_0208, jis_x_0212 };

std::optional<std::string> euc_jp_to_utf8(std::string& text) {
  const iconv_t conversion = iconv_open("UTF-8", "EUC-JP");
  if (conversion == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  std::string converted(4 * text.size() + 4, '\0');
  char* from = text.data();
  char* to = converted.data();
  std::size_t from_left = text.size(), to_left = converted.size();
  const auto outcome = iconv(conversion, &from, &from_left, &to, &to_left);
  iconv_close(conversion);
  if (outcome == static_cast<std::size_t>(-1)) return std::nullopt;
  converted.resize(converted.size() - to_left);
  return converted;
}

}  // namespace

bool is_japanese(const std::string& specific_character_set) {
  const std::string values = specific_character_set + "\\";
  for (const char* name : {"IR 13\\", "IR 87\\", "IR 159\\"})
    if (values.find(name) != std::string::npos) return true;
  return false;
}

// The escape sequences become EUC-JP's way of saying the same: high bits for JIS X 0208, the prefix 8F for 0212, 8E for half-width
// katakana.
std::optional<std::string> japanese_to_utf8(const std::string& text) {
  std::string euc;
  Set set = Set::single_byte;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    const auto byte = static_cast<std::uint8_t>(text[at]);
    if (byte == 0x1B) {
      if (rest.starts_with("\x1b$B") || rest.starts_with("\x1b$@")) {
        set = Set::jis_x_0208;
        at += 3;
      } else if (rest.starts_with("\x1b$(D")) {
        set = Set::jis_x_0212;
        at += 4;
      } else if (rest.starts_with("\x1b(B") || rest.starts_with("\x1b(J") || rest.starts_with("\x1b)I")) {
        set = rest[1] == ')' ? set : Set::single_byte;
        at += 3;
      } else {
        return std::nullopt;
      }
    } else if (byte >= 0xA1 && byte <= 0xDF) {  // half-width katakana stand in the upper half, whatever the lower is
      euc += '\x8e';
      euc += text[at++];
    } else if (set == Set::single_byte || byte < 0x21) {
      if (byte >= 0x80) return std::nullopt;
      euc += text[at++];
    } else {
      if (at + 1 >= text.size()) return std::nullopt;
      if (set == Set::jis_x_0212) euc += '\x8f';
      euc += static_cast<char>(byte | 0x80);
      euc += static_cast<char>(text[at + 1] | 0x80);
      at += 2;
    }
  }
  return euc_jp_to_utf8(euc);
}

}  // namespace isocenter::formats
