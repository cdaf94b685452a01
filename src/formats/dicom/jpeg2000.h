// JPEG 2000 and High-Throughput JPEG 2000 codestreams (ISO/IEC 15444-1, -15) to samples, by OpenJPEG.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace isocenter::formats {

// Whether the transfer syntax with this UID holds such codestreams (part 2, several components at once, is left out).
bool is_jpeg2000(std::string_view transfer_syntax);

struct DecodedImage {
  int columns = 0, rows = 0, samples = 0;
  int precision = 0;  // bits a sample, of the first component
  bool is_signed = false;
  std::vector<std::int32_t> values;  // samples of a pixel together
};

// At most `most_pixels` pixels. Throws core::InputError that begins with `where`.
DecodedImage decode_jpeg2000(std::span<const std::uint8_t> codestream, std::int64_t most_pixels, const std::string& where);

}  // namespace isocenter::formats
