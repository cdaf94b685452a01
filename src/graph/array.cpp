#include "graph/array.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "graph/half.h"

namespace isocenter::graph {
namespace {

std::int64_t saturated(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 9223372036854775807.0) return std::numeric_limits<std::int64_t>::max();
  if (value <= -9223372036854775808.0) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

template <class T>
T saturated_to(double value) {
  if constexpr (std::is_same_v<T, std::int64_t>) {
    return saturated(value);
  } else {
    if (std::isnan(value)) return 0;
    if (value >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    if (value <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
    return static_cast<T>(value);
  }
}

template <class T>
void read_as(const std::uint8_t* bytes, std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    T element;
    std::memcpy(&element, bytes + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(element);
  }
}

template <class T>
void write_as(const std::vector<double>& values, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const T element = saturated_to<T>(values[i]);
    std::memcpy(bytes + i * sizeof(T), &element, sizeof(T));
  }
}

}  // namespace

std::vector<std::int64_t> Array::integers() const {
  std::vector<std::int64_t> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) result[i] = saturated(values[i]);
  return result;
}

bool is_floating(DataType type) {
  return type == DataType::f32 || type == DataType::f64 || type == DataType::f16 || type == DataType::bf16;
}

Array to_array(const Constant& constant) {
  Array array{constant.type, constant.shape, std::vector<double>(static_cast<std::size_t>(element_count(constant.shape)))};
  const std::uint8_t* bytes = constant.bytes.get();
  switch (constant.type) {
    case DataType::f32:
      read_as<float>(bytes, array.values);
      break;
    case DataType::f64:
      read_as<double>(bytes, array.values);
      break;
    case DataType::i8:
      read_as<std::int8_t>(bytes, array.values);
      break;
    case DataType::u8:
      read_as<std::uint8_t>(bytes, array.values);
      break;
    case DataType::i16:
      read_as<std::int16_t>(bytes, array.values);
      break;
    case DataType::u16:
      read_as<std::uint16_t>(bytes, array.values);
      break;
    case DataType::i32:
      read_as<std::int32_t>(bytes, array.values);
      break;
    case DataType::u32:
      read_as<std::uint32_t>(bytes, array.values);
      break;
    case DataType::i64:
      read_as<std::int64_t>(bytes, array.values);
      break;
    case DataType::u64:
      read_as<std::uint64_t>(bytes, array.values);
      break;
    case DataType::boolean:
      for (std::size_t i = 0; i < array.values.size(); ++i) array.values[i] = bytes[i] != 0;
      break;
    case DataType::f16:
    case DataType::bf16:
      for (std::size_t i = 0; i < array.values.size(); ++i) {
        std::uint16_t bits;
        std::memcpy(&bits, bytes + 2 * i, 2);
        array.values[i] = constant.type == DataType::f16 ? float_of_half(bits) : float_of_bfloat(bits);
      }
      break;
  }
  return array;
}

Constant to_constant(const Array& array) {
  Constant constant{array.type, array.shape, nullptr};
  if (static_cast<std::int64_t>(array.values.size()) != element_count(array.shape))
    throw std::logic_error("to_constant: the number of values does not fit the shape");
  const auto bytes = allocate_bytes(constant.byte_count());
  std::uint8_t* out = bytes.get();
  switch (array.type) {
    case DataType::f32:
      for (std::size_t i = 0; i < array.values.size(); ++i) {
        const float element = static_cast<float>(array.values[i]);
        std::memcpy(out + 4 * i, &element, 4);
      }
      break;
    case DataType::f64:
      if (!array.values.empty()) std::memcpy(out, array.values.data(), constant.byte_count());
      break;
    case DataType::i8:
      write_as<std::int8_t>(array.values, out);
      break;
    case DataType::u8:
      write_as<std::uint8_t>(array.values, out);
      break;
    case DataType::i16:
      write_as<std::int16_t>(array.values, out);
      break;
    case DataType::u16:
      write_as<std::uint16_t>(array.values, out);
      break;
    case DataType::i32:
      write_as<std::int32_t>(array.values, out);
      break;
    case DataType::u32:
      write_as<std::uint32_t>(array.values, out);
      break;
    case DataType::i64:
      write_as<std::int64_t>(array.values, out);
      break;
    case DataType::u64:
      write_as<std::uint64_t>(array.values, out);
      break;
    case DataType::boolean:
      for (std::size_t i = 0; i < array.values.size(); ++i) out[i] = array.values[i] != 0;
      break;
    case DataType::f16:
    case DataType::bf16:
      for (std::size_t i = 0; i < array.values.size(); ++i) {
        const float element = static_cast<float>(array.values[i]);
        const std::uint16_t bits = array.type == DataType::f16 ? half_of_float(element) : bfloat_of_float(element);
        std::memcpy(out + 2 * i, &bits, 2);
      }
      break;
  }
  constant.bytes = bytes;
  return constant;
}

Constant convert(const Constant& constant, DataType type) {
  if (constant.type == type) return constant;
  Array array = to_array(constant);
  array.type = type;
  return to_constant(array);
}

}  // namespace isocenter::graph
