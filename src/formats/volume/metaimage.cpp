// MetaImage (ITK's MetaIO): "Key = value" lines, of which ElementDataFile is the last, then the data in the same file or beside it; plain
// or zlib. Positions are LPS, as ITK's are; the i-th triple of TransformMatrix is the direction of axis i.
#include <cmath>
#include <map>

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

struct Header {
  std::map<std::string, std::string> fields;  // keys in lower case
  std::size_t end = 0;

  const std::string* find(std::initializer_list<const char*> keys) const {
    for (const char* key : keys)
      if (const auto found = fields.find(key); found != fields.end()) return &found->second;
    return nullptr;
  }
  bool is_true(std::initializer_list<const char*> keys) const {
    const std::string* value = find(keys);
    return value && !value->empty() && (value->front() == 'T' || value->front() == 't' || value->front() == '1');
  }
};

// Only what stands before the first line break is looked at: "ObjectType = Image" or any other key of MetaIO.
bool fits_metaimage(std::span<const std::uint8_t> beginning) {
  const std::string text(beginning.begin(), beginning.end());
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals > 40) return false;
  const std::string key = lower_case(trimmed(text.substr(0, equals)));
  for (const char* known : {"objecttype", "ndims", "comment", "objectsubtype", "dimsize", "transformtype", "name", "id", "parentid",
                            "compresseddata", "binarydata"})
    if (key == known) return text.find('\0') == std::string::npos || text.find('\0') > equals;
  return false;
}

Header parse(const std::string& text, const fs::path& shown) {
  Header header;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = std::min(end + 1, text.size());
    if (trimmed(line).empty()) continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos)
      throw InputError("{}: broken MetaImage header: no '=' in the line '{}'", shown.string(), line.substr(0, 40));
    const std::string key = lower_case(trimmed(line.substr(0, equals)));
    header.fields[key] = trimmed(line.substr(equals + 1));
    header.end = at;
    if (key == "elementdatafile") return header;
  }
  throw InputError("{}: the MetaImage header names no ElementDataFile", shown.string());
}

VoxelType voxel_type(const std::string& type, const fs::path& shown) {
  static const std::map<std::string, VoxelType, std::less<>> types{
      {"MET_CHAR", VoxelType::int8},         {"MET_UCHAR", VoxelType::uint8},   {"MET_SHORT", VoxelType::int16},
      {"MET_USHORT", VoxelType::uint16},     {"MET_INT", VoxelType::int32},     {"MET_UINT", VoxelType::uint32},
      {"MET_LONG", VoxelType::int32},        {"MET_ULONG", VoxelType::uint32},  {"MET_LONG_LONG", VoxelType::int64},
      {"MET_ULONG_LONG", VoxelType::uint64}, {"MET_FLOAT", VoxelType::float32}, {"MET_DOUBLE", VoxelType::float64}};
  std::string name = type;
  if (name.ends_with("_ARRAY")) name.resize(name.size() - 6);
  const auto found = types.find(name);
  if (found == types.end()) throw InputError("{}: unknown MetaImage ElementType '{}'", shown.string(), type);
  return found->second;
}

void read_geometry(const Header& header, std::size_t dimension, StoredVolume& stored, const fs::path& shown) {
  const std::size_t axes = std::min<std::size_t>(dimension, 3);
  Affine affine{};
  for (int a = 0; a < 3; ++a) affine[a][a] = 1;
  if (const std::string* matrix = header.find({"transformmatrix", "orientation", "rotation"})) {
    const auto values = numbers_in(*matrix, dimension * dimension, "TransformMatrix", shown);
    for (std::size_t a = 0; a < axes; ++a)
      for (std::size_t r = 0; r < axes; ++r) affine[r][a] = values[a * dimension + r];
  } else {
    add_note(stored.header.text, "the header states no orientation: left and right are unknown, LPS was assumed");
    stored.header.text["orientation"] = "unknown";
  }
  const std::string* spacing = header.find({"elementspacing", "elementsize"});
  if (spacing) {
    const auto values = numbers_in(*spacing, dimension, "ElementSpacing", shown);
    for (std::size_t a = 0; a < axes; ++a) {
      if (!(values[a] > 0)) throw InputError("{}: ElementSpacing: {} is not positive", shown.string(), values[a]);
      for (int r = 0; r < 3; ++r) affine[r][a] *= values[a];
    }
  } else {
    add_note(stored.header.text, "the header states no spacing: 1 mm was assumed");
  }
  if (const std::string* offset = header.find({"offset", "position", "origin"})) {
    const auto values = numbers_in(*offset, dimension, "Offset", shown);
    for (std::size_t r = 0; r < axes; ++r) affine[r][3] = values[r];
  }
  stored.header.geometry = geometry_from_affine(affine, stored.header.geometry.size, stored.header.text, shown);
}

StoredVolume read_metaimage(const fs::path& path) {
  const Header header = parse(beginning_of(path), path);
  StoredVolume stored;
  stored.header.format = "MetaImage";
  if (const std::string* object = header.find({"objecttype"}); object && lower_case(*object) != "image")
    throw InputError("{}: is a MetaIO '{}', not an image", path.string(), object->substr(0, 40));
  const std::string *dimensions = header.find({"ndims"}), *sizes = header.find({"dimsize"}), *type = header.find({"elementtype"});
  if (!dimensions || !sizes || !type)
    throw InputError("{}: the MetaImage header states no {}", path.string(), !dimensions ? "NDims" : !sizes ? "DimSize" : "ElementType");
  const std::int64_t dimension = whole_number_in(*dimensions, 2, "NDims", path);
  if (dimension > 4) throw InputError("{}: NDims: {}; 2, 3 and 4 are read", path.string(), dimension);
  const auto lengths = numbers_in(*sizes, static_cast<std::size_t>(dimension), "DimSize", path);
  stored.header.geometry.size = {1, 1, 1};
  for (std::int64_t axis = 0; axis < dimension; ++axis) {
    if (lengths[axis] < 1 || lengths[axis] != std::floor(lengths[axis]) || lengths[axis] > 1e12)
      throw InputError("{}: DimSize: {} is no size", path.string(), lengths[axis]);
    (axis < 3 ? stored.header.geometry.size[axis] : stored.header.channels) = static_cast<std::int64_t>(lengths[axis]);
  }
  if (const std::string* channels = header.find({"elementnumberofchannels"})) {
    const std::int64_t count = whole_number_in(*channels, 1, "ElementNumberOfChannels", path);
    if (count > 1 && stored.header.channels > 1)
      throw InputError("{}: has both a fourth dimension and {} channels a voxel; split it first", path.string(), count);
    if (count > 1) {
      stored.header.channels = count;
      stored.channel_order = ChannelOrder::fastest;
    }
  }
  stored.type = voxel_type(*type, path);
  stored.header.voxel_type = name_of(stored.type);
  stored.big_endian = header.is_true({"binarydatabyteordermsb", "elementbyteordermsb"});
  const std::string* binary = header.find({"binarydata"});
  if (header.is_true({"compresseddata"}))
    stored.encoding = Encoding::deflate;
  else if (binary && !header.is_true({"binarydata"}))
    stored.encoding = Encoding::text;

  const std::string& data = *header.find({"elementdatafile"});
  stored.data_path = path;
  if (lower_case(data) == "local") {
    stored.file_offset = header.end;
  } else {
    if (data.starts_with("LIST") || data.find('%') != std::string::npos)
      throw InputError("{}: MetaImage data spread over several files are not read; join them first", path.string());
    stored.data_path = data_file_beside(path, data);
    stored.file_offset = 0;
  }
  if (const std::string* skip = header.find({"headersize"}); skip && lower_case(data) != "local") {
    const std::int64_t bytes = whole_number_in(*skip, -1, "HeaderSize", path);
    if (bytes >= 0) {
      stored.file_offset = static_cast<std::uint64_t>(bytes);
    } else {  // the data are the last bytes of the file
      if (stored.encoding != Encoding::plain) throw InputError("{}: HeaderSize -1 is only for plain data", path.string());
      check_sizes(stored, path);
      std::error_code error;
      stored.file_offset = fs::file_size(stored.data_path, error) - stored.byte_count();
    }
  }
  check_sizes(stored, path);
  read_geometry(header, static_cast<std::size_t>(dimension), stored, path);
  if (const std::string* comment = header.find({"comment"})) stored.header.text["description"] = *comment;
  return stored;
}

void write_metaimage(const fs::path& path, const imaging::Geometry& geometry, VoxelType type, std::span<const std::uint8_t> voxels) {
  const bool local = has_extension(path, ".mha");
  const auto packed = pack(voxels, Wrapper::zlib);
  const fs::path data_path = fs::path(path).replace_extension(".zraw");
  const auto& d = geometry.direction;
  const std::string text = fmt::format(
      "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = True\nCompressedDataSize = {}\n"
      "TransformMatrix = {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g}\nOffset = {:.17g} {:.17g} "
      "{:.17g}\nCenterOfRotation = 0 0 0\n"
      "ElementSpacing = {:.17g} {:.17g} {:.17g}\nDimSize = {} {} {}\nElementType = {}\nElementDataFile = {}\n",
      packed.size(), d[0][0], d[1][0], d[2][0], d[0][1], d[1][1], d[2][1], d[0][2], d[1][2], d[2][2], geometry.origin_lps_mm[0],
      geometry.origin_lps_mm[1], geometry.origin_lps_mm[2], geometry.spacing_mm[0], geometry.spacing_mm[1], geometry.spacing_mm[2],
      geometry.size[0], geometry.size[1], geometry.size[2], type == VoxelType::float32 ? "MET_FLOAT" : "MET_USHORT",
      local ? "LOCAL" : data_path.filename().string());
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  if (local)
    bytes.insert(bytes.end(), packed.begin(), packed.end());
  else
    core::write_bytes(data_path, packed);
  core::write_bytes(path, bytes);
}

}  // namespace

const VolumeFormat metaimage_format{"MetaImage", {".mha", ".mhd"}, fits_metaimage, read_metaimage, write_metaimage};

}  // namespace isocenter::formats
