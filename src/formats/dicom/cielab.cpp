#include "formats/dicom/cielab.h"

#include <algorithm>
#include <cmath>

namespace isocenter::formats {
namespace {

using Triple = std::array<double, 3>;

// sRGB primaries (IEC 61966-2-1) adapted from D65 to D50 by Bradford's matrix: linear RGB to XYZ, and back.
constexpr std::array<Triple, 3> rgb_to_xyz{
    {{0.4360747, 0.3850649, 0.1430804}, {0.2225045, 0.7168786, 0.0606169}, {0.0139322, 0.0971045, 0.7141733}}};
constexpr std::array<Triple, 3> xyz_to_rgb{
    {{3.1338561, -1.6168667, -0.4906146}, {-0.9787684, 1.9161415, 0.0334540}, {0.0719453, -0.2289914, 1.4052427}}};
constexpr Triple white_d50{0.96422, 1.0, 0.82521};

Triple product(const std::array<Triple, 3>& matrix, const Triple& value) {
  Triple result{};
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t column = 0; column < 3; ++column) result[row] += matrix[row][column] * value[column];
  return result;
}

// The cube root of CIE 15, with its straight piece near black, and its inverse.
constexpr double knee = 6.0 / 29;
double forward(double t) { return t > knee * knee * knee ? std::cbrt(t) : t / (3 * knee * knee) + 4.0 / 29; }
double backward(double f) { return f > knee ? f * f * f : 3 * knee * knee * (f - 4.0 / 29); }

std::uint16_t scaled(double share) { return static_cast<std::uint16_t>(std::lround(std::clamp(share, 0.0, 1.0) * 65535)); }

}  // namespace

std::array<std::uint16_t, 3> to_cielab(const std::array<std::uint8_t, 3>& srgb) {
  Triple linear{};
  for (std::size_t at = 0; at < 3; ++at) {
    const double value = srgb[at] / 255.0;
    linear[at] = value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  }
  auto xyz = product(rgb_to_xyz, linear);
  for (std::size_t at = 0; at < 3; ++at) xyz[at] = forward(xyz[at] / white_d50[at]);
  const double lightness = 116 * xyz[1] - 16, a = 500 * (xyz[0] - xyz[1]), b = 200 * (xyz[1] - xyz[2]);
  return {scaled(lightness / 100), scaled((a + 128) / 255), scaled((b + 128) / 255)};
}

std::array<std::uint8_t, 3> to_srgb(const std::array<std::uint16_t, 3>& cielab) {
  const double lightness = cielab[0] * 100.0 / 65535, a = cielab[1] * 255.0 / 65535 - 128, b = cielab[2] * 255.0 / 65535 - 128;
  const double y = (lightness + 16) / 116;
  const Triple xyz{white_d50[0] * backward(y + a / 500), white_d50[1] * backward(y), white_d50[2] * backward(y - b / 200)};
  const auto linear = product(xyz_to_rgb, xyz);
  std::array<std::uint8_t, 3> srgb{};
  for (std::size_t at = 0; at < 3; ++at) {
    const double value = std::clamp(linear[at], 0.0, 1.0);
    const double curved = value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
    srgb[at] = static_cast<std::uint8_t>(std::lround(curved * 255));
  }
  return srgb;
}

}  // namespace isocenter::formats
