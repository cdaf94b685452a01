#include "formats/volume/png.h"

#include <png.h>

#include <cstring>

#include "core/error.h"
#include "core/file.h"

namespace isocenter::formats {
using core::InputError;
namespace {

constexpr std::int64_t most_pixels = std::int64_t{1} << 28;

struct Source {
  std::span<const std::uint8_t> bytes;
  std::size_t at = 0;
};

struct Message {
  std::string text;
};

// libpng leaves an error by a function that must not return; an exception unwinds our frames and, as libpng was built with frame tables,
// its own.
[[noreturn]] void on_error(png_structp, png_const_charp message) { throw Message{message}; }
void on_warning(png_structp, png_const_charp) {}

void read_from(png_structp png, png_bytep to, std::size_t count) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  if (count > source->bytes.size() - source->at) throw Message{"the file is cut short"};
  std::memcpy(to, source->bytes.data() + source->at, count);
  source->at += count;
}

void append_to(png_structp png, png_bytep from, std::size_t count) {
  auto* bytes = static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(png));
  bytes->insert(bytes->end(), from, from + count);
}

struct Reader {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

struct Writer {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  ~Writer() { png_destroy_write_struct(&png, &info); }
};

Picture decode(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 8 || png_sig_cmp(bytes.data(), 0, 8) != 0) throw Message{"is no PNG"};
  Reader reader;
  if (!reader.info) throw core::ResourceError("no memory to read a PNG");
  Source source{bytes};
  png_set_read_fn(reader.png, &source, read_from);
  png_set_user_limits(reader.png, 32768, 32768);
  png_read_info(reader.png, reader.info);

  Picture picture;
  picture.width = png_get_image_width(reader.png, reader.info);
  picture.height = png_get_image_height(reader.png, reader.info);
  // Deflate never grows data by more than 1032 times (RFC 1951), and a pixel takes a bit or more.
  if (picture.width * picture.height > most_pixels || static_cast<std::size_t>(picture.width * picture.height / 8) > bytes.size() * 1032)
    throw Message{fmt::format("announces {} x {} pixels, more than the file can hold", picture.width, picture.height)};
  const int colour = png_get_color_type(reader.png, reader.info);
  picture.bits = png_get_bit_depth(reader.png, reader.info) == 16 ? 16 : 8;
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(reader.png);
  if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(reader.png);
  png_set_strip_alpha(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  picture.channels = png_get_channels(reader.png, reader.info);
  const std::size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
  const std::int64_t row_samples = picture.width * picture.channels;
  if (row_bytes != static_cast<std::size_t>(row_samples * picture.bits / 8) || (picture.channels != 1 && picture.channels != 3))
    throw Message{"is a kind of PNG that is not read"};

  std::vector<std::uint8_t> raw(row_bytes * picture.height);
  std::vector<png_bytep> rows(picture.height);
  for (std::int64_t y = 0; y < picture.height; ++y) rows[y] = raw.data() + y * row_bytes;
  png_read_image(reader.png, rows.data());
  picture.samples.resize(row_samples * picture.height);
  for (std::size_t i = 0; i < picture.samples.size(); ++i)
    picture.samples[i] = picture.bits == 8 ? raw[i] : static_cast<std::uint16_t>(raw[2 * i] << 8 | raw[2 * i + 1]);
  return picture;
}

std::vector<std::uint8_t> encode(const std::uint8_t* rows, std::int64_t width, std::int64_t height, int channels, int bits) {
  std::vector<std::uint8_t> bytes;
  Writer writer;
  if (!writer.info) throw core::ResourceError("no memory to write a PNG");
  try {
    png_set_write_fn(writer.png, &bytes, append_to, nullptr);
    png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), bits,
                 channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(writer.png, writer.info);
    const std::int64_t row_bytes = width * channels * bits / 8;
    for (std::int64_t y = 0; y < height; ++y) png_write_row(writer.png, rows + y * row_bytes);
    png_write_end(writer.png, nullptr);
  } catch (const Message& message) {
    throw std::logic_error("a PNG could not be written: " + message.text);
  }
  return bytes;
}

void check_shape(std::size_t samples, std::int64_t width, std::int64_t height, int channels) {
  if (width < 1 || height < 1 || (channels != 1 && channels != 3) || samples != static_cast<std::size_t>(width * height * channels))
    throw std::logic_error("a picture's samples and its size differ");
}

}  // namespace

Picture decode_png(std::span<const std::uint8_t> bytes, const std::string& shown) {
  try {
    return decode(bytes);
  } catch (const Message& message) {
    throw InputError("{}: {}; give a whole PNG file", shown, message.text);
  }
}

Picture read_png(const std::filesystem::path& path) { return decode_png(core::read_bytes(path, std::uint64_t{1} << 31), path.string()); }

std::vector<std::uint8_t> encode_png(const Picture& picture) {
  check_shape(picture.samples.size(), picture.width, picture.height, picture.channels);
  std::vector<std::uint8_t> rows;
  rows.reserve(picture.samples.size() * picture.bits / 8);
  for (std::uint16_t sample : picture.samples) {
    if (picture.bits == 16) rows.push_back(static_cast<std::uint8_t>(sample >> 8));
    rows.push_back(static_cast<std::uint8_t>(sample & 0xff));
  }
  return encode(rows.data(), picture.width, picture.height, picture.channels, picture.bits);
}

std::vector<std::uint8_t> encode_png_rgb(std::span<const std::uint8_t> rgb, std::int64_t width, std::int64_t height) {
  check_shape(rgb.size(), width, height, 3);
  return encode(rgb.data(), width, height, 3, 8);
}

std::vector<std::uint8_t> encode_png_grey(std::span<const std::uint8_t> grey, std::int64_t width, std::int64_t height) {
  check_shape(grey.size(), width, height, 1);
  return encode(grey.data(), width, height, 1, 8);
}

void write_png(const std::filesystem::path& path, const Picture& picture) { core::write_bytes(path, encode_png(picture)); }

}  // namespace isocenter::formats
