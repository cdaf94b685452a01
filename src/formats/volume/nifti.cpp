// NIfTI-1 (nifti1.h of the NIfTI Data Format Working Group, 2005) and NIfTI-2 (2011): headers of 348 and 540 bytes, in one file with the
// voxels or beside them, packed by gzip or not.
#include <cmath>

#include "core/error.h"
#include "core/file.h"
#include "formats/volume/affine.h"
#include "formats/volume/byte_stream.h"
#include "formats/volume/bytes.h"
#include "formats/volume/formats.h"

namespace isocenter::formats {
namespace fs = std::filesystem;
using core::InputError;
namespace {

constexpr std::size_t size_1 = 348, size_2 = 540;

// Where each field stands, and how wide numbers are: all that differs between the two versions.
struct Layout {
  int version;
  std::size_t dim, datatype, bitpix, pixdim, vox_offset, scl_slope, scl_inter, units, description, qform_code, sform_code, quaternion,
      qoffset, srow, intent, magic;
};
constexpr Layout layout_1{1, 40, 70, 72, 76, 108, 112, 116, 123, 148, 252, 254, 256, 268, 280, 68, 344};
constexpr Layout layout_2{2, 16, 12, 14, 104, 168, 176, 184, 500, 240, 344, 348, 352, 376, 400, 504, 4};

struct Fields {
  const Layout& at;
  HeaderBytes header;

  double real(std::size_t offset, int index = 0) const {
    return at.version == 1 ? header.get<float>(offset + 4 * index) : header.get<double>(offset + 8 * index);
  }
  std::int64_t length(std::size_t offset, int index = 0) const {
    return at.version == 1 ? header.get<std::int16_t>(offset + 2 * index) : header.get<std::int64_t>(offset + 8 * index);
  }
  int code(std::size_t offset) const { return at.version == 1 ? header.get<std::int16_t>(offset) : header.get<std::int32_t>(offset); }
  int units() const { return at.version == 1 ? header.get<std::uint8_t>(at.units) : header.get<std::int32_t>(at.units); }
  std::string magic() const { return std::string(header.bytes.begin() + at.magic, header.bytes.begin() + at.magic + 4); }
};

bool fits_nifti(std::span<const std::uint8_t> beginning) {
  if (beginning.size() < 4) return false;
  for (bool big_endian : {false, true}) {
    const auto header_size = load_number<std::int32_t>(beginning.data(), big_endian);
    if (header_size == static_cast<int>(size_1) || header_size == static_cast<int>(size_2)) return true;
  }
  // A damaged size field, but the magic of NIfTI-1: ours to refuse with the reason.
  return beginning.size() >= size_1 && beginning[344] == 'n' && (beginning[345] == '+' || beginning[345] == 'i') && beginning[347] == 0;
}

VoxelType voxel_type(int datatype, const fs::path& shown) {
  switch (datatype) {
    case 2:
      return VoxelType::uint8;
    case 4:
      return VoxelType::int16;
    case 8:
      return VoxelType::int32;
    case 16:
      return VoxelType::float32;
    case 64:
      return VoxelType::float64;
    case 128:
      return VoxelType::rgb24;
    case 256:
      return VoxelType::int8;
    case 512:
      return VoxelType::uint16;
    case 768:
      return VoxelType::uint32;
    case 1024:
      return VoxelType::int64;
    case 1280:
      return VoxelType::uint64;
    case 2304:
      return VoxelType::rgba32;
    case 32:
    case 1792:
    case 2048:
      throw InputError("{}: holds complex numbers (data type {}); write magnitude or phase as a volume of its own", shown.string(),
                       datatype);
    case 1:
      throw InputError("{}: holds single bits (data type 1), which are not read; convert it to uint8", shown.string());
    case 1536:
      throw InputError("{}: holds 128-bit numbers (data type 1536), which are not read; convert it to float64", shown.string());
    default:
      throw InputError("{}: unknown data type {} in the NIfTI header", shown.string(), datatype);
  }
}

// Quaternion to rotation, nifti1.h "METHOD 2".
Affine qform(const Fields& field, double to_mm) {
  double b = field.real(field.at.quaternion, 0), c = field.real(field.at.quaternion, 1), d = field.real(field.at.quaternion, 2);
  const double squares = b * b + c * c + d * d;
  double a = 0;
  if (squares < 1) {
    a = std::sqrt(1 - squares);
  } else {  // a half turn, rounded past 1
    const double scale = 1 / std::sqrt(squares);
    b *= scale, c *= scale, d *= scale;
  }
  const double flip = field.real(field.at.pixdim, 0) < 0 ? -1 : 1;
  const double spacing[3] = {field.real(field.at.pixdim, 1) * to_mm, field.real(field.at.pixdim, 2) * to_mm,
                             field.real(field.at.pixdim, 3) * to_mm * flip};
  const double rotation[3][3] = {{a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)},
                                 {2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)},
                                 {2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c}};
  Affine affine;
  for (int r = 0; r < 3; ++r) {
    for (int axis = 0; axis < 3; ++axis) affine[r][axis] = rotation[r][axis] * spacing[axis];
    affine[r][3] = field.real(field.at.qoffset, r) * to_mm;
  }
  return affine;
}

Affine sform(const Fields& field, double to_mm) {
  Affine affine;
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 4; ++c) affine[r][c] = field.real(field.at.srow, 4 * r + c) * to_mm;
  return affine;
}

// Distance between the places the two matrices give to the far corner and to the first voxel.
double disagreement_mm(const Affine& one, const Affine& other, const imaging::Index3& size) {
  double worst = 0;
  for (int corner = 0; corner < 8; ++corner) {
    double squares = 0;
    for (int r = 0; r < 3; ++r) {
      double difference = one[r][3] - other[r][3];
      for (int a = 0; a < 3; ++a)
        if (corner >> a & 1) difference += (one[r][a] - other[r][a]) * static_cast<double>(size[a] - 1);
      squares += difference * difference;
    }
    worst = std::max(worst, std::sqrt(squares));
  }
  return worst;
}

void read_geometry(const Fields& field, StoredVolume& stored, const fs::path& shown) {
  VolumeHeader& header = stored.header;
  for (int axis = 1; axis <= 3; ++axis) {
    const double spacing = field.real(field.at.pixdim, axis);
    // Only sizes above 1 have neighbours, but a volume needs its third spacing too.
    if (!(spacing > 0) || !std::isfinite(spacing))
      throw InputError("{}: the spacing along axis {} is {}; it must be a positive number of millimetres (pixdim[{}])", shown.string(),
                       "xyz"[axis - 1], spacing, axis);
  }
  const int unit = field.units() & 7;
  const double to_mm = unit == 1 ? 1000 : unit == 3 ? 0.001 : 1;
  const int qform_code = field.code(field.at.qform_code), sform_code = field.code(field.at.sform_code);
  header.text["qform_code"] = std::to_string(qform_code);
  header.text["sform_code"] = std::to_string(sform_code);
  Affine ras;
  if (sform_code > 0) {
    ras = sform(field, to_mm);
    if (qform_code > 0) {
      const double distance = disagreement_mm(ras, qform(field, to_mm), header.geometry.size);
      if (distance > 1) add_note(header.text, fmt::format("sform and qform disagree by up to {:.1f} mm; the sform was taken", distance));
    }
  } else if (qform_code > 0) {
    ras = qform(field, to_mm);
  } else {
    // nifti1.h "METHOD 1": only the spacing is known. What Analyze files meant, and most readers take: rows run from right to left, the
    // grid's centre is the origin.
    ras = {};
    for (int a = 0; a < 3; ++a) {
      ras[a][a] = field.real(field.at.pixdim, a + 1) * to_mm * (a == 0 ? -1 : 1);
      ras[a][3] = -ras[a][a] * static_cast<double>(header.geometry.size[a] - 1) / 2;
    }
    add_note(header.text, "the header states no orientation (qform and sform codes are 0): left and right are unknown, LAS was assumed");
    header.text["orientation"] = "unknown";
  }
  header.geometry = geometry_from_affine(turn_ras_lps(ras), header.geometry.size, header.text, shown);
}

StoredVolume read_nifti(const fs::path& path) {
  ByteStream stream(path);
  std::vector<std::uint8_t> bytes(size_2);
  bytes.resize(stream.read_some(bytes));
  if (bytes.size() < size_1) throw InputError("{}: the NIfTI header is cut short: {} bytes of {}", path.string(), bytes.size(), size_1);

  const bool big_endian = [&] {
    for (bool order : {false, true}) {
      const auto header_size = load_number<std::int32_t>(bytes.data(), order);
      if (header_size == static_cast<int>(size_1) || header_size == static_cast<int>(size_2)) return order;
    }
    throw InputError("{}: broken NIfTI header: its size field is neither 348 nor 540 in either byte order", path.string());
  }();
  const Layout& layout = load_number<std::int32_t>(bytes.data(), big_endian) == static_cast<int>(size_1) ? layout_1 : layout_2;
  if (layout.version == 2 && bytes.size() < size_2)
    throw InputError("{}: the NIfTI-2 header is cut short: {} bytes of {}", path.string(), bytes.size(), size_2);
  const Fields field{layout, {bytes, big_endian}};

  StoredVolume stored;
  stored.big_endian = big_endian;
  stored.header.format = layout.version == 1 ? "NIfTI-1" : "NIfTI-2";
  const std::string magic = field.magic().substr(0, 3), version(1, static_cast<char>('0' + layout.version));
  const bool pair = magic == "ni" + version;
  if (!pair && magic != "n+" + version) {
    if (magic == std::string(3, '\0'))
      throw InputError("{}: is Analyze 7.5, which does not say left from right; convert it to NIfTI with its orientation", path.string());
    throw InputError("{}: broken NIfTI header: the magic bytes are not those of {}", path.string(), stored.header.format);
  }

  const std::int64_t dimensions = field.length(layout.dim);
  if (dimensions < 1 || dimensions > 7)
    throw InputError("{}: broken NIfTI header: {} dimensions (1 to 7 are possible)", path.string(), dimensions);
  std::int64_t lengths[8] = {0, 1, 1, 1, 1, 1, 1, 1};
  for (int axis = 1; axis <= dimensions; ++axis) {
    lengths[axis] = field.length(layout.dim, axis);
    if (lengths[axis] < 1) throw InputError("{}: broken NIfTI header: size {} along dimension {}", path.string(), lengths[axis], axis);
  }
  stored.header.geometry.size = {lengths[1], lengths[2], lengths[3]};
  for (int axis = 4; axis <= 7; ++axis) {
    if (stored.header.channels > (std::int64_t{1} << 40) / lengths[axis])
      throw InputError("{}: broken NIfTI header: too many channels", path.string());
    stored.header.channels *= lengths[axis];
  }

  const int datatype = field.header.get<std::int16_t>(layout.datatype);
  stored.type = voxel_type(datatype, path);
  stored.header.voxel_type = name_of(stored.type);
  const int bits = field.header.get<std::int16_t>(layout.bitpix);
  if (bits != 8 * bytes_of(stored.type))
    stored.header.text["note"] =
        fmt::format("the header's bits per voxel ({}) contradict its data type ({}), which was taken", bits, stored.header.voxel_type);
  if (const std::string description = field.header.text(layout.description, 80); !description.empty())
    stored.header.text["description"] = description;
  const int intent = field.code(layout.intent);
  if (intent != 0) stored.header.text["intent_code"] = std::to_string(intent);
  if (intent >= 3000 && intent < 3100) throw InputError("{}: is CIFTI (surface data in a NIfTI-2 wrapper), not a volume", path.string());

  const double slope = field.real(layout.scl_slope), intercept = field.real(layout.scl_inter);
  if (std::isinf(slope) || (slope != 0 && std::isinf(intercept)))
    throw InputError("{}: the scale (scl_slope, scl_inter) is infinite", path.string());
  // nifti1.h: slope 0 means no scaling; NaN is what some writers store for "not set".
  if (slope != 0 && !std::isnan(slope)) {
    stored.slope = slope;
    stored.intercept = std::isnan(intercept) ? 0 : intercept;
  }

  const double offset = layout.version == 1 ? field.header.get<float>(layout.vox_offset)
                                            : static_cast<double>(field.header.get<std::int64_t>(layout.vox_offset));
  if (!(offset >= 0) || offset > 1e15) throw InputError("{}: broken NIfTI header: the voxels begin at byte {}", path.string(), offset);
  stored.stream_offset = static_cast<std::uint64_t>(offset);
  stored.encoding = Encoding::plain_or_gzip;
  stored.data_path = path;
  if (pair) {
    fs::path plain = path;
    if (has_extension(plain, ".gz")) plain.replace_extension();
    stored.data_path.clear();
    for (const char* extension : {".img", ".img.gz", ".IMG"}) {
      const fs::path candidate = fs::path(plain).replace_extension(extension);
      if (stored.data_path.empty() && fs::is_regular_file(candidate)) stored.data_path = candidate;
    }
    if (stored.data_path.empty())
      throw InputError("{}: is the header half of a pair, and its image data ({}) are missing", path.string(),
                       fs::path(plain).replace_extension(".img").filename().string());
  } else if (stored.stream_offset < (layout.version == 1 ? size_1 : size_2)) {
    throw InputError("{}: broken NIfTI header: the voxels begin at byte {}, inside the header", path.string(), stored.stream_offset);
  }
  check_sizes(stored, path);
  read_geometry(field, stored, path);
  const int time_unit = field.units() & 0x38;
  if (stored.header.channels > 1 && time_unit != 0)
    stored.header.text["channel_step"] = fmt::format("{} {}", field.real(layout.pixdim, 4),
                                                     time_unit == 8    ? "s"
                                                     : time_unit == 16 ? "ms"
                                                                       : "other");
  return stored;
}

// Rotation to quaternion (b, c, d) with a >= 0, nifti1.h; m is a proper rotation.
std::array<double, 3> quaternion_of(const double m[3][3]) {
  double a = 1 + m[0][0] + m[1][1] + m[2][2], b, c, d;
  if (a > 0.5) {
    a = 0.5 * std::sqrt(a);
    b = 0.25 * (m[2][1] - m[1][2]) / a;
    c = 0.25 * (m[0][2] - m[2][0]) / a;
    d = 0.25 * (m[1][0] - m[0][1]) / a;
  } else {  // near a half turn: divide by the largest of b, c, d
    const double xd = 1 + m[0][0] - (m[1][1] + m[2][2]), yd = 1 + m[1][1] - (m[0][0] + m[2][2]), zd = 1 + m[2][2] - (m[0][0] + m[1][1]);
    if (xd > 1) {
      b = 0.5 * std::sqrt(xd), c = 0.25 * (m[0][1] + m[1][0]) / b, d = 0.25 * (m[0][2] + m[2][0]) / b, a = 0.25 * (m[2][1] - m[1][2]) / b;
    } else if (yd > 1) {
      c = 0.5 * std::sqrt(yd), b = 0.25 * (m[0][1] + m[1][0]) / c, d = 0.25 * (m[1][2] + m[2][1]) / c, a = 0.25 * (m[0][2] - m[2][0]) / c;
    } else {
      d = 0.5 * std::sqrt(zd), b = 0.25 * (m[0][2] + m[2][0]) / d, c = 0.25 * (m[1][2] + m[2][1]) / d, a = 0.25 * (m[1][0] - m[0][1]) / d;
    }
    if (a < 0) b = -b, c = -c, d = -d;
  }
  return {b, c, d};
}

void write_nifti(const fs::path& path, const imaging::Geometry& geometry, VoxelType type, std::span<const std::uint8_t> voxels) {
  for (std::int64_t length : geometry.size)
    if (length > 32767)
      throw InputError("{}: NIfTI-1 holds at most 32767 voxels an axis, not {}; write NRRD (.nrrd)", path.string(), length);
  constexpr std::size_t offset = 352;
  std::vector<std::uint8_t> bytes(offset + voxels.size());
  auto put = [&]<class Number>(std::size_t at, Number value) { store_number(bytes.data() + at, value, false); };
  put(0, std::int32_t{348});
  put(layout_1.dim, std::int16_t{3});
  for (int a = 0; a < 7; ++a) put(layout_1.dim + 2 * (a + 1), a < 3 ? static_cast<std::int16_t>(geometry.size[a]) : std::int16_t{1});
  put(layout_1.datatype, static_cast<std::int16_t>(type == VoxelType::float32 ? 16 : 512));
  put(layout_1.bitpix, static_cast<std::int16_t>(8 * bytes_of(type)));
  put(layout_1.vox_offset, static_cast<float>(offset));
  put(layout_1.scl_slope, 1.0f);
  bytes[layout_1.units] = 2;  // millimetres

  const Affine ras = turn_ras_lps(affine_of(geometry));
  double rotation[3][3];
  for (int r = 0; r < 3; ++r)
    for (int a = 0; a < 3; ++a) rotation[r][a] = ras[r][a] / geometry.spacing_mm[a];
  const double determinant = rotation[0][0] * (rotation[1][1] * rotation[2][2] - rotation[1][2] * rotation[2][1]) -
                             rotation[0][1] * (rotation[1][0] * rotation[2][2] - rotation[1][2] * rotation[2][0]) +
                             rotation[0][2] * (rotation[1][0] * rotation[2][1] - rotation[1][1] * rotation[2][0]);
  const double flip = determinant < 0 ? -1 : 1;
  for (auto& row : rotation) row[2] *= flip;
  const auto quaternion = quaternion_of(rotation);
  put(layout_1.pixdim, static_cast<float>(flip));
  for (int a = 0; a < 7; ++a) put(layout_1.pixdim + 4 * (a + 1), a < 3 ? static_cast<float>(geometry.spacing_mm[a]) : 1.0f);
  put(layout_1.qform_code, std::int16_t{1});
  put(layout_1.sform_code, std::int16_t{1});
  for (int r = 0; r < 3; ++r) {
    put(layout_1.quaternion + 4 * r, static_cast<float>(quaternion[r]));
    put(layout_1.qoffset + 4 * r, static_cast<float>(ras[r][3]));
    for (int c = 0; c < 4; ++c) put(layout_1.srow + 4 * (4 * r + c), static_cast<float>(ras[r][c]));
  }
  std::memcpy(bytes.data() + layout_1.magic, "n+1", 4);
  std::memcpy(bytes.data() + offset, voxels.data(), voxels.size());
  if (has_extension(path, ".gz"))
    core::write_bytes(path, pack(bytes));
  else
    core::write_bytes(path, bytes);
}

}  // namespace

const VolumeFormat nifti_format{"NIfTI", {".nii.gz", ".nii", ".hdr", ".hdr.gz"}, fits_nifti, read_nifti, write_nifti};

}  // namespace isocenter::formats
