// MGH and MGZ (FreeSurfer): a big-endian header of 284 bytes, the voxels, then optional tags. Orientation by three direction cosines and
// the position "c_ras" of the grid's centre, in RAS.
#include <cmath>

#include "core/error.h"
#include "formats/volume/affine.h"
#include "formats/volume/byte_stream.h"
#include "formats/volume/bytes.h"
#include "formats/volume/formats.h"

namespace isocenter::formats {
namespace fs = std::filesystem;
using core::InputError;
namespace {

constexpr std::size_t header_size = 284;

bool fits_mgh(std::span<const std::uint8_t> beginning) {
  if (beginning.size() < header_size || load_number<std::int32_t>(beginning.data(), true) != 1) return false;
  const auto width = load_number<std::int32_t>(beginning.data() + 4, true);
  return width > 0 && width < (1 << 24);
}

VoxelType voxel_type(std::int32_t type, const fs::path& shown) {
  switch (type) {
    case 0:
      return VoxelType::uint8;
    case 1:
      return VoxelType::int32;
    case 3:
      return VoxelType::float32;
    case 4:
      return VoxelType::int16;
    case 10:
      return VoxelType::uint16;
    default:
      throw InputError("{}: unknown data type {} in the MGH header", shown.string(), type);
  }
}

StoredVolume read_mgh(const fs::path& path) {
  ByteStream stream(path);
  std::vector<std::uint8_t> bytes(header_size);
  stream.read(bytes);
  const HeaderBytes header{bytes, true};
  StoredVolume stored;
  stored.header.format = "MGH";
  stored.big_endian = true;
  stored.header.geometry.size = {header.get<std::int32_t>(4), header.get<std::int32_t>(8), header.get<std::int32_t>(12)};
  stored.header.channels = header.get<std::int32_t>(16);
  stored.type = voxel_type(header.get<std::int32_t>(20), path);
  stored.header.voxel_type = name_of(stored.type);
  stored.data_path = path;
  stored.encoding = Encoding::plain_or_gzip;
  stored.stream_offset = header_size;
  check_sizes(stored, path);

  double spacing[3] = {1, 1, 1}, centre[3] = {0, 0, 0};
  double cosines[3][3] = {
      {-1, 0, 0}, {0, 0, -1}, {0, 1, 0}};  // [axis][RAS component]: FreeSurfer's coronal default, used when none is stored
  if (header.get<std::int16_t>(28) == 1) {
    for (int a = 0; a < 3; ++a) {
      spacing[a] = header.get<float>(30 + 4 * a);
      centre[a] = header.get<float>(78 + 4 * a);
      if (!(spacing[a] > 0) || !std::isfinite(spacing[a]))
        throw InputError("{}: the spacing along axis {} is {}; it must be a positive number of millimetres", path.string(), "xyz"[a],
                         spacing[a]);
      for (int r = 0; r < 3; ++r) cosines[a][r] = header.get<float>(42 + 12 * a + 4 * r);
    }
  } else {
    add_note(stored.header.text, "the header states no orientation: FreeSurfer's default (coronal, 1 mm) was assumed");
    stored.header.text["orientation"] = "unknown";
  }
  Affine ras;
  for (int r = 0; r < 3; ++r) {
    ras[r][3] = centre[r];
    for (int a = 0; a < 3; ++a) {
      ras[r][a] = cosines[a][r] * spacing[a];
      ras[r][3] -= ras[r][a] * static_cast<double>(stored.header.geometry.size[a]) / 2;
    }
  }
  stored.header.geometry = geometry_from_affine(turn_ras_lps(ras), stored.header.geometry.size, stored.header.text, path);
  return stored;
}

}  // namespace

const VolumeFormat mgh_format{"MGH", {".mgz", ".mgh"}, fits_mgh, read_mgh, nullptr};

}  // namespace isocenter::formats
