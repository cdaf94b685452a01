#include "formats/volume/stored_volume.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "formats/volume/byte_stream.h"
#include "formats/volume/bytes.h"

namespace isocenter::formats {
namespace fs = std::filesystem;
using core::InputError;
namespace {

ByteStream::Packing packing_of(Encoding encoding) {
  if (encoding == Encoding::plain_or_gzip) return ByteStream::Packing::by_magic;
  return encoding == Encoding::deflate ? ByteStream::Packing::deflate : ByteStream::Packing::none;
}

std::uint64_t voxels_of(const StoredVolume& stored) { return static_cast<std::uint64_t>(stored.header.geometry.voxel_count()); }

int hexadecimal_digit(std::uint8_t letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

bool is_space(std::uint8_t letter) { return letter == ' ' || (letter >= '\t' && letter <= '\r'); }

template <class Number>
void put_text_number(std::string_view word, std::uint8_t* to, const fs::path& shown) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size())
    throw InputError("{}: '{}' among the voxels is no number of the stated type", shown.string(), word.substr(0, 32));
  store_number(to, value, false);
}

// Calls body(Number{}) with the C++ type that the stored type is.
template <class Body>
auto with_type(VoxelType type, const fs::path& shown, const Body& body) {
  switch (type) {
    case VoxelType::uint8:
      return body(std::uint8_t{});
    case VoxelType::int8:
      return body(std::int8_t{});
    case VoxelType::uint16:
      return body(std::uint16_t{});
    case VoxelType::int16:
      return body(std::int16_t{});
    case VoxelType::uint32:
      return body(std::uint32_t{});
    case VoxelType::int32:
      return body(std::int32_t{});
    case VoxelType::uint64:
      return body(std::uint64_t{});
    case VoxelType::int64:
      return body(std::int64_t{});
    case VoxelType::float32:
      return body(float{});
    case VoxelType::float64:
      return body(double{});
    case VoxelType::rgb24:
    case VoxelType::rgba32:
      break;
  }
  throw InputError("{}: holds colours ({}), not intensities; convert it to a single channel first", shown.string(), name_of(type));
}

std::vector<std::uint8_t> decode_text(const StoredVolume& stored, ByteStream& stream, const fs::path& shown) {
  std::vector<std::uint8_t> text(stream.most_bytes() - stored.stream_offset);
  stream.read(text);
  std::vector<std::uint8_t> bytes(stored.byte_count());
  std::size_t filled = 0, at = 0;
  if (stored.encoding == Encoding::hexadecimal) {
    int high = -1;
    for (; at < text.size() && filled < bytes.size(); ++at) {
      if (is_space(text[at])) continue;
      const int digit = hexadecimal_digit(text[at]);
      if (digit < 0) throw InputError("{}: a letter that is no hexadecimal digit stands among the voxels", shown.string());
      if (high < 0)
        high = digit;
      else
        bytes[filled++] = static_cast<std::uint8_t>(16 * high + digit), high = -1;
    }
  } else {
    const std::int64_t width = bytes_of(stored.type);
    while (filled < bytes.size()) {
      while (at < text.size() && is_space(text[at])) ++at;
      const std::size_t begin = at;
      while (at < text.size() && !is_space(text[at])) ++at;
      if (begin == at) break;
      const std::string_view word(reinterpret_cast<const char*>(text.data()) + begin, at - begin);
      with_type(stored.type, shown, [&](auto zero) { put_text_number<decltype(zero)>(word, bytes.data() + filled, shown); });
      filled += width;
    }
  }
  if (filled < bytes.size())
    throw InputError("{}: ends early: {} bytes of voxels of the {} announced", shown.string(), filled, bytes.size());
  return bytes;
}

}  // namespace

std::string_view name_of(VoxelType type) {
  static constexpr std::string_view names[] = {"uint8",  "int8",  "uint16",  "int16",   "uint32", "int32",
                                               "uint64", "int64", "float32", "float64", "rgb24",  "rgba32"};
  return names[static_cast<int>(type)];
}

std::int64_t bytes_of(VoxelType type) {
  static constexpr std::int64_t sizes[] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 3, 4};
  return sizes[static_cast<int>(type)];
}

std::uint64_t StoredVolume::byte_count() const {
  return voxels_of(*this) * static_cast<std::uint64_t>(header.channels) * static_cast<std::uint64_t>(bytes_of(type));
}

void check_sizes(const StoredVolume& stored, const fs::path& shown) {
  const auto& size = stored.header.geometry.size;
  // The product must stay below 2^62, so that no later sum of offsets can wrap.
  std::uint64_t product = static_cast<std::uint64_t>(bytes_of(stored.type));
  for (std::int64_t length : {size[0], size[1], size[2], stored.header.channels}) {
    if (length < 1) throw InputError("{}: the header announces a size of {}; sizes are at least 1", shown.string(), length);
    if (product > (std::uint64_t{1} << 62) / static_cast<std::uint64_t>(length))
      throw InputError("{}: the header announces {} x {} x {} voxels, more than any file holds", shown.string(), size[0], size[1], size[2]);
    product *= static_cast<std::uint64_t>(length);
  }
  const ByteStream stream(stored.data_path, packing_of(stored.encoding), stored.file_offset);
  std::uint64_t most = stream.most_bytes();
  // A text of n letters holds at most n / 2 numbers, or n / 2 bytes in hexadecimal.
  if (stored.encoding == Encoding::hexadecimal) most = most / 2 + 1;
  if (stored.encoding == Encoding::text) most = (most / 2 + 1) * static_cast<std::uint64_t>(bytes_of(stored.type));
  if (stored.stream_offset > most || product > most - stored.stream_offset)
    throw InputError(
        "{}: the header announces {} x {} x {} voxels in {} channels of {} ({} bytes), but the file cannot hold more than {} bytes",
        shown.string(), size[0], size[1], size[2], stored.header.channels, name_of(stored.type), product,
        most - std::min(most, stored.stream_offset));
}

std::vector<std::uint8_t> load_channel(const StoredVolume& stored, std::int64_t channel, const fs::path& shown) {
  const std::int64_t channels = stored.header.channels, width = bytes_of(stored.type);
  if (channel < 0 || channel >= channels)
    throw InputError("{}: has {} channels, there is no channel {} (they count from 0)", shown.string(), channels, channel);
  ByteStream stream(stored.data_path, packing_of(stored.encoding), stored.file_offset);
  stream.skip(stored.stream_offset);
  const std::uint64_t channel_bytes = voxels_of(stored) * static_cast<std::uint64_t>(width);

  const bool is_text = stored.encoding == Encoding::text || stored.encoding == Encoding::hexadecimal;
  if (!is_text && (channels == 1 || stored.channel_order == ChannelOrder::slowest)) {
    std::vector<std::uint8_t> bytes(channel_bytes);
    stream.skip(channel_bytes * static_cast<std::uint64_t>(channel));
    stream.read(bytes);
    stream.skip(stream.packed() ? channel_bytes * static_cast<std::uint64_t>(channels - channel - 1) : 0);
    stream.finish();
    return bytes;
  }
  std::vector<std::uint8_t> all;
  if (is_text) {
    all = decode_text(stored, stream, shown);
  } else {
    all.resize(stored.byte_count());
    stream.read(all);
    stream.finish();
  }
  if (channels == 1) return all;
  std::vector<std::uint8_t> bytes(channel_bytes);
  const bool fastest = stored.channel_order == ChannelOrder::fastest;
  for (std::int64_t voxel = 0; voxel < stored.header.geometry.voxel_count(); ++voxel) {
    const std::int64_t source = fastest ? voxel * channels + channel : channel * stored.header.geometry.voxel_count() + voxel;
    std::memcpy(bytes.data() + voxel * width, all.data() + source * width, width);
  }
  return bytes;
}

std::vector<float> load_values(const StoredVolume& stored, std::int64_t channel, NonFinite non_finite, const fs::path& shown) {
  const bool big_endian = stored.big_endian && stored.encoding != Encoding::text;
  return with_type(stored.type, shown, [&]<class Number>(Number) {
    const std::vector<std::uint8_t> bytes = load_channel(stored, channel, shown);
    std::vector<float> values(bytes.size() / sizeof(Number));
    const bool scaled = stored.slope != 1 || stored.intercept != 0;
    std::int64_t not_a_number = 0, infinite = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Number number = load_number<Number>(bytes.data() + i * sizeof(Number), big_endian);
      values[i] = scaled ? static_cast<float>(static_cast<double>(number) * stored.slope + stored.intercept) : static_cast<float>(number);
      if (!std::isfinite(values[i])) ++(std::isnan(values[i]) ? not_a_number : infinite);
    }
    if (non_finite == NonFinite::refuse && not_a_number + infinite > 0)
      throw InputError("{}: {} NaNs and {} infinities among {} voxels; replace them before measuring", shown.string(), not_a_number,
                       infinite, values.size());
    return values;
  });
}

std::vector<std::uint16_t> load_labels(const StoredVolume& stored, const fs::path& shown) {
  if (stored.header.channels != 1)
    throw InputError("{}: has {} channels, a label map has one; give one channel", shown.string(), stored.header.channels);
  const bool big_endian = stored.big_endian && stored.encoding != Encoding::text;
  return with_type(stored.type, shown, [&]<class Number>(Number) {
    const std::vector<std::uint8_t> bytes = load_channel(stored, 0, shown);
    std::vector<std::uint16_t> labels(bytes.size() / sizeof(Number));
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const double value =
          static_cast<double>(load_number<Number>(bytes.data() + i * sizeof(Number), big_endian)) * stored.slope + stored.intercept;
      // A slope stored as float32 (0.00392157 for 1/255) leaves a whole number a little off.
      const double whole = std::nearbyint(value);
      if (!(std::abs(value - whole) <= 1e-4))
        throw InputError("{}: holds the value {}, labels are whole numbers; is it an image?", shown.string(), value);
      if (whole < 0 || whole > std::numeric_limits<std::uint16_t>::max())
        throw InputError("{}: holds the label {}, labels run from 0 to 65535", shown.string(), whole);
      labels[i] = static_cast<std::uint16_t>(whole);
    }
    return labels;
  });
}

}  // namespace isocenter::formats
