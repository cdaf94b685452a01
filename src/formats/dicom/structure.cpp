#include "formats/dicom/structure.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "formats/dicom/byte_source.h"
#include "formats/dicom/tag.h"

namespace isocenter::formats {
namespace {

// Real objects nest to about ten (structured reports to twenty).
constexpr std::size_t deepest = 64;
// A file this small cannot nest deeply enough to harm, whatever it holds: a level costs at least 16 bytes.
constexpr std::uint64_t harmless_size = 32768;
constexpr std::uint32_t undefined = 0xFFFFFFFF;

constexpr Tag item_start{0xFFFE, 0xE000}, item_end{0xFFFE, 0xE00D}, sequence_end{0xFFFE, 0xE0DD};

struct Encoding {
  bool explicit_vr = true, big_endian = false;
};

struct Element {
  Tag tag;
  std::string vr;  // empty in implicit VR
  std::uint32_t length = 0;
};

struct Level {
  enum class Kind { dataset, sequence, item } kind;
  std::optional<std::uint64_t> end;  // absent: closed by a delimiter (the dataset: by the end of the file)
  Encoding encoding;
};

std::uint32_t number(const std::uint8_t* bytes, int count, bool big_endian) {
  std::uint32_t value = 0;
  for (int at = 0; at < count; ++at) value |= std::uint32_t{bytes[big_endian ? count - 1 - at : at]} << (8 * at);
  return value;
}

std::optional<Element> next_element(ByteSource& source, const Encoding& encoding) {
  std::array<std::uint8_t, 8> head{};
  if (!source.read(head)) return std::nullopt;
  Element element;
  element.tag = {static_cast<std::uint16_t>(number(head.data(), 2, encoding.big_endian)),
                 static_cast<std::uint16_t>(number(head.data() + 2, 2, encoding.big_endian))};
  if (!encoding.explicit_vr || element.tag.group == 0xFFFE) {
    element.length = number(head.data() + 4, 4, encoding.big_endian);
    return element;
  }
  element.vr.assign(head.begin() + 4, head.begin() + 6);
  static constexpr std::string_view long_form = "OB OD OF OL OV OW SQ SV UC UN UR UT UV";
  if (long_form.find(element.vr) == std::string_view::npos) {
    element.length = number(head.data() + 6, 2, encoding.big_endian);
    return element;
  }
  std::array<std::uint8_t, 4> length{};
  if (!source.read(length)) return std::nullopt;
  element.length = number(length.data(), 4, encoding.big_endian);
  return element;
}

// Where the dataset begins, and how it is encoded; nothing where only the reader's guesses can tell.
std::optional<Encoding> begin_dataset(ByteSource& source) {
  std::array<std::uint8_t, 132> preamble{};
  if (!source.read(preamble) || std::string_view(reinterpret_cast<char*>(preamble.data()) + 128, 4) != "DICM") {
    source.rewind_to(0);
    std::array<std::uint8_t, 8> first{};
    if (!source.read(first)) return std::nullopt;
    source.rewind_to(0);
    const bool letters = first[4] >= 'A' && first[4] <= 'Z' && first[5] >= 'A' && first[5] <= 'Z';
    if (number(first.data(), 2, false) != 0x0002) return Encoding{letters, false};
  }
  std::string syntax;
  for (;;) {
    const auto start = source.position();
    const auto element = next_element(source, {});
    if (!element) return std::nullopt;
    if (element->tag.group != 0x0002) {
      source.rewind_to(start);
      break;
    }
    if (element->tag == Tag{0x0002, 0x0010} && element->length <= 64) {
      syntax.resize(element->length);
      if (!source.read({reinterpret_cast<std::uint8_t*>(syntax.data()), syntax.size()})) return std::nullopt;
      while (!syntax.empty() && (syntax.back() == '\0' || syntax.back() == ' ')) syntax.pop_back();
    } else if (element->length == undefined || !source.skip(element->length)) {
      return std::nullopt;
    }
  }
  if (syntax == "1.2.840.10008.1.2.1.99") source.inflate_from_here();
  return Encoding{syntax != "1.2.840.10008.1.2", syntax == "1.2.840.10008.1.2.2"};
}

// Whether one more of it may follow within the dataset.
bool once_only(Tag tag) { return tag.group == 0x0020 || tag.group == 0x0028 || tag.group == 0x7FE0; }

enum class Outcome { whole, lost, deep, twice };

Outcome follow(ByteSource& source, const Encoding& encoding, Tag& where) {
  std::vector<Level> levels{{Level::Kind::dataset, std::nullopt, encoding}};
  Tag last{};
  while (!levels.empty()) {
    const Level level = levels.back();
    if (level.end && source.position() >= *level.end) {
      if (source.position() > *level.end) return Outcome::lost;
      levels.pop_back();
      continue;
    }
    const auto element = next_element(source, level.encoding);
    if (!element) return levels.size() == 1 ? Outcome::whole : Outcome::lost;
    const auto end = element->length == undefined ? std::nullopt : std::optional(source.position() + element->length);
    if (level.kind == Level::Kind::sequence) {
      if (element->tag == sequence_end) {
        levels.pop_back();
      } else if (element->tag == item_start) {
        levels.push_back({Level::Kind::item, end, level.encoding});
      } else {
        return Outcome::lost;
      }
      continue;
    }
    if (element->tag == item_end && level.kind == Level::Kind::item) {
      levels.pop_back();
      continue;
    }
    if (element->tag.group == 0xFFFE) return Outcome::lost;
    if (levels.size() == 1) {
      if (element->tag == last && once_only(last)) {
        where = last;
        return Outcome::twice;
      }
      last = element->tag;
    }
    const bool pixels = element->tag.group == 0x7FE0;
    const bool sequence = element->vr == "SQ" || (element->length == undefined && !pixels);
    if (sequence) {
      if (levels.size() >= 2 * deepest) {
        where = element->tag;
        return Outcome::deep;
      }
      // An unknown VR of undefined length holds implicit VR little endian whatever surrounds it (PS3.5 6.2.2).
      levels.push_back({Level::Kind::sequence, end, element->vr == "UN" ? Encoding{false, false} : level.encoding});
      continue;
    }
    if (element->length == undefined) {  // encapsulated pixels: items of bytes
      for (;;) {
        const auto fragment = next_element(source, level.encoding);
        if (!fragment || fragment->tag == sequence_end) break;
        if (fragment->tag != item_start || !source.skip(fragment->length)) return Outcome::lost;
      }
      continue;
    }
    if (!source.skip(element->length)) return Outcome::lost;
  }
  return Outcome::whole;
}

}  // namespace

std::string structural_fault(const std::filesystem::path& path) {
  ByteSource source(path);
  const auto encoding = begin_dataset(source);
  Tag where{};
  const auto outcome = encoding ? follow(source, *encoding, where) : Outcome::lost;
  switch (outcome) {
    case Outcome::whole:
      return "";
    case Outcome::lost:
      return source.file_size() <= harmless_size ? "" : "its elements do not follow each other as they should";
    case Outcome::deep:
      return fmt::format("sequences nested more than {} deep, at element ({:04x},{:04x})", deepest, where.group, where.element);
    case Outcome::twice:
      return fmt::format("element ({:04x},{:04x}) occurs twice", where.group, where.element);
  }
  return "";
}

}  // namespace isocenter::formats
