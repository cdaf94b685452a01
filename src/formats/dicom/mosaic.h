// Siemens mosaics: the slices of one volume as tiles of one picture, their number and direction in the private CSA header (0029,1010).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/dicom/dicom_file.h"
#include "imaging/geometry.h"

namespace isocenter::formats {

struct Mosaic {
  int slices = 0, rows = 0, columns = 0;   // of one tile
  imaging::Vector3 first_corner_lps_mm{};  // centre of the first pixel of tile 1
  imaging::Vector3 step_lps_mm{};          // from a tile's slice to the next
  std::string refusal;                     // why its geometry cannot be told; empty: it can
};
bool is_mosaic(const Dataset& data);
Mosaic mosaic_of(const Dataset& data, const PixelFormat& format);

// The values of a named element of a CSA header ("SV10" form), or none: at most what the bytes hold.
std::vector<std::string> csa_values(std::span<const std::uint8_t> header, std::string_view name);

}  // namespace isocenter::formats
