// NRRD ("nearly raw raster data", teem.sourceforge.net/nrrd/format.html, versions 1 to 5): a header in text, then the data in the same file
// or beside it; raw, gzip, text or hexadecimal.
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "formats/volume/affine.h"
#include "formats/volume/byte_stream.h"
#include "formats/volume/formats.h"
#include "formats/volume/text_header.h"

namespace isocenter::formats {
namespace fs = std::filesystem;
using core::InputError;
namespace {

bool fits_nrrd(std::span<const std::uint8_t> beginning) {
  constexpr std::string_view magic = "NRRD000";
  return beginning.size() > magic.size() && std::equal(magic.begin(), magic.end(), beginning.begin());
}

struct Header {
  std::map<std::string, std::string> fields;  // "space directions" ...
  std::map<std::string, std::string> pairs;   // key := value
  std::size_t end = 0;                        // bytes up to the data
};

Header parse(const std::string& text, const fs::path& shown) {
  Header header;
  std::size_t at = 0;
  bool first = true;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = std::min(end + 1, text.size());
    if (line.ends_with('\r')) line.pop_back();
    if (first) {
      if (line.size() < 8 || line[7] < '1' || line[7] > '5')
        throw InputError("{}: NRRD of an unknown version ('{}')", shown.string(), line.substr(0, 16));
      first = false;
      continue;
    }
    header.end = at;
    if (line.empty()) return header;
    if (line[0] == '#') continue;
    if (const std::size_t pair = line.find(":="); pair != std::string::npos && pair <= line.find(": ")) {
      header.pairs[trimmed(line.substr(0, pair))] = trimmed(line.substr(pair + 2));
    } else if (const std::size_t field = line.find(": "); field != std::string::npos) {
      std::string name = lower_case(trimmed(line.substr(0, field)));
      if (name == "datafile") name = "data file";
      if (name == "byteskip") name = "byte skip";
      if (name == "lineskip") name = "line skip";
      if (!header.fields.emplace(name, trimmed(line.substr(field + 2))).second)
        throw InputError("{}: the NRRD field '{}' stands twice", shown.string(), name);
    } else {
      throw InputError("{}: broken NRRD header: no field in the line '{}'", shown.string(), line.substr(0, 40));
    }
  }
  if (!header.fields.contains("data file"))
    throw InputError("{}: the NRRD header has no end (an empty line), or is longer than 1 MB", shown.string());
  return header;
}

VoxelType voxel_type(const std::string& type, const fs::path& shown) {
  static const std::map<std::string, VoxelType, std::less<>> types{{"signed char", VoxelType::int8},
                                                                   {"int8", VoxelType::int8},
                                                                   {"int8_t", VoxelType::int8},
                                                                   {"uchar", VoxelType::uint8},
                                                                   {"unsigned char", VoxelType::uint8},
                                                                   {"uint8", VoxelType::uint8},
                                                                   {"uint8_t", VoxelType::uint8},
                                                                   {"short", VoxelType::int16},
                                                                   {"short int", VoxelType::int16},
                                                                   {"signed short", VoxelType::int16},
                                                                   {"signed short int", VoxelType::int16},
                                                                   {"int16", VoxelType::int16},
                                                                   {"int16_t", VoxelType::int16},
                                                                   {"ushort", VoxelType::uint16},
                                                                   {"unsigned short", VoxelType::uint16},
                                                                   {"unsigned short int", VoxelType::uint16},
                                                                   {"uint16", VoxelType::uint16},
                                                                   {"uint16_t", VoxelType::uint16},
                                                                   {"int", VoxelType::int32},
                                                                   {"signed int", VoxelType::int32},
                                                                   {"int32", VoxelType::int32},
                                                                   {"int32_t", VoxelType::int32},
                                                                   {"uint", VoxelType::uint32},
                                                                   {"unsigned int", VoxelType::uint32},
                                                                   {"uint32", VoxelType::uint32},
                                                                   {"uint32_t", VoxelType::uint32},
                                                                   {"longlong", VoxelType::int64},
                                                                   {"long long", VoxelType::int64},
                                                                   {"long long int", VoxelType::int64},
                                                                   {"signed long long", VoxelType::int64},
                                                                   {"signed long long int", VoxelType::int64},
                                                                   {"int64", VoxelType::int64},
                                                                   {"int64_t", VoxelType::int64},
                                                                   {"ulonglong", VoxelType::uint64},
                                                                   {"unsigned long long", VoxelType::uint64},
                                                                   {"unsigned long long int", VoxelType::uint64},
                                                                   {"uint64", VoxelType::uint64},
                                                                   {"uint64_t", VoxelType::uint64},
                                                                   {"float", VoxelType::float32},
                                                                   {"double", VoxelType::float64}};
  const auto found = types.find(lower_case(type));
  if (found == types.end()) throw InputError("{}: unknown NRRD type '{}'", shown.string(), type);
  return found->second;
}

// The three components of "(1,0,0)", or nothing for "none". Two components are taken as a plane.
std::vector<std::optional<std::array<double, 3>>> vectors_in(const std::string& text, const std::string& field, const fs::path& shown) {
  std::vector<std::optional<std::array<double, 3>>> vectors;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t", at)) != std::string::npos) {
    if (text[at] != '(') {
      const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
      if (text.substr(at, end - at) != "none") throw InputError("{}: {}: '{}' is no vector", shown.string(), field, text.substr(at, 20));
      vectors.emplace_back();
      at = end;
      continue;
    }
    const std::size_t end = text.find(')', at);
    if (end == std::string::npos) throw InputError("{}: {}: a vector has no closing bracket", shown.string(), field);
    const auto numbers = numbers_in(text.substr(at + 1, end - at - 1), 0, field, shown);
    if (numbers.size() != 2 && numbers.size() != 3)
      throw InputError("{}: {}: vectors of {} numbers; 3 are needed", shown.string(), field, numbers.size());
    vectors.push_back(std::array<double, 3>{numbers[0], numbers[1], numbers.size() == 3 ? numbers[2] : 0});
    at = end + 1;
  }
  return vectors;
}

// The signs that turn the named space into LPS; nothing when it does not name the patient's sides.
std::optional<std::array<double, 3>> to_lps(std::string space) {
  space = lower_case(space);
  if (space.ends_with("-time")) space.resize(space.size() - 5);
  if (space == "left-posterior-superior" || space == "lps" || space == "lpst") return std::array<double, 3>{1, 1, 1};
  if (space == "right-anterior-superior" || space == "ras" || space == "rast") return std::array<double, 3>{-1, -1, 1};
  if (space == "left-anterior-superior" || space == "las" || space == "last") return std::array<double, 3>{1, -1, 1};
  return std::nullopt;
}

const std::string& field(const Header& header, const std::string& name, const fs::path& shown) {
  const auto found = header.fields.find(name);
  if (found == header.fields.end()) throw InputError("{}: the NRRD header states no '{}'", shown.string(), name);
  return found->second;
}

std::vector<std::string> words_in(const std::string& text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t", at)) != std::string::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

// Which axes are space: those with a direction; without directions those whose kind says so; without kinds the first three.
std::vector<bool> spatial_axes(const Header& header, std::size_t dimension, const fs::path& shown) {
  std::vector<bool> spatial(dimension, true);
  if (const auto found = header.fields.find("space directions"); found != header.fields.end()) {
    const auto vectors = vectors_in(found->second, "space directions", shown);
    if (vectors.size() != dimension)
      throw InputError("{}: space directions: {} vectors for {} axes", shown.string(), vectors.size(), dimension);
    for (std::size_t axis = 0; axis < dimension; ++axis) spatial[axis] = vectors[axis].has_value();
  } else if (const auto kinds = header.fields.find("kinds"); kinds != header.fields.end() && dimension > 3) {
    const auto words = words_in(kinds->second);
    if (words.size() != dimension) throw InputError("{}: kinds: {} words for {} axes", shown.string(), words.size(), dimension);
    for (std::size_t axis = 0; axis < dimension; ++axis)
      spatial[axis] = lower_case(words[axis]) == "domain" || lower_case(words[axis]) == "space";
  } else {
    for (std::size_t axis = 3; axis < dimension; ++axis) spatial[axis] = false;
  }
  return spatial;
}

void read_geometry(const Header& header, const std::vector<bool>& spatial, StoredVolume& stored, const fs::path& shown) {
  Affine affine{};
  std::array<double, 3> signs{1, 1, 1};
  const auto space = header.fields.find("space");
  const auto known = space != header.fields.end() ? to_lps(space->second) : std::nullopt;
  if (known) {
    signs = *known;
  } else {
    add_note(stored.header.text, "the header names no patient space: left and right are unknown, LPS was assumed");
    stored.header.text["orientation"] = "unknown";
  }
  int axis = 0;
  if (const auto found = header.fields.find("space directions"); found != header.fields.end()) {
    for (const auto& vector : vectors_in(found->second, "space directions", shown)) {
      if (!vector) continue;
      for (int r = 0; r < 3; ++r) affine[r][axis] = signs[r] * (*vector)[r];
      ++axis;
    }
  } else {
    const auto spacings = header.fields.find("spacings");
    const auto words = spacings != header.fields.end() ? words_in(spacings->second) : std::vector<std::string>(spatial.size(), "1");
    if (words.size() != spatial.size())
      throw InputError("{}: spacings: {} numbers for {} axes", shown.string(), words.size(), spatial.size());
    if (spacings == header.fields.end()) add_note(stored.header.text, "the header states no spacing: 1 mm was assumed");
    for (std::size_t a = 0; a < spatial.size(); ++a) {
      if (!spatial[a]) continue;
      affine[axis][axis] = numbers_in(words[a], 1, "spacings", shown)[0];
      if (!(affine[axis][axis] > 0)) throw InputError("{}: spacings: {} is not positive", shown.string(), affine[axis][axis]);
      ++axis;
    }
  }
  if (axis < 3) {  // one slice: its normal, 1 mm thick
    if (axis < 2) throw InputError("{}: has {} spatial axes; 2 or 3 are needed", shown.string(), axis);
    double length = 0;
    for (int r = 0; r < 3; ++r) {
      const int r1 = (r + 1) % 3, r2 = (r + 2) % 3;
      affine[r][2] = affine[r1][0] * affine[r2][1] - affine[r2][0] * affine[r1][1];
      length = std::hypot(length, affine[r][2]);
    }
    if (length > 0)
      for (int r = 0; r < 3; ++r) affine[r][2] /= length;
    add_note(stored.header.text, "one slice: a thickness of 1 mm was assumed");
  }
  if (const auto origin = header.fields.find("space origin"); origin != header.fields.end()) {
    const auto vectors = vectors_in(origin->second, "space origin", shown);
    if (vectors.size() != 1 || !vectors[0]) throw InputError("{}: space origin: one vector is needed", shown.string());
    for (int r = 0; r < 3; ++r) affine[r][3] = signs[r] * (*vectors[0])[r];
  }
  stored.header.geometry = geometry_from_affine(affine, stored.header.geometry.size, stored.header.text, shown);
}

// Bytes to pass over for `lines` line ends, from `offset` on.
std::uint64_t after_lines(const fs::path& data, std::uint64_t offset, std::int64_t lines, const fs::path& shown) {
  ByteStream stream(data, ByteStream::Packing::none, offset);
  std::array<std::uint8_t, 1 << 14> piece;
  std::uint64_t passed = 0;
  while (lines > 0) {
    const std::size_t got = stream.read_some(piece);
    if (got == 0) throw InputError("{}: the lines to skip before the data are not there", shown.string());
    for (std::size_t i = 0; i < got && lines > 0; ++i, ++passed)
      if (piece[i] == '\n') --lines;
  }
  return offset + passed;
}

void locate_data(const Header& header, StoredVolume& stored, const fs::path& path) {
  const std::string encoding = lower_case(field(header, "encoding", path));
  if (encoding == "raw")
    stored.encoding = Encoding::plain;
  else if (encoding == "gzip" || encoding == "gz")
    stored.encoding = Encoding::deflate;
  else if (encoding == "txt" || encoding == "text" || encoding == "ascii")
    stored.encoding = Encoding::text;
  else if (encoding == "hex")
    stored.encoding = Encoding::hexadecimal;
  else
    throw InputError("{}: NRRD data in the encoding '{}' are not read; raw, gzip, text and hex are", path.string(), encoding);
  stored.big_endian = false;
  if (const auto endian = header.fields.find("endian"); endian != header.fields.end()) {
    const std::string order = lower_case(endian->second);
    if (order != "little" && order != "big") throw InputError("{}: endian: '{}' is neither little nor big", path.string(), order);
    stored.big_endian = order == "big";
  } else if (bytes_of(stored.type) > 1 && stored.encoding != Encoding::text) {
    throw InputError("{}: the NRRD header states no 'endian', which numbers of {} bytes need", path.string(), bytes_of(stored.type));
  }

  stored.data_path = path;
  stored.file_offset = header.end;
  if (const auto data = header.fields.find("data file"); data != header.fields.end()) {
    if (data->second.starts_with("LIST") || data->second.find('%') != std::string::npos)
      throw InputError("{}: NRRD data spread over several files are not read; join them first", path.string());
    stored.data_path = data_file_beside(path, data->second);
    stored.file_offset = 0;
  }
  if (const auto skip = header.fields.find("line skip"); skip != header.fields.end())
    stored.file_offset = after_lines(stored.data_path, stored.file_offset, whole_number_in(skip->second, 0, "line skip", path), path);
  if (const auto skip = header.fields.find("byte skip"); skip != header.fields.end()) {
    const std::int64_t bytes = whole_number_in(skip->second, -1, "byte skip", path);
    if (bytes >= 0) {
      stored.stream_offset = static_cast<std::uint64_t>(bytes);
    } else {  // the data are the last bytes of the file
      if (stored.encoding != Encoding::plain) throw InputError("{}: byte skip -1 is only for raw data", path.string());
      check_sizes(stored, path);
      std::error_code error;
      stored.file_offset = fs::file_size(stored.data_path, error) - stored.byte_count();
    }
  }
}

StoredVolume read_nrrd(const fs::path& path) {
  const Header header = parse(beginning_of(path), path);
  StoredVolume stored;
  stored.header.format = "NRRD";
  stored.type = voxel_type(field(header, "type", path), path);
  stored.header.voxel_type = name_of(stored.type);
  const std::int64_t dimension = whole_number_in(field(header, "dimension", path), 1, "dimension", path);
  if (dimension > 16) throw InputError("{}: dimension: {} (at most 16)", path.string(), dimension);
  const auto sizes = words_in(field(header, "sizes", path));
  if (static_cast<std::int64_t>(sizes.size()) != dimension)
    throw InputError("{}: sizes: {} numbers for {} axes", path.string(), sizes.size(), dimension);
  if (dimension < 2) throw InputError("{}: is one line of values, not an image", path.string());

  const std::vector<bool> spatial = spatial_axes(header, static_cast<std::size_t>(dimension), path);
  stored.header.geometry.size = {1, 1, 1};
  int axes = 0;
  bool channels_before = false, channels_after = false;
  for (std::size_t axis = 0; axis < spatial.size(); ++axis) {
    const std::int64_t length = whole_number_in(sizes[axis], 1, "sizes", path);
    if (spatial[axis]) {
      if (axes == 3 || channels_after)
        throw InputError("{}: channels stand between the spatial axes, or there are more than three; reorder the axes first",
                         path.string());
      stored.header.geometry.size[axes++] = length;
    } else {
      (axes == 0 ? channels_before : channels_after) = true;
      if (stored.header.channels > (std::int64_t{1} << 40) / length) throw InputError("{}: sizes: too many channels", path.string());
      stored.header.channels *= length;
    }
  }
  if (channels_before && channels_after)
    throw InputError("{}: channels stand on both sides of the spatial axes; reorder the axes first", path.string());
  stored.channel_order = channels_before ? ChannelOrder::fastest : ChannelOrder::slowest;

  locate_data(header, stored, path);
  check_sizes(stored, path);
  read_geometry(header, spatial, stored, path);
  if (const auto content = header.fields.find("content"); content != header.fields.end())
    stored.header.text["description"] = content->second;
  for (const auto& [key, value] : header.pairs) stored.header.text.emplace("nrrd:" + key, value);
  return stored;
}

void write_nrrd(const fs::path& path, const imaging::Geometry& geometry, VoxelType type, std::span<const std::uint8_t> voxels) {
  if (!has_extension(path, ".nrrd")) throw InputError("{}: NRRD is written in one file; let the name end in .nrrd", path.string());
  const Affine affine = affine_of(geometry);
  auto vector = [&](int column) {
    return fmt::format("({:.17g},{:.17g},{:.17g})", affine[0][column], affine[1][column], affine[2][column]);
  };
  std::string text = fmt::format(
      "NRRD0004\ntype: {}\ndimension: 3\nspace: left-posterior-superior\nsizes: {} {} {}\nspace directions: {} {} {}\nkinds: domain domain "
      "domain\n"
      "endian: little\nencoding: gzip\nspace origin: {}\n\n",
      type == VoxelType::float32 ? "float" : "unsigned short", geometry.size[0], geometry.size[1], geometry.size[2], vector(0), vector(1),
      vector(2), vector(3));
  const auto packed = pack(voxels);
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  bytes.insert(bytes.end(), packed.begin(), packed.end());
  core::write_bytes(path, bytes);
}

}  // namespace

const VolumeFormat nrrd_format{"NRRD", {".nrrd", ".nhdr"}, fits_nrrd, read_nrrd, write_nrrd};

}  // namespace isocenter::formats
