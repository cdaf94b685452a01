#include "core/npz.h"

#include <zlib.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "core/error.h"

namespace isocenter::core {
namespace {

using View = std::span<const std::uint8_t>;

template <class T>
T little_endian(View bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value |= static_cast<std::uint64_t>(bytes[at + i]) << (8 * i);
  return static_cast<T>(value);
}

// ---- .npy

// The header is a Python dictionary, {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, with nothing nested but the shape.
class Header {
 public:
  Header(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {}

  std::string quoted(const std::string& key) const {
    const std::size_t at = after(key);
    const char quote = at < text_.size() ? text_[at] : ' ';
    const std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, at + 1) : std::string::npos;
    if (end == std::string::npos) throw InputError("{}: NumPy header: '{}' is not one element type", file_, key);
    return text_.substr(at + 1, end - at - 1);
  }

  bool truth(const std::string& key) const {
    const std::size_t at = after(key);
    if (text_.compare(at, 4, "True") == 0) return true;
    if (text_.compare(at, 5, "False") == 0) return false;
    throw InputError("{}: NumPy header: '{}' is neither True nor False", file_, key);
  }

  std::vector<std::int64_t> sizes(const std::string& key) const {
    std::size_t at = after(key);
    if (at >= text_.size() || text_[at] != '(') throw InputError("{}: NumPy header: '{}' is not a tuple", file_, key);
    std::vector<std::int64_t> sizes;
    ++at;
    while (true) {
      while (at < text_.size() && (text_[at] == ' ' || text_[at] == ',')) ++at;
      if (at < text_.size() && text_[at] == ')') return sizes;
      std::uint64_t value = 0;
      const std::size_t begin = at;
      while (at < text_.size() && text_[at] >= '0' && text_[at] <= '9' && at - begin < 18)
        value = value * 10 + static_cast<std::uint64_t>(text_[at++] - '0');
      if (at < text_.size() && text_[at] == 'L') ++at;  // Python 2 wrote long integers so
      if (at == begin || sizes.size() == 32) throw InputError("{}: NumPy header: '{}' is not a tuple of sizes", file_, key);
      sizes.push_back(static_cast<std::int64_t>(value));
    }
  }

 private:
  std::size_t after(const std::string& key) const {
    std::size_t at = text_.find("'" + key + "'");
    if (at == std::string::npos) throw InputError("{}: NumPy header: '{}' is missing", file_, key);
    at += key.size() + 2;
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == ':')) ++at;
    return at;
  }
  std::string file_, text_;
};

Bytes to_c_order(const Bytes& fortran, const std::vector<std::int64_t>& shape, std::size_t element) {
  Bytes result(fortran.size());
  std::vector<std::int64_t> index(shape.size(), 0), steps(shape.size(), 1);
  for (std::size_t i = 1; i < shape.size(); ++i) steps[i] = steps[i - 1] * shape[i - 1];
  for (std::size_t at = 0; at < result.size(); at += element) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) from += static_cast<std::size_t>(index[i] * steps[i]);
    std::memcpy(result.data() + at, fortran.data() + from * element, element);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return result;
}

NumpyArray parse_npy(const std::string& file, View bytes) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0) throw InputError("{}: not a NumPy array", file);
  const int version = bytes[6];
  if (version < 1 || version > 3) throw InputError("{}: NumPy format version {} is not known", file, version);
  const std::size_t begin = version == 1 ? 10 : 12;
  if (bytes.size() < begin) throw InputError("{}: NumPy header cut short", file);
  const std::size_t length = version == 1 ? little_endian<std::uint16_t>(bytes, 8) : little_endian<std::uint32_t>(bytes, 8);
  if (length > bytes.size() - begin) throw InputError("{}: NumPy header cut short", file);
  const Header header(file, {reinterpret_cast<const char*>(bytes.data()) + begin, length});

  NumpyArray array;
  const std::string type = header.quoted("descr");
  const bool known = (type.size() == 3 || type == "<c16") && (type[0] == '<' || type[0] == '|' || type[0] == '=') &&
                     std::strchr("fiubc", type[1]) != nullptr;
  if (known) array.kind = type[1], array.size = type.size() == 4 ? 16 : type[2] - '0';
  const bool fits = known && (array.kind == 'f'   ? array.size == 2 || array.size == 4 || array.size == 8
                              : array.kind == 'c' ? array.size == 8 || array.size == 16
                              : array.kind == 'b' ? array.size == 1
                                                  : array.size == 1 || array.size == 2 || array.size == 4 || array.size == 8);
  if (!fits) throw InputError("{}: NumPy element type '{}' is not read here", file, type);
  array.shape = header.sizes("shape");

  const View data = bytes.subspan(begin + length);
  std::uint64_t wanted = static_cast<std::uint64_t>(array.size);
  for (const std::int64_t size : array.shape)
    if (__builtin_mul_overflow(wanted, static_cast<std::uint64_t>(size), &wanted))
      throw InputError("{}: NumPy shape is out of range", file);
  if (data.size() != wanted) throw InputError("{}: NumPy shape takes {} bytes, the file holds {}", file, wanted, data.size());
  array.bytes.assign(data.begin(), data.end());
  if (header.truth("fortran_order") && array.shape.size() > 1)
    array.bytes = to_c_order(array.bytes, array.shape, static_cast<std::size_t>(array.size));
  return array;
}

// ---- .npz: a ZIP archive

constexpr std::uint32_t end_signature = 0x06054b50, entry_signature = 0x02014b50, local_signature = 0x04034b50;
constexpr std::uint64_t largest_deflate_ratio = 1032;  // of the format itself

Bytes inflated(const std::string& file, View packed, std::uint64_t size) {
  if (size > (packed.size() + 1) * largest_deflate_ratio)
    throw InputError("{}: claims {} bytes in {} packed ones", file, size, packed.size());
  Bytes result(size);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw ResourceError("not enough memory to unpack {}", file);
  // zlib counts in 32 bits, so both sides are handed over in pieces.
  constexpr std::size_t piece = std::size_t{1} << 30;
  std::size_t read = 0, written = 0;
  int state = Z_OK;
  while (state == Z_OK) {
    const std::size_t in = std::min(piece, packed.size() - read), out = std::min(piece, result.size() - written);
    stream.next_in = const_cast<Bytef*>(packed.data() + read), stream.avail_in = static_cast<uInt>(in);
    stream.next_out = result.data() + written, stream.avail_out = static_cast<uInt>(out);
    state = inflate(&stream, Z_NO_FLUSH);
    if (stream.avail_in == in && stream.avail_out == out && state == Z_OK) break;
    read += in - stream.avail_in, written += out - stream.avail_out;
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END || written != size) throw InputError("{}: packed data is damaged", file);
  return result;
}

struct Entry {
  std::string name;
  int method = 0;
  std::uint32_t checksum = 0;
  std::uint64_t packed_size = 0, size = 0, offset = 0;
};

// In ZIP64 a field of all ones says that the true value stands in the extra field with tag 1, in this order.
void read_zip64(const std::string& file, View extra, Entry& entry) {
  std::size_t at = 0;
  while (extra.size() - at >= 4) {
    const std::size_t tag = little_endian<std::uint16_t>(extra, at), length = little_endian<std::uint16_t>(extra, at + 2);
    at += 4;
    if (length > extra.size() - at) break;
    if (tag == 1) {
      const View field = extra.subspan(at, length);
      std::size_t place = 0;
      for (std::uint64_t* value : {&entry.size, &entry.packed_size, &entry.offset}) {
        if (*value != 0xffffffffu) continue;
        if (field.size() - place < 8) throw InputError("{}: ZIP64 sizes of '{}' are cut short", file, entry.name);
        *value = little_endian<std::uint64_t>(field, place);
        place += 8;
      }
    }
    at += length;
  }
}

std::vector<Entry> read_directory(const std::string& file, View bytes) {
  constexpr std::size_t end_size = 22;
  if (bytes.size() < end_size) throw InputError("{}: not a ZIP archive", file);
  std::size_t end = bytes.size() - end_size;
  const std::size_t lowest = end > 65535 ? end - 65535 : 0;  // a comment of up to 65,535 bytes may follow
  while (little_endian<std::uint32_t>(bytes, end) != end_signature) {
    if (end == lowest) throw InputError("{}: not a ZIP archive, or cut short", file);
    --end;
  }
  const std::size_t count = little_endian<std::uint16_t>(bytes, end + 10), size = little_endian<std::uint32_t>(bytes, end + 12);
  // The directory ends where its end record begins, unless ZIP64 records stand between, which only archives above 4 GB need.
  std::size_t at = little_endian<std::uint32_t>(bytes, end + 16);
  if (count == 0xffff || at > end || size > end - at) throw InputError("{}: ZIP directory lies outside the file", file);
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    if (end - at < 46 || little_endian<std::uint32_t>(bytes, at) != entry_signature) throw InputError("{}: ZIP directory is damaged", file);
    Entry entry;
    entry.method = little_endian<std::uint16_t>(bytes, at + 10);
    if ((little_endian<std::uint16_t>(bytes, at + 8) & 1) != 0) throw InputError("{}: is encrypted", file);
    entry.checksum = little_endian<std::uint32_t>(bytes, at + 16);
    entry.packed_size = little_endian<std::uint32_t>(bytes, at + 20);
    entry.size = little_endian<std::uint32_t>(bytes, at + 24);
    entry.offset = little_endian<std::uint32_t>(bytes, at + 42);
    const std::size_t name = little_endian<std::uint16_t>(bytes, at + 28), extra = little_endian<std::uint16_t>(bytes, at + 30),
                      comment = little_endian<std::uint16_t>(bytes, at + 32);
    if (end - at - 46 < name + extra + comment) throw InputError("{}: ZIP directory is damaged", file);
    entry.name.assign(reinterpret_cast<const char*>(bytes.data()) + at + 46, name);
    read_zip64(file, bytes.subspan(at + 46 + name, extra), entry);
    at += 46 + name + extra + comment;
    entries.push_back(std::move(entry));
  }
  return entries;
}

Bytes unpacked(const std::string& file, View bytes, const Entry& entry) {
  if (entry.offset > bytes.size() || bytes.size() - entry.offset < 30 ||
      little_endian<std::uint32_t>(bytes, entry.offset) != local_signature)
    throw InputError("{}: '{}' lies outside the file", file, entry.name);
  const std::size_t name = little_endian<std::uint16_t>(bytes, entry.offset + 26),
                    extra = little_endian<std::uint16_t>(bytes, entry.offset + 28);
  const std::size_t begin = entry.offset + 30 + name + extra;
  if (begin > bytes.size() || entry.packed_size > bytes.size() - begin) throw InputError("{}: '{}' is cut short", file, entry.name);
  const View packed = bytes.subspan(begin, entry.packed_size);
  Bytes result;
  if (entry.method == 0) {
    if (entry.size != entry.packed_size) throw InputError("{}: '{}' is stored with two sizes", file, entry.name);
    result.assign(packed.begin(), packed.end());
  } else if (entry.method == 8) {
    result = inflated(file + ": " + entry.name, packed, entry.size);
  } else {
    throw InputError("{}: '{}' is packed by method {}, which is not known", file, entry.name, entry.method);
  }
  if (crc32_z(crc32_z(0, nullptr, 0), result.data(), result.size()) != entry.checksum)
    throw InputError("{}: '{}' has a wrong checksum", file, entry.name);
  return result;
}

// ---- elements

float float_of_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const float magnitude = exponent == 31  ? (mantissa == 0 ? INFINITY : NAN)
                          : exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                          : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  return bits >> 15 != 0 ? -magnitude : magnitude;
}

// Calls take(element) for every element in its own type.
template <class T, class Take>
void each_as(const NumpyArray& array, Take&& take) {
  const std::size_t count = array.bytes.size() / sizeof(T);
  for (std::size_t i = 0; i < count; ++i) {
    T element;
    std::memcpy(&element, array.bytes.data() + i * sizeof(T), sizeof(T));
    take(element);
  }
}

template <class Take>
void each(const NumpyArray& array, Take&& take) {
  const int size = array.kind == 'c' ? array.size / 2 : array.size;
  if (array.kind == 'f' || array.kind == 'c') {
    if (size == 2) each_as<std::uint16_t>(array, [&](std::uint16_t bits) { take(float_of_half(bits)); });
    if (size == 4) each_as<float>(array, take);
    if (size == 8) each_as<double>(array, take);
  } else if (array.kind == 'i') {
    if (size == 1) each_as<std::int8_t>(array, take);
    if (size == 2) each_as<std::int16_t>(array, take);
    if (size == 4) each_as<std::int32_t>(array, take);
    if (size == 8) each_as<std::int64_t>(array, take);
  } else {
    if (size == 1) each_as<std::uint8_t>(array, take);
    if (size == 2) each_as<std::uint16_t>(array, take);
    if (size == 4) each_as<std::uint32_t>(array, take);
    if (size == 8) each_as<std::uint64_t>(array, take);
  }
}

}  // namespace

std::int64_t NumpyArray::count() const { return static_cast<std::int64_t>(bytes.size()) / size; }

std::vector<float> NumpyArray::as_float() const {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(count()));
  each(*this, [&](auto element) { values.push_back(static_cast<float>(element)); });
  return values;
}

std::vector<double> NumpyArray::as_double() const {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(count()));
  each(*this, [&](auto element) { values.push_back(static_cast<double>(element)); });
  return values;
}

std::vector<std::int64_t> NumpyArray::as_integer() const {
  std::vector<std::int64_t> values;
  values.reserve(static_cast<std::size_t>(count()));
  each(*this, [&](auto element) {
    const auto number = static_cast<long double>(element);
    if (!(number >= -9223372036854775808.0L && number <= 9223372036854775807.0L) || number != std::trunc(number))
      throw InputError("a NumPy array holds {}, which is no integer of 64 bits", static_cast<double>(element));
    values.push_back(static_cast<std::int64_t>(element));
  });
  return values;
}

NumpyArray read_npy(const std::filesystem::path& path) { return parse_npy(path.string(), read_bytes(path)); }

std::map<std::string, NumpyArray> read_npz(const std::filesystem::path& path) {
  const Bytes bytes = read_bytes(path);
  std::map<std::string, NumpyArray> arrays;
  for (const Entry& entry : read_directory(path.string(), bytes)) {
    std::string name = entry.name;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    const std::string file = path.string() + ": " + name;
    if (!arrays.emplace(name, parse_npy(file, unpacked(path.string(), bytes, entry))).second) throw InputError("{}: stands twice", file);
  }
  return arrays;
}

}  // namespace isocenter::core
