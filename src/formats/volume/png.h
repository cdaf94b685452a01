// Portable Network Graphics (ISO/IEC 15948) in memory and in files: grey and colour pictures of 8 or 16 bits.
//
// Throws core::InputError naming the file and the fault: not a PNG, damaged, cut short, larger than 32768 pixels a side or 2^28 in all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace isocenter::formats {

struct Picture {
  std::int64_t width = 0, height = 0;
  int channels = 1;                    // 1 grey, 3 red green blue (an alpha channel is dropped, a palette resolved)
  int bits = 8;                        // 8 or 16: the largest value is 2^bits - 1; fewer bits are scaled up to 8
  std::vector<std::uint16_t> samples;  // row by row from the top, channels fastest

  std::uint16_t at(std::int64_t x, std::int64_t y, int channel = 0) const { return samples[(y * width + x) * channels + channel]; }
};

Picture read_png(const std::filesystem::path& path);
Picture decode_png(std::span<const std::uint8_t> bytes, const std::string& shown);  // `shown` is the name for messages

std::vector<std::uint8_t> encode_png(const Picture& picture);
// `rgb`: red, green, blue bytes, row by row from the top; 3 * width * height of them.
std::vector<std::uint8_t> encode_png_rgb(std::span<const std::uint8_t> rgb, std::int64_t width, std::int64_t height);
std::vector<std::uint8_t> encode_png_grey(std::span<const std::uint8_t> grey, std::int64_t width, std::int64_t height);
void write_png(const std::filesystem::path& path, const Picture& picture);

}  // namespace isocenter::formats
