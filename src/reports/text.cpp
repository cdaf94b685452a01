#include "reports/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace isocenter::reports {
namespace {

constexpr std::string_view minus_sign = "\u2212", narrow_space = "\u00a0", replacement = "\ufffd";

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char letter) { return std::isdigit(static_cast<unsigned char>(letter)) != 0; });
}

int decimals_of_ml(double ml) {
  const double size = std::abs(ml);
  return size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
}

std::string with_sign(double value, int decimals) {
  std::string text = format_number(value, decimals);
  const bool is_zero = std::ranges::none_of(text, [](char letter) { return letter >= '1' && letter <= '9'; });
  return value > 0 && !is_zero ? "+" + text : text;
}

}  // namespace

std::string format_number(double value, int decimals) {
  if (!std::isfinite(value)) return "\u2013";
  std::string text = fmt::format("{:.{}f}", std::abs(value), decimals);
  const bool is_zero = std::ranges::none_of(text, [](char letter) { return letter >= '1' && letter <= '9'; });
  return value < 0 && !is_zero ? std::string(minus_sign) + text : text;
}

std::string format_ml(double ml) { return format_number(ml, decimals_of_ml(ml)); }
std::string format_change_ml(double ml) { return with_sign(ml, decimals_of_ml(ml)); }
std::string format_percent(double percent, int decimals) { return format_number(percent, decimals) + std::string(narrow_space) + "%"; }
std::string format_signed_percent(double percent, int decimals) { return with_sign(percent, decimals) + std::string(narrow_space) + "%"; }

std::string show_person_name(std::string_view dicom) {
  const std::string_view alphabetic = dicom.substr(0, dicom.find('='));
  std::array<std::string, 5> parts;  // family, given, middle, prefix, suffix
  std::size_t part = 0;
  for (const char letter : alphabetic) {
    if (letter == '^') {
      if (++part == parts.size()) break;
    } else {
      parts[part] += letter;
    }
  }
  std::string shown;
  for (const std::size_t next : {3, 1, 2, 0, 4}) {
    std::string& text = parts[next];
    const auto first = text.find_first_not_of(' ');
    if (first == std::string::npos) continue;
    text = text.substr(first, text.find_last_not_of(' ') - first + 1);
    if (!shown.empty()) shown += ' ';
    shown += text;
  }
  return shown;
}

std::string show_date(std::string_view dicom) {
  if (dicom.size() != 8 || !all_digits(dicom)) return std::string(dicom);
  return fmt::format("{}-{}-{}", dicom.substr(0, 4), dicom.substr(4, 2), dicom.substr(6, 2));
}

std::string show_time(std::string_view dicom) {
  if (dicom.size() < 4 || !all_digits(dicom.substr(0, 4))) return std::string(dicom);
  return fmt::format("{}:{}", dicom.substr(0, 2), dicom.substr(2, 2));
}

std::string show_age(std::string_view dicom) {
  if (dicom.size() != 4 || !all_digits(dicom.substr(0, 3))) return std::string(dicom);
  const int count = (dicom[0] - '0') * 100 + (dicom[1] - '0') * 10 + (dicom[2] - '0');
  const char* unit = dicom[3] == 'Y' ? "year" : dicom[3] == 'M' ? "month" : dicom[3] == 'W' ? "week" : dicom[3] == 'D' ? "day" : nullptr;
  if (!unit) return std::string(dicom);
  return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

std::string show_sex(std::string_view dicom) {
  if (dicom == "F") return "female";
  if (dicom == "M") return "male";
  if (dicom == "O") return "other";
  return std::string(dicom);
}

std::string capitalized(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      if (lead >= 0x20 && lead != 0x7f)
        clean += static_cast<char>(lead);
      else
        clean += ' ';
      ++i;
      continue;
    }
    const int following = lead >= 0xc2 && lead <= 0xdf ? 1 : lead >= 0xe0 && lead <= 0xef ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
    std::uint32_t point = following == 1 ? lead & 0x1f : following == 2 ? lead & 0x0f : lead & 0x07;
    bool valid = following > 0 && i + following < text.size();
    for (int next = 1; valid && next <= following; ++next) {
      const auto byte = static_cast<unsigned char>(text[i + next]);
      valid = (byte & 0xc0) == 0x80;
      point = point << 6 | (byte & 0x3f);
    }
    // Overlong forms, surrogates and what lies beyond Unicode are no text; nor are the control characters U+0080 to U+009F.
    valid = valid && !(following == 2 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))) &&
            !(following == 3 && (point < 0x10000 || point > 0x10ffff));
    if (!valid) {
      clean += replacement;
      ++i;
      continue;
    }
    // C1 controls; the marks that turn the direction of writing (a name could hide another with them); noncharacters.
    const bool hidden = (point >= 0x80 && point <= 0x9f) || (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
                        point == 0xfffe || point == 0xffff || point == 0x2028 || point == 0x2029;
    clean += hidden ? std::string_view(" ") : text.substr(i, following + 1);
    i += following + 1;
  }
  return clean;
}

}  // namespace isocenter::reports
