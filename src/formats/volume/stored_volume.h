// What every reader of one format hands back: the header, understood, and where and how the voxels lie in which file. One loader turns that
// into numbers, so a format's file knows only its header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "formats/volume/volume_file.h"

namespace isocenter::formats {

enum class VoxelType { uint8, int8, uint16, int16, uint32, int32, uint64, int64, float32, float64, rgb24, rgba32 };
std::string_view name_of(VoxelType type);
std::int64_t bytes_of(VoxelType type);

enum class Encoding {
  plain,          // the numbers as they are
  plain_or_gzip,  // the whole file may be gzip; told by its first bytes
  deflate,        // gzip or zlib from file_offset on
  text,           // numbers in decimal, separated by white space
  hexadecimal     // two digits a byte, white space anywhere
};

enum class ChannelOrder { slowest, fastest };

struct StoredVolume {
  VolumeHeader header;
  VoxelType type = VoxelType::uint8;
  bool big_endian = false;
  double slope = 1, intercept = 0;
  ChannelOrder channel_order = ChannelOrder::slowest;

  std::filesystem::path data_path;
  Encoding encoding = Encoding::plain;
  std::uint64_t file_offset = 0;    // bytes of the file before the encoded data
  std::uint64_t stream_offset = 0;  // bytes of the decoded data before the first voxel

  std::uint64_t byte_count() const;  // of all channels, decoded
};

// Throws core::InputError unless sizes are at least 1, their product fits, and the data file can hold as many voxels as the header claims.
// Nothing is allocated before this was called.
void check_sizes(const StoredVolume& stored, const std::filesystem::path& shown);

// One channel's bytes in the file's own byte order, x fastest.
std::vector<std::uint8_t> load_channel(const StoredVolume& stored, std::int64_t channel, const std::filesystem::path& shown);

// One channel's values after slope and intercept. Values that are not finite are counted, and refused with their number unless kept.
std::vector<float> load_values(const StoredVolume& stored, std::int64_t channel, NonFinite non_finite, const std::filesystem::path& shown);
std::vector<std::uint16_t> load_labels(const StoredVolume& stored, const std::filesystem::path& shown);

}  // namespace isocenter::formats
