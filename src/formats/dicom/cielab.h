// Display colours as DICOM stores them: CIELab of the profile connection space (D50), scaled to 16 bits (PS3.3 C.10.7.1.1).
#pragma once

#include <array>
#include <cstdint>

namespace isocenter::formats {

std::array<std::uint16_t, 3> to_cielab(const std::array<std::uint8_t, 3>& srgb);
std::array<std::uint8_t, 3> to_srgb(const std::array<std::uint16_t, 3>& cielab);

}  // namespace isocenter::formats
