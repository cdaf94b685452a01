// One TensorProto read into a Constant. Internal to this room.
#pragma once

#include <filesystem>
#include <string>

#include "graph/mapped_file.h"
#include "graph/protobuf.h"

namespace isocenter::graph::onnx {

struct NamedConstant {
  std::string name;
  Constant constant;
};

// `file` is the map that `message` lies in; `folder` is where external data may lie, beside the model and nowhere else. Throws
// core::InputError naming the tensor and the fault.
NamedConstant read_tensor(protobuf::Bytes message, const MappedFile& file, const std::filesystem::path& folder);

}  // namespace isocenter::graph::onnx
