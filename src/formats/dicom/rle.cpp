#include "formats/dicom/rle.h"

#include <algorithm>

#include "core/error.h"

namespace isocenter::formats {
namespace {

constexpr std::size_t header_bytes = 64;

std::uint32_t word(std::span<const std::uint8_t> bytes, std::size_t at) {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | std::uint32_t{bytes[at + 3]} << 24;
}

// Writes one plane to every `stride`-th byte; how many it found.
std::size_t unpack(std::span<const std::uint8_t> packed, std::uint8_t* plane, std::size_t count, std::size_t stride) {
  std::size_t at = 0, written = 0;
  while (at < packed.size() && written < count) {
    const auto control = static_cast<std::int8_t>(packed[at++]);
    if (control >= 0) {
      const std::size_t length = std::min<std::size_t>({static_cast<std::size_t>(control) + 1, packed.size() - at, count - written});
      for (std::size_t copied = 0; copied < length; ++copied) plane[written++ * stride] = packed[at++];
    } else if (control != -128 && at < packed.size()) {
      const std::size_t length = std::min<std::size_t>(static_cast<std::size_t>(1 - control), count - written);
      for (std::size_t copied = 0; copied < length; ++copied) plane[written++ * stride] = packed[at];
      ++at;
    }
  }
  return written;
}

}  // namespace

std::vector<std::uint8_t> decode_rle(std::span<const std::uint8_t> fragment, const PixelFormat& format, const std::string& where) {
  const auto width = static_cast<std::size_t>(format.bits_allocated / 8), samples = static_cast<std::size_t>(format.samples);
  const auto pixels = static_cast<std::size_t>(format.pixels());
  const std::size_t planes = width * samples;
  if (format.bits_allocated < 8 || fragment.size() < header_bytes) throw core::InputError("{}: no RLE frame", where);
  if (word(fragment, 0) != planes)
    throw core::InputError("{}: an RLE frame of {} byte planes where {} are needed", where, word(fragment, 0), planes);
  std::vector<std::uint8_t> bytes(pixels * planes);
  for (std::size_t plane = 0; plane < planes; ++plane) {
    const std::size_t begin = word(fragment, 4 + 4 * plane), end = plane + 1 < planes ? word(fragment, 8 + 4 * plane) : fragment.size();
    if (begin < header_bytes || begin > end || end > fragment.size())
      throw core::InputError("{}: byte plane {} of an RLE frame lies outside of it", where, plane + 1);
    // Planes go sample by sample, from the most significant byte down.
    const std::size_t sample = plane / width, byte = width - 1 - plane % width;
    const auto found = unpack(fragment.subspan(begin, end - begin), bytes.data() + sample * width + byte, pixels, planes);
    if (found != pixels) throw core::InputError("{}: an RLE frame with {} of {} pixels", where, found, pixels);
  }
  return bytes;
}

}  // namespace isocenter::formats
