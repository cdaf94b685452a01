// What the ONNX reader and writer share: field numbers and element types of onnx.proto3 (IR version 8), and the definitions of the
// operators that opset 17 does not have. Internal to this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace isocenter::graph::onnx {

constexpr std::int64_t ir_version = 8, opset = 17;           // written
constexpr std::int64_t oldest_opset = 6, newest_opset = 21;  // read
constexpr const char* own_domain = "isocenter";              // of the operators that opset 17 does not have

namespace model {
constexpr std::uint32_t ir_version = 1, producer_name = 2, graph = 7, opset_import = 8, metadata = 14, functions = 25;
}
namespace opset_id {
constexpr std::uint32_t domain = 1, version = 2;
}
namespace graph_field {
constexpr std::uint32_t node = 1, name = 2, initializer = 5, input = 11, output = 12, sparse_initializer = 15;
}
namespace node_field {
constexpr std::uint32_t input = 1, output = 2, name = 3, op = 4, attribute = 5, domain = 7;
}
namespace attribute_field {
constexpr std::uint32_t name = 1, number = 2, integer = 3, text = 4, tensor = 5, numbers = 7, integers = 8, texts = 9, type = 20,
                        reference = 21;
}
namespace attribute_type {
constexpr std::int64_t number = 1, integer = 2, text = 3, tensor = 4, numbers = 6, integers = 7, texts = 8;
}
namespace tensor_field {
constexpr std::uint32_t dims = 1, type = 2, floats = 4, int32s = 5, strings = 6, int64s = 7, name = 8, raw = 9, doubles = 10, uint64s = 11,
                        external = 13, location = 14;
}
namespace value_field {
constexpr std::uint32_t name = 1, type = 2, tensor_type = 1, element_type = 1, shape = 2, dimension = 1, size = 1;
}
namespace entry {
constexpr std::uint32_t key = 1, value = 2;
}
namespace function_field {
constexpr std::uint32_t name = 1, input = 4, output = 5, attribute = 6, node = 7, opset_import = 9, domain = 10;
}

std::optional<DataType> type_of_number(std::int64_t number);  // TensorProto.DataType
std::int64_t number_of_type(DataType type);

// The double that a reader means by a stored f32: that of its shortest decimal, so that 1e-5 comes back as 1e-5.
double widened(float value);

// Metadata that holds a node's number attribute to all its digits, where an f32 does not.
std::string exact_number_key(const std::string& node, const std::string& attribute);

// The name under which a node's operator stands in `own_domain`, or nothing when opset 17 has it.
std::optional<std::string> own_operator(const Node& node);
// And back; nothing when it is none of ours.
std::optional<std::string> operator_of_own(std::string_view name);
// The definition of an own operator in opset 17's, as a serialized FunctionProto.
std::string definition_of(const std::string& own_name);

// Turns a node of opset `version` into opset 17's form; constants it needs are added to the graph. Appends the node, or several, to
// graph.nodes.
void append_upgraded(Graph& graph, Node node, std::int64_t version);

}  // namespace isocenter::graph::onnx
