#include "graph/safetensors.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "graph/array.h"
#include "graph/mapped_file.h"

namespace isocenter::graph {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t longest_header = 100u << 20;  // the format's own limit
constexpr std::size_t most_dimensions = 16;

struct NamedType {
  const char* name;
  DataType type;
};
constexpr NamedType types[] = {{"F32", DataType::f32},     {"F64", DataType::f64}, {"F16", DataType::f16}, {"BF16", DataType::bf16},
                               {"I8", DataType::i8},       {"U8", DataType::u8},   {"I16", DataType::i16}, {"U16", DataType::u16},
                               {"I32", DataType::i32},     {"U32", DataType::u32}, {"I64", DataType::i64}, {"U64", DataType::u64},
                               {"BOOL", DataType::boolean}};

// Refuses what nlohmann-json would let pass: a key that stands twice, and nesting that no header has.
Json parse_header(const std::string& file, std::string_view text) {
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > 4) throw core::InputError("{}: header: nested too deeply", file);
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second)
      throw core::InputError("{}: header: '{}' stands twice", file, value.get<std::string>());
    return true;
  };
  try {
    Json header = Json::parse(text, check);
    if (!header.is_object()) throw core::InputError("{}: header: not a JSON object", file);
    return header;
  } catch (const Json::exception& error) {
    throw core::InputError("{}: header: not JSON: {:.160}", file, error.what());  // the reason may quote the text at any length
  }
}

struct Place {
  std::uint64_t begin, end;
  std::string name;
};

std::uint64_t offset_of(const std::string& file, const std::string& name, const Json& value) {
  if (!value.is_number_unsigned()) throw core::InputError("{}: tensor '{}': an offset is not a whole number", file, name);
  return value.get<std::uint64_t>();
}

// One header entry, checked against the size of the data.
Place read_entry(const std::string& file, const std::string& name, const Json& entry, std::uint64_t data_size, Constant& tensor) {
  if (!entry.is_object()) throw core::InputError("{}: tensor '{}': its entry is not a JSON object", file, name);
  for (const char* key : {"dtype", "shape", "data_offsets"})
    if (!entry.contains(key)) throw core::InputError("{}: tensor '{}': '{}' is missing", file, name, key);
  const Json &dtype = entry["dtype"], &shape = entry["shape"], &offsets = entry["data_offsets"];
  if (!dtype.is_string()) throw core::InputError("{}: tensor '{}': 'dtype' is not text", file, name);
  const auto type = std::ranges::find_if(types, [&](const NamedType& known) { return dtype.get_ref<const std::string&>() == known.name; });
  if (type == std::end(types)) throw core::InputError("{}: tensor '{}': unknown dtype '{}'", file, name, dtype.get<std::string>());
  tensor.type = type->type;
  if (!shape.is_array() || shape.size() > most_dimensions)
    throw core::InputError("{}: tensor '{}': 'shape' is not a short list", file, name);
  std::uint64_t bytes = size_of(tensor.type);
  for (const Json& size : shape) {
    if (!size.is_number_unsigned()) throw core::InputError("{}: tensor '{}': a size is not a whole number", file, name);
    const auto value = size.get<std::uint64_t>();
    if (__builtin_mul_overflow(bytes, value, &bytes) || value > (std::uint64_t{1} << 62))
      throw core::InputError("{}: tensor '{}': its size is out of range", file, name);
    tensor.shape.push_back(static_cast<std::int64_t>(value));
  }
  if (!offsets.is_array() || offsets.size() != 2) throw core::InputError("{}: tensor '{}': 'data_offsets' are not two numbers", file, name);
  const Place place{offset_of(file, name, offsets[0]), offset_of(file, name, offsets[1]), name};
  if (place.begin > place.end || place.end > data_size)
    throw core::InputError("{}: tensor '{}': bytes {} to {} lie outside the {} bytes of data; the file may be cut short", file, name,
                           place.begin, place.end, data_size);
  if (place.end - place.begin != bytes)
    throw core::InputError("{}: tensor '{}': its shape takes {} bytes, its offsets give {}", file, name, bytes, place.end - place.begin);
  return place;
}

}  // namespace

Safetensors read_safetensors(const std::filesystem::path& path) {
  const std::string file = path.string();
  const MappedFile map = map_file(path);
  if (map.size < 8) throw core::InputError("{}: not a safetensors file: {} bytes are shorter than its header's length", file, map.size);
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | map.bytes.get()[i];
  if (length > longest_header || length > map.size - 8)
    throw core::InputError("{}: not a safetensors file, or cut short: a header of {} bytes in a file of {}", file, length, map.size);
  const Json header = parse_header(file, {reinterpret_cast<const char*>(map.bytes.get()) + 8, length});
  const std::uint8_t* data = map.bytes.get() + 8 + length;
  const std::uint64_t data_size = map.size - 8 - length;

  Safetensors content;
  std::vector<Place> places;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (!entry.is_object()) throw core::InputError("{}: header: '__metadata__' is not a JSON object", file);
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) throw core::InputError("{}: header: metadata '{}' is not text", file, key);
        content.metadata[key] = value.get<std::string>();
      }
      continue;
    }
    Constant tensor;
    const Place place = read_entry(file, name, entry, data_size, tensor);
    places.push_back(place);
    tensor.bytes = share(map, {data + place.begin, place.end - place.begin});
    content.tensors.emplace(name, std::move(tensor));
  }

  // The tensors must tile the data: no byte twice, none unused.
  std::ranges::sort(places, {}, [](const Place& place) { return std::pair(place.begin, place.end); });
  std::uint64_t reached = 0;
  for (const Place& place : places) {
    if (place.begin < reached) throw core::InputError("{}: tensor '{}': its bytes overlap another tensor's", file, place.name);
    if (place.begin > reached)
      throw core::InputError("{}: tensor '{}': {} bytes before it belong to no tensor", file, place.name, place.begin - reached);
    reached = place.end;
  }
  if (reached != data_size) throw core::InputError("{}: the last {} bytes belong to no tensor", file, data_size - reached);
  return content;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& content) {
  // Largest elements first, so that every tensor is aligned to its own size; by name within.
  std::vector<const std::pair<const std::string, Constant>*> order;
  for (const auto& tensor : content.tensors) order.push_back(&tensor);
  std::ranges::stable_sort(order, std::greater<>(), [](const auto* tensor) { return size_of(tensor->second.type); });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  std::uint64_t offset = 0;
  for (const auto* tensor : order) {
    const auto& [name, constant] = *tensor;
    if (name == "__metadata__") throw std::logic_error("write_safetensors: a tensor has the name __metadata__");
    const auto type = std::ranges::find(types, constant.type, &NamedType::type);
    const std::uint64_t end = offset + constant.byte_count();
    header[name] = {{"dtype", type->name}, {"shape", constant.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');

  core::write_file(path, [&](const std::filesystem::path& temporary) {
    std::ofstream out(temporary, std::ios::binary);
    std::uint8_t length[8];
    for (int i = 0; i < 8; ++i) length[i] = static_cast<std::uint8_t>(std::uint64_t{text.size()} >> (8 * i));
    out.write(reinterpret_cast<const char*>(length), 8);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    for (const auto* tensor : order)
      out.write(reinterpret_cast<const char*>(tensor->second.bytes.get()), static_cast<std::streamsize>(tensor->second.byte_count()));
    out.close();
    if (!out) throw core::ResourceError("{}: cannot be written; is the disk full?", path.string());
  });
}

std::vector<std::string> set_parameters(Graph& graph, const std::map<std::string, Constant>& weights, const std::string& file) {
  const auto trained = parameters(graph), counted = statistics(graph);
  std::set<std::string> wanted(trained.begin(), trained.end());
  wanted.insert(counted.begin(), counted.end());
  for (const std::string& name : wanted) {
    Constant& place = graph.constants.at(name);
    const auto found = weights.find(name);
    if (found == weights.end())
      throw core::InputError("{}: parameter '{}' of shape ({}) is missing; is it the weights of another network?", file, name,
                             fmt::join(place.shape, ", "));
    if (found->second.shape != place.shape)
      throw core::InputError("{}: parameter '{}' has shape ({}) where the network takes ({})", file, name,
                             fmt::join(found->second.shape, ", "), fmt::join(place.shape, ", "));
    if (!is_floating(found->second.type))
      throw core::InputError("{}: parameter '{}' is of type {}", file, name, name_of(found->second.type));
    place = convert(found->second, place.type);
  }
  std::vector<std::string> unknown;
  for (const auto& [name, constant] : weights)
    if (!wanted.contains(name)) unknown.push_back(name);
  return unknown;
}

}  // namespace isocenter::graph
