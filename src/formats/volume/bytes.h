// Numbers at fixed places of a header, in either byte order.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace isocenter::formats {

template <class Number>
Number load_number(const std::uint8_t* from, bool big_endian) {
  std::uint8_t raw[sizeof(Number)];
  std::memcpy(raw, from, sizeof(Number));
  if (big_endian != (std::endian::native == std::endian::big)) std::reverse(raw, raw + sizeof(Number));
  Number value;
  std::memcpy(&value, raw, sizeof(Number));
  return value;
}

template <class Number>
void store_number(std::uint8_t* to, Number value, bool big_endian) {
  std::memcpy(to, &value, sizeof(Number));
  if (big_endian != (std::endian::native == std::endian::big)) std::reverse(to, to + sizeof(Number));
}

// A header's bytes with their order: header.get<float>(76).
struct HeaderBytes {
  std::span<const std::uint8_t> bytes;
  bool big_endian = false;

  template <class Number>
  Number get(std::size_t offset) const {
    if (offset + sizeof(Number) > bytes.size()) throw std::logic_error("a header field is read beyond the header's end");
    return load_number<Number>(bytes.data() + offset, big_endian);
  }
  // Text of a fixed width, up to the first zero byte; control characters become spaces.
  std::string text(std::size_t offset, std::size_t width) const {
    std::string value;
    for (std::size_t i = offset; i < offset + width && i < bytes.size() && bytes[i] != 0; ++i)
      value += bytes[i] < 32 || bytes[i] == 127 ? ' ' : static_cast<char>(bytes[i]);
    while (!value.empty() && value.back() == ' ') value.pop_back();
    return value;
  }
};

}  // namespace isocenter::formats
