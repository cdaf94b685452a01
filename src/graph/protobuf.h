// The wire format of protocol buffers, as far as ONNX needs it: no schema, no generated code. Every length is checked before it is used.
// Source: "Encoding", Protocol Buffers documentation.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace isocenter::graph::protobuf {

using Bytes = std::span<const std::uint8_t>;

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Field {
  std::uint32_t number = 0;
  Wire wire = Wire::varint;
  std::uint64_t value = 0;  // of varint, fixed64, fixed32
  Bytes bytes;              // of bytes

  // Each throws core::InputError when the field is of another wire type.
  std::int64_t integer() const { return static_cast<std::int64_t>(of(Wire::varint).value); }
  float number32() const { return std::bit_cast<float>(static_cast<std::uint32_t>(of(Wire::fixed32).value)); }
  Bytes message() const { return of(Wire::bytes).bytes; }
  std::string text() const {
    const Bytes part = message();
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  const Field& of(Wire wanted) const {
    if (wire != wanted)
      throw core::InputError("field {} is of wire type {}, not {}", number, static_cast<int>(wire), static_cast<int>(wanted));
    return *this;
  }
};

// Walks over the fields of one message.
class Reader {
 public:
  explicit Reader(Bytes bytes) : bytes_(bytes) {}

  bool next(Field& field) {
    if (bytes_.empty()) return false;
    const std::uint64_t key = varint();
    field = {};
    if ((key >> 3) == 0 || (key >> 3) > 0x1fffffff) throw core::InputError("field number {} is out of range", key >> 3);
    field.number = static_cast<std::uint32_t>(key >> 3);
    switch (key & 7) {
      case 0:
        field.wire = Wire::varint, field.value = varint();
        break;
      case 1:
        field.wire = Wire::fixed64, field.value = fixed(8);
        break;
      case 2:
        field.wire = Wire::bytes, field.bytes = take(varint());
        break;
      case 5:
        field.wire = Wire::fixed32, field.value = fixed(4);
        break;
      default:
        throw core::InputError("field {} has the unknown wire type {}", field.number, key & 7);
    }
    return true;
  }

  bool empty() const { return bytes_.empty(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = take(1)[0];
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    throw core::InputError("a number is longer than 64 bits");
  }

  std::uint64_t fixed(std::size_t size) {
    const Bytes part = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(part[i]) << (8 * i);
    return value;
  }

 private:
  Bytes take(std::uint64_t size) {
    if (size > bytes_.size()) throw core::InputError("cut short: {} bytes are announced, {} are left", size, bytes_.size());
    const Bytes part = bytes_.first(static_cast<std::size_t>(size));
    bytes_ = bytes_.subspan(static_cast<std::size_t>(size));
    return part;
  }
  Bytes bytes_;
};

// Repeated numbers, packed or one field each: appends to `values`.
template <class T>
void append_varints(const Field& field, std::vector<T>& values) {
  if (field.wire == Wire::varint) {
    values.push_back(static_cast<T>(field.value));
    return;
  }
  Reader packed(field.message());
  while (!packed.empty()) values.push_back(static_cast<T>(packed.varint()));
}

template <class T>
void append_fixed(const Field& field, std::vector<T>& values) {
  const auto of_bits = [](std::uint64_t bits) {
    T value;
    std::memcpy(&value, &bits, sizeof(T));  // little-endian host, as everywhere here
    return value;
  };
  if (field.wire == (sizeof(T) == 8 ? Wire::fixed64 : Wire::fixed32)) {
    values.push_back(of_bits(field.value));
    return;
  }
  Reader packed(field.message());
  while (!packed.empty()) values.push_back(of_bits(packed.fixed(sizeof(T))));
}

// Builds one message; messages inside are built first and added as bytes.
class Writer {
 public:
  Writer& integer(std::uint32_t number, std::int64_t value) {
    key(number, Wire::varint);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Writer& number32(std::uint32_t number, float value) {
    key(number, Wire::fixed32);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i) bytes_ += static_cast<char>(bits >> (8 * i) & 0xff);
    return *this;
  }
  Writer& bytes(std::uint32_t number, std::string_view value) {
    key(number, Wire::bytes);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Writer& message(std::uint32_t number, const Writer& inner) { return bytes(number, inner.bytes_); }
  const std::string& content() const { return bytes_; }

 private:
  void key(std::uint32_t number, Wire wire) { varint(static_cast<std::uint64_t>(number) << 3 | static_cast<std::uint64_t>(wire)); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

}  // namespace isocenter::graph::protobuf
