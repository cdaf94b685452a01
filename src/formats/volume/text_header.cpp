#include "formats/volume/text_header.h"

#include <charconv>
#include <cmath>

#include "core/error.h"
#include "formats/volume/byte_stream.h"

namespace isocenter::formats {
namespace fs = std::filesystem;
using core::InputError;

std::string trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(space) - begin + 1));
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

std::vector<double> numbers_in(std::string_view text, std::size_t count, std::string_view field, const fs::path& shown) {
  std::vector<double> numbers;
  constexpr std::string_view space = " \t\r\n,";
  for (std::size_t at = text.find_first_not_of(space); at != std::string_view::npos; at = text.find_first_not_of(space, at)) {
    const std::size_t end = std::min(text.find_first_of(space, at), text.size());
    std::string_view word = text.substr(at, end - at);
    at = end;
    const std::string_view shown_word = word;
    if (word.starts_with('+')) word.remove_prefix(1);
    double value = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || stop != word.data() + word.size() || !std::isfinite(value))
      throw InputError("{}: {}: '{}' is no finite number", shown.string(), field, shown_word.substr(0, 40));
    numbers.push_back(value);
  }
  if (count != 0 && numbers.size() != count)
    throw InputError("{}: {}: {} numbers are needed, {} are there", shown.string(), field, count, numbers.size());
  return numbers;
}

std::int64_t whole_number_in(std::string_view text, std::int64_t low, std::string_view field, const fs::path& shown) {
  const std::string word = trimmed(text);
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || stop != word.data() + word.size() || value < low)
    throw InputError("{}: {}: '{}' is no whole number of at least {}", shown.string(), field, word.substr(0, 40), low);
  return value;
}

fs::path data_file_beside(const fs::path& header, std::string_view name) {
  const fs::path relative(name);
  bool leaves = relative.is_absolute() || name.empty() || name.find('\0') != std::string_view::npos;
  for (const fs::path& part : relative) leaves = leaves || part == "..";
  if (leaves)
    throw InputError("{}: names '{}' as its data file, which lies outside of its folder; move it beside the header", header.string(), name);
  const fs::path path = header.parent_path() / relative;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) throw InputError("{}: its data file '{}' is missing", header.string(), name);
  return path;
}

std::string beginning_of(const fs::path& path) {
  ByteStream stream(path, ByteStream::Packing::none);
  std::vector<std::uint8_t> bytes(std::min<std::uint64_t>(stream.most_bytes(), 1 << 20));
  bytes.resize(stream.read_some(bytes));
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace isocenter::formats
