// RLE lossless frames (PS3.5 annex G): byte planes, most significant first, each packed by runs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "formats/dicom/pixel_format.h"

namespace isocenter::formats {

inline constexpr const char* rle_lossless = "1.2.840.10008.1.2.5";

// Samples in little-endian order, those of a pixel together. Throws core::InputError that begins with `where`.
std::vector<std::uint8_t> decode_rle(std::span<const std::uint8_t> fragment, const PixelFormat& format, const std::string& where);

}  // namespace isocenter::formats
