#include "graph/onnx_format.h"

#include <charconv>
#include <cmath>

#include "graph/operators.h"

namespace isocenter::graph::onnx {
namespace {

struct NumberedType {
  std::int64_t number;
  DataType type;
};
constexpr NumberedType types[] = {{1, DataType::f32},  {2, DataType::u8},   {3, DataType::i8},   {4, DataType::u16},
                                  {5, DataType::i16},  {6, DataType::i32},  {7, DataType::i64},  {9, DataType::boolean},
                                  {10, DataType::f16}, {11, DataType::f64}, {12, DataType::u32}, {13, DataType::u64},
                                  {16, DataType::bf16}};

}  // namespace

std::optional<DataType> type_of_number(std::int64_t number) {
  for (const NumberedType& known : types)
    if (known.number == number) return known.type;
  return std::nullopt;
}

std::int64_t number_of_type(DataType type) {
  for (const NumberedType& known : types)
    if (known.type == type) return known.number;
  throw std::logic_error("number_of_type: no such type");
}

double widened(float value) {
  if (!std::isfinite(value)) return value;
  char text[32];
  const auto written = std::to_chars(text, text + sizeof text, value);
  double result = 0;
  std::from_chars(text, written.ptr, result);
  return result;
}

std::string exact_number_key(const std::string& node, const std::string& attribute) { return "exact number: " + node + " " + attribute; }

}  // namespace isocenter::graph::onnx
