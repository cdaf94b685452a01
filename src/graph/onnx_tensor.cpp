#include "graph/onnx_tensor.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "graph/onnx_format.h"

namespace isocenter::graph::onnx {
namespace {

using protobuf::Bytes;
using protobuf::Field;
using protobuf::Reader;
using protobuf::Wire;

constexpr std::size_t most_dimensions = 32;

struct External {
  std::string location;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool has_length = false;
};

struct Message {
  std::string name;
  std::vector<std::int64_t> dims;
  std::int64_t type = 0;
  std::optional<Bytes> raw;
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<std::int64_t> int32s, int64s;
  std::vector<std::uint64_t> uint64s;
  bool has_strings = false, is_external = false;
  External external;
};

std::uint64_t whole_number(const Message& tensor, const std::string& key, const std::string& text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size())
    throw core::InputError("tensor '{}': external data: {} '{}' is not a whole number", tensor.name, key, text);
  return value;
}

void read_external(Message& tensor, Bytes message) {
  Reader reader(message);
  Field field;
  std::string key, value;
  while (reader.next(field)) {
    if (field.number == entry::key) key = field.text();
    if (field.number == entry::value) value = field.text();
  }
  if (key == "location") tensor.external.location = value;
  if (key == "offset") tensor.external.offset = whole_number(tensor, key, value);
  if (key == "length") tensor.external.length = whole_number(tensor, key, value), tensor.external.has_length = true;
}

Message read_message(Bytes bytes) {
  Message tensor;
  Reader reader(bytes);
  Field field;
  std::vector<Bytes> external;
  while (reader.next(field)) {
    switch (field.number) {
      case tensor_field::dims:
        protobuf::append_varints(field, tensor.dims);
        break;
      case tensor_field::type:
        tensor.type = field.integer();
        break;
      case tensor_field::floats:
        protobuf::append_fixed(field, tensor.floats);
        break;
      case tensor_field::int32s:
        protobuf::append_varints(field, tensor.int32s);
        break;
      case tensor_field::strings:
        tensor.has_strings = true;
        break;
      case tensor_field::int64s:
        protobuf::append_varints(field, tensor.int64s);
        break;
      case tensor_field::name:
        tensor.name = field.text();
        break;
      case tensor_field::raw:
        tensor.raw = field.message();
        break;
      case tensor_field::doubles:
        protobuf::append_fixed(field, tensor.doubles);
        break;
      case tensor_field::uint64s:
        protobuf::append_varints(field, tensor.uint64s);
        break;
      case tensor_field::external:
        external.push_back(field.message());
        break;
      case tensor_field::location:
        tensor.is_external = field.integer() == 1;
        break;
      default:
        break;
    }
  }
  for (const Bytes pair : external) read_external(tensor, pair);
  return tensor;
}

// Number of elements the dimensions ask for, with the bytes kept below 2^62.
std::uint64_t checked_count(const Message& tensor, std::size_t element) {
  if (tensor.dims.size() > most_dimensions) throw core::InputError("tensor '{}' has {} dimensions", tensor.name, tensor.dims.size());
  std::uint64_t count = 1;
  for (const std::int64_t size : tensor.dims) {
    if (size < 0) throw core::InputError("tensor '{}': a size of {}", tensor.name, size);
    if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(size), &count) || count > (std::uint64_t{1} << 62) / element)
      throw core::InputError("tensor '{}': its size is out of range", tensor.name);
  }
  return count;
}

std::shared_ptr<const std::uint8_t> external_bytes(const Message& tensor, std::uint64_t wanted, const std::filesystem::path& folder) {
  const External& external = tensor.external;
  const std::filesystem::path location(external.location);
  // The file lies beside the model: a name alone, and no link that leads elsewhere.
  if (external.location.empty() || location.has_parent_path() || external.location == "." || external.location == "..")
    throw core::InputError("tensor '{}': external data '{}' must be a file beside the model", tensor.name, external.location);
  const std::filesystem::path path = folder / location;
  if (std::filesystem::is_symlink(path))
    throw core::InputError("tensor '{}': external data '{}' is a link", tensor.name, external.location);
  const MappedFile file = map_file(path);
  if (external.has_length && external.length != wanted)
    throw core::InputError("tensor '{}': external data has {} bytes, its shape takes {}", tensor.name, external.length, wanted);
  if (external.offset > file.size || wanted > file.size - external.offset)
    throw core::InputError("tensor '{}': external data lies outside '{}'", tensor.name, external.location);
  return share(file, file.view().subspan(static_cast<std::size_t>(external.offset), static_cast<std::size_t>(wanted)));
}

// Typed fields: each element type has one list that holds it (onnx.proto3, TensorProto); 16-bit floats come as their bits in int32_data.
template <class Stored, class Element>
std::shared_ptr<const std::uint8_t> packed(const Message& tensor, const std::vector<Stored>& values, std::uint64_t count) {
  if (values.size() != count) throw core::InputError("tensor '{}' holds {} numbers, its shape takes {}", tensor.name, values.size(), count);
  const auto bytes = allocate_bytes(values.size() * sizeof(Element));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto element = static_cast<Element>(values[i]);
    std::memcpy(bytes.get() + i * sizeof(Element), &element, sizeof(Element));
  }
  return bytes;
}

std::shared_ptr<const std::uint8_t> typed_bytes(const Message& tensor, DataType type, std::uint64_t count) {
  switch (type) {
    case DataType::f32:
      return packed<float, float>(tensor, tensor.floats, count);
    case DataType::f64:
      return packed<double, double>(tensor, tensor.doubles, count);
    case DataType::i64:
      return packed<std::int64_t, std::int64_t>(tensor, tensor.int64s, count);
    case DataType::u64:
      return packed<std::uint64_t, std::uint64_t>(tensor, tensor.uint64s, count);
    case DataType::u32:
      return packed<std::uint64_t, std::uint32_t>(tensor, tensor.uint64s, count);
    case DataType::i32:
      return packed<std::int64_t, std::int32_t>(tensor, tensor.int32s, count);
    case DataType::i16:
      return packed<std::int64_t, std::int16_t>(tensor, tensor.int32s, count);
    case DataType::i8:
      return packed<std::int64_t, std::int8_t>(tensor, tensor.int32s, count);
    case DataType::u16:
    case DataType::f16:
    case DataType::bf16:
      return packed<std::int64_t, std::uint16_t>(tensor, tensor.int32s, count);
    case DataType::u8:
    case DataType::boolean:
      return packed<std::int64_t, std::uint8_t>(tensor, tensor.int32s, count);
  }
  throw std::logic_error("typed_bytes: no such type");
}

}  // namespace

NamedConstant read_tensor(protobuf::Bytes message, const MappedFile& file, const std::filesystem::path& folder) {
  const Message tensor = read_message(message);
  const auto type = type_of_number(tensor.type);
  if (!type || tensor.has_strings) throw core::InputError("tensor '{}': element type {} is not known", tensor.name, tensor.type);
  const std::size_t element = size_of(*type);
  const std::uint64_t count = checked_count(tensor, element);
  NamedConstant result{tensor.name, {*type, tensor.dims, nullptr}};
  if (tensor.is_external) {
    result.constant.bytes = external_bytes(tensor, count * element, folder);
  } else if (tensor.raw) {
    if (tensor.raw->size() != count * element)
      throw core::InputError("tensor '{}' holds {} bytes, its shape takes {}", tensor.name, tensor.raw->size(), count * element);
    result.constant.bytes = share(file, *tensor.raw);
  } else {
    result.constant.bytes = typed_bytes(tensor, *type, count);
  }
  return result;
}

}  // namespace isocenter::graph::onnx
