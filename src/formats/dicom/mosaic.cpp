#include "formats/dicom/mosaic.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "formats/dicom/vectors.h"

namespace isocenter::formats {
namespace {

constexpr Tag csa_image_header{0x0029, 0x1010};

std::uint32_t word(std::span<const std::uint8_t> bytes, std::size_t at) {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | std::uint32_t{bytes[at + 3]} << 24;
}

std::optional<double> to_number(const std::string& text) {
  double value = 0;
  const auto start = text.find_first_not_of(' ');
  if (start == std::string::npos) return std::nullopt;
  const auto [end, fault] = std::from_chars(text.data() + start, text.data() + text.size(), value);
  if (fault != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

// The layout: "SV10", four bytes, the number of elements, 77; each element a name of 64 bytes, its multiplicity, VR (4 bytes), type, number
// of items, 77; each item four words, of which the second is its length, and its text padded to four bytes.
std::vector<std::string> csa_values(std::span<const std::uint8_t> header, std::string_view name) {
  if (header.size() < 16 || std::memcmp(header.data(), "SV10", 4) != 0) return {};
  const std::uint32_t elements = word(header, 8);
  std::size_t at = 16;
  for (std::uint32_t element = 0; element < elements && at + 84 <= header.size(); ++element) {
    const auto* letters = reinterpret_cast<const char*>(header.data() + at);
    const std::string_view found(letters, strnlen(letters, 64));
    const std::uint32_t items = word(header, at + 76);
    at += 84;
    std::vector<std::string> values;
    for (std::uint32_t item = 0; item < items; ++item) {
      if (at + 16 > header.size()) return {};
      const std::size_t length = word(header, at + 4);
      at += 16;
      if (length > header.size() - at) return {};
      const auto* text = reinterpret_cast<const char*>(header.data() + at);
      if (const auto used = strnlen(text, length); used > 0) values.emplace_back(text, used);
      at = std::min(header.size(), at + (length + 3) / 4 * 4);
    }
    if (found == name) return values;
  }
  return {};
}

bool is_mosaic(const Dataset& data) { return ("\\" + data.text(tag::image_type) + "\\").find("\\MOSAIC\\") != std::string::npos; }

Mosaic mosaic_of(const Dataset& data, const PixelFormat& format) {
  Mosaic mosaic;
  const auto header = data.bytes(csa_image_header);
  const auto count = csa_values(header, "NumberOfImagesInMosaic");
  const auto direction = csa_values(header, "SliceNormalVector");
  const auto slices = count.empty() ? std::nullopt : to_number(count.front());
  if (!slices || *slices < 1 || *slices > 4096 || direction.size() < 3) {
    mosaic.refusal = "a Siemens mosaic without the private header that says where its slices are";
    return mosaic;
  }
  mosaic.slices = static_cast<int>(*slices);
  const int per_side = static_cast<int>(std::ceil(std::sqrt(mosaic.slices)));
  if (format.columns % per_side != 0 || format.rows % per_side != 0) {
    mosaic.refusal = "a Siemens mosaic whose size is no multiple of its tiles";
    return mosaic;
  }
  mosaic.columns = format.columns / per_side;
  mosaic.rows = format.rows / per_side;
  const auto position = data.numbers(tag::image_position_patient), cosines = data.numbers(tag::image_orientation_patient),
             spacing = data.numbers(tag::pixel_spacing);
  const auto step = data.number(tag::spacing_between_slices).value_or(data.number(tag::slice_thickness).value_or(0));
  imaging::Vector3 normal{};
  bool whole = position.size() == 3 && cosines.size() == 6 && spacing.size() == 2 && step > 0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto component = to_number(direction[axis]);
    whole = whole && component.has_value();
    normal[axis] = component.value_or(0);
  }
  if (!whole || std::abs(norm(normal) - 1) > 1e-2) {
    mosaic.refusal = "a Siemens mosaic without position, orientation or slice distance";
    return mosaic;
  }
  mosaic.step_lps_mm = times(step, normal);
  // The position given is the corner that a picture of the whole mosaic's size, centred like the tile, would have.
  for (std::size_t axis = 0; axis < 3; ++axis)
    mosaic.first_corner_lps_mm[axis] = position[axis] + cosines[axis] * spacing[1] * (format.columns - mosaic.columns) / 2 +
                                       cosines[axis + 3] * spacing[0] * (format.rows - mosaic.rows) / 2;
  return mosaic;
}

}  // namespace isocenter::formats
