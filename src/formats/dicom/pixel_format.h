// How pixels are stored (PS3.3 C.7.6.3), and stored values to numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace isocenter::formats {

class Dataset;

struct PixelFormat {
  int rows = 0, columns = 0, samples = 1, frames = 1;
  int bits_allocated = 0, bits_stored = 0, high_bit = 0;
  bool is_signed = false;
  bool is_floating = false;  // floating-point numbers of 32 or 64 bits
  std::string photometric;

  std::int64_t pixels() const { return std::int64_t{rows} * columns; }
  std::int64_t frame_bytes() const { return (pixels() * samples * bits_allocated + 7) / 8; }
};

PixelFormat pixel_format(const Dataset& data);

// What makes it unreadable ("BitsStored 17 of BitsAllocated 16"), or an empty string.
std::string problem(const PixelFormat& format);

// Keeps bits_stored bits below high_bit, extends the sign, and clears what overlays or scanners left in the other bits; in place, host
// order.
void mask_unused_bits(std::span<std::uint8_t> bytes, const PixelFormat& format);

// Masked values of one sample a pixel, times slope, plus intercept.
void to_values(std::span<const std::uint8_t> bytes, const PixelFormat& format, double slope, double intercept, std::span<float> values);

}  // namespace isocenter::formats
