#include "formats/dicom/pixel_format.h"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

#include "formats/dicom/dicom_file.h"

namespace isocenter::formats {
namespace {

template <class Stored>
void mask_as(std::span<std::uint8_t> bytes, const PixelFormat& format) {
  using Unsigned = std::make_unsigned_t<Stored>;
  const int width = 8 * sizeof(Stored);
  const int up = width - 1 - format.high_bit, down = width - format.bits_stored;
  for (std::size_t at = 0; at + sizeof(Stored) <= bytes.size(); at += sizeof(Stored)) {
    Unsigned value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    value = static_cast<Unsigned>(value << up);
    // The shift down of a signed value extends its sign.
    const Stored masked = static_cast<Stored>(static_cast<Stored>(value) >> down);
    std::memcpy(bytes.data() + at, &masked, sizeof masked);
  }
}

template <class Stored>
void convert_as(std::span<const std::uint8_t> bytes, double slope, double intercept, std::span<float> values) {
  if (bytes.size() < values.size() * sizeof(Stored)) throw std::logic_error("fewer stored values than pixels");
  for (std::size_t at = 0; at < values.size(); ++at) {
    Stored value;
    std::memcpy(&value, bytes.data() + at * sizeof(Stored), sizeof value);
    values[at] = static_cast<float>(static_cast<double>(value) * slope + intercept);
  }
}

template <class Body8, class Body16, class Body32>
void by_width(const PixelFormat& format, Body8 body8, Body16 body16, Body32 body32) {
  switch (format.bits_allocated) {
    case 8:
      return body8();
    case 16:
      return body16();
    case 32:
      return body32();
    default:
      throw std::logic_error("pixels of " + std::to_string(format.bits_allocated) + " bits were not refused");
  }
}

}  // namespace

PixelFormat pixel_format(const Dataset& data) {
  PixelFormat format;
  const auto value = [&](Tag tag, int absent) {
    const auto number = data.integer(tag).value_or(absent);
    return number < -1 || number > 1'000'000'000 ? -1 : static_cast<int>(number);
  };
  format.rows = value(tag::rows, 0);
  format.columns = value(tag::columns, 0);
  format.samples = value(tag::samples_per_pixel, 1);
  format.frames = value(tag::number_of_frames, 1);
  format.bits_allocated = value(tag::bits_allocated, 0);
  format.bits_stored = value(tag::bits_stored, format.bits_allocated);
  format.high_bit = value(tag::high_bit, format.bits_stored - 1);
  format.is_signed = value(tag::pixel_representation, 0) == 1;
  if (!data.has(tag::pixel_data) && (data.has(tag::float_pixel_data) || data.has(tag::double_float_pixel_data))) {
    format.is_floating = format.is_signed = true;
    format.bits_allocated = format.bits_stored = data.has(tag::double_float_pixel_data) ? 64 : 32;
    format.high_bit = format.bits_stored - 1;
  }
  format.photometric = data.text(tag::photometric_interpretation);
  return format;
}

std::string problem(const PixelFormat& format) {
  if (format.rows < 1 || format.columns < 1) return fmt::format("the image size is {} x {} pixels", format.columns, format.rows);
  if (format.frames < 1) return "the number of frames is not positive";
  if (format.samples != 1 && format.samples != 3) return fmt::format("{} samples a pixel", format.samples);
  if (format.bits_allocated != 1 && format.bits_allocated != 8 && format.bits_allocated != 16 && format.bits_allocated != 32 &&
      !format.is_floating)
    return fmt::format("pixels of {} bits (8, 16 and 32 are read)", format.bits_allocated);
  if (format.bits_stored < 1 || format.bits_stored > format.bits_allocated)
    return fmt::format("{} bits stored of {} allocated", format.bits_stored, format.bits_allocated);
  if (format.high_bit < format.bits_stored - 1 || format.high_bit >= format.bits_allocated)
    return fmt::format("high bit {} with {} bits stored of {}", format.high_bit, format.bits_stored, format.bits_allocated);
  return "";
}

void mask_unused_bits(std::span<std::uint8_t> bytes, const PixelFormat& format) {
  if (format.is_floating) return;
  if (format.is_signed)
    by_width(
        format, [&] { mask_as<std::int8_t>(bytes, format); }, [&] { mask_as<std::int16_t>(bytes, format); },
        [&] { mask_as<std::int32_t>(bytes, format); });
  else
    by_width(
        format, [&] { mask_as<std::uint8_t>(bytes, format); }, [&] { mask_as<std::uint16_t>(bytes, format); },
        [&] { mask_as<std::uint32_t>(bytes, format); });
}

void to_values(std::span<const std::uint8_t> bytes, const PixelFormat& format, double slope, double intercept, std::span<float> values) {
  if (format.is_floating && format.bits_allocated == 64) return convert_as<double>(bytes, slope, intercept, values);
  if (format.is_floating) return convert_as<float>(bytes, slope, intercept, values);
  if (format.is_signed)
    by_width(
        format, [&] { convert_as<std::int8_t>(bytes, slope, intercept, values); },
        [&] { convert_as<std::int16_t>(bytes, slope, intercept, values); },
        [&] { convert_as<std::int32_t>(bytes, slope, intercept, values); });
  else
    by_width(
        format, [&] { convert_as<std::uint8_t>(bytes, slope, intercept, values); },
        [&] { convert_as<std::uint16_t>(bytes, slope, intercept, values); },
        [&] { convert_as<std::uint32_t>(bytes, slope, intercept, values); });
}

}  // namespace isocenter::formats
