// The two 16-bit floating formats, bit by bit: IEEE 754 binary16 and bfloat16 (the upper half of a binary32). Rounding is to nearest, ties
// to even; NaN stays NaN, overflow becomes infinity.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace isocenter::graph {

inline float float_of_bfloat(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

inline std::uint16_t bfloat_of_float(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);  // quiet, so that no mantissa bit is lost to zero
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

inline float float_of_half(std::uint16_t bits) {
  const int sign = bits >> 15, exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  float magnitude;
  if (exponent == 31)
    magnitude = mantissa == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  else
    magnitude = std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  return sign != 0 ? -magnitude : magnitude;
}

inline std::uint16_t half_of_float(float value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000u : 0u;
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7e00u;
  if (magnitude == 0) return sign;                   // frexp gives zero no exponent
  if (magnitude >= 65520.0f) return sign | 0x7c00u;  // halfway to 2^16 and above round to infinity
  int exponent = 0;
  std::frexp(magnitude, &exponent);  // magnitude in [2^(exponent-1), 2^exponent)
  const int step = exponent - 11 < -24 ? -24 : exponent - 11;
  // nearbyint rounds ties to even; a carry into the next power of two lands on the right bits by itself.
  const auto units = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(magnitude, -step)));
  if (step == -24) return static_cast<std::uint16_t>(sign | units);
  return static_cast<std::uint16_t>(sign | ((static_cast<std::uint32_t>(step + 24) << 10) + units));
}

}  // namespace isocenter::graph
