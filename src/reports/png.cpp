#include "reports/png.h"

#include <png.h>

#include <stdexcept>

#include "core/error.h"

namespace isocenter::reports {

std::vector<std::uint8_t> encode_png(const Figure& figure) {
  if (figure.width <= 0 || figure.height <= 0 || figure.rgb.size() != std::size_t{3} * figure.width * figure.height)
    throw std::logic_error("a figure's pixels are not width * height * 3");
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(figure.width);
  image.height = static_cast<png_uint_32>(figure.height);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::uint8_t> bytes(size);
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, figure.rgb.data(), 0, nullptr))
    throw core::ResourceError("a picture of the report cannot be encoded: {}", image.message);
  bytes.resize(size);
  return bytes;
}

std::string base64(std::span<const std::uint8_t> bytes) {
  static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t group = bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    text += letters[group >> 18];
    text += letters[group >> 12 & 63];
    text += left > 1 ? letters[group >> 6 & 63] : '=';
    text += left > 2 ? letters[group & 63] : '=';
  }
  return text;
}

}  // namespace isocenter::reports
