#include "formats/volume/volume_file.h"

#include <algorithm>
#include <cctype>

#include "core/error.h"
#include "formats/volume/byte_stream.h"
#include "formats/volume/formats.h"

namespace isocenter::formats {
namespace fs = std::filesystem;
using core::InputError;
namespace {

std::string extensions_written() {
  std::string list;
  for (const VolumeFormat* format : volume_formats())
    if (format->write) list += (list.empty() ? "" : ", ") + std::string(format->extensions.front());
  return list;
}

StoredVolume open_volume(const fs::path& path) {
  const fs::path header = header_path(path);
  const VolumeFormat* format = find_format(header);
  if (!format) throw InputError("{}: is no volume in a format that is read here (NIfTI, MGH, NRRD, MetaImage)", path.string());
  return format->read_header(header);
}

void write(const fs::path& path, const imaging::Geometry& geometry, VoxelType type, std::span<const std::uint8_t> voxels) {
  const VolumeFormat* format = format_to_write(path);
  if (!format || !format->write)
    throw InputError("{}: volumes are written as {}; choose one of these endings", path.string(), extensions_written());
  if (geometry.voxel_count() * bytes_of(type) != static_cast<std::int64_t>(voxels.size()))
    throw std::logic_error("a volume's voxels and its grid differ in number");
  format->write(path, geometry, type, voxels);
}

template <class Voxel>
std::span<const std::uint8_t> bytes_of_voxels(const std::vector<Voxel>& voxels) {
  return {reinterpret_cast<const std::uint8_t*>(voxels.data()), voxels.size() * sizeof(Voxel)};
}

}  // namespace

const std::vector<const VolumeFormat*>& volume_formats() {
  static const std::vector<const VolumeFormat*> formats{&nrrd_format, &metaimage_format, &nifti_format, &mgh_format};
  return formats;
}

bool has_extension(const fs::path& path, std::string_view extension) {
  const std::string name = path.filename().string();
  if (name.size() < extension.size()) return false;
  return std::equal(extension.begin(), extension.end(), name.end() - extension.size(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

fs::path header_path(const fs::path& path) {
  for (const char* extension : {".img", ".img.gz"}) {
    if (!has_extension(path, extension)) continue;
    fs::path plain = path;
    if (has_extension(path, ".gz")) plain.replace_extension();
    for (const char* header : {".hdr", ".hdr.gz", ".HDR"})
      if (const fs::path candidate = fs::path(plain).replace_extension(header); fs::is_regular_file(candidate)) return candidate;
    throw InputError("{}: is the data half of a pair, and its header ({}) is missing", path.string(),
                     plain.replace_extension(".hdr").filename().string());
  }
  return path;
}

const VolumeFormat* find_format(const fs::path& path) {
  ByteStream stream(path);
  std::vector<std::uint8_t> beginning(560);
  beginning.resize(stream.read_some(beginning));
  for (const VolumeFormat* format : volume_formats())
    if (format->fits(beginning)) return format;
  return nullptr;
}

const VolumeFormat* format_to_write(const fs::path& path) {
  for (const VolumeFormat* format : volume_formats())
    for (std::string_view extension : format->extensions)
      if (has_extension(path, extension)) return format;
  return nullptr;
}

bool is_volume_file(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  try {
    return find_format(header_path(path)) != nullptr;
  } catch (const InputError&) {
    return false;
  }
}

VolumeHeader read_volume_header(const fs::path& path) { return open_volume(path).header; }

imaging::Volume read_volume(const fs::path& path, std::int64_t channel, NonFinite non_finite) {
  const StoredVolume stored = open_volume(path);
  imaging::Volume volume;
  volume.geometry = stored.header.geometry;
  volume.voxels = load_values(stored, channel, non_finite, path);
  return volume;
}

imaging::LabelMap read_label_map(const fs::path& path) {
  const StoredVolume stored = open_volume(path);
  imaging::LabelMap labels;
  labels.geometry = stored.header.geometry;
  labels.voxels = load_labels(stored, path);
  return labels;
}

void write_volume(const fs::path& path, const imaging::Volume& volume) {
  write(path, volume.geometry, VoxelType::float32, bytes_of_voxels(volume.voxels));
}

void write_label_map(const fs::path& path, const imaging::LabelMap& labels) {
  write(path, labels.geometry, VoxelType::uint16, bytes_of_voxels(labels.voxels));
}

}  // namespace isocenter::formats
