// The moving window of convolutions and poolings, with ONNX's defaults and `auto_pad` worked out.
#pragma once

#include "graph/graph.h"

namespace isocenter::graph {

struct Window {  // one number a spatial axis
  Shape kernel;
  Shape stride;
  Shape dilation;
  Shape before;  // padding
  Shape after;
};

// For Conv, AveragePool, MaxPool: `spatial` is the input's spatial size, which may hold -1 unless auto_pad is SAME_*. Throws
// core::InputError naming the node when an attribute does not fit.
Window window_of(const Node& node, const Shape& kernel, const Shape& spatial);

// For ConvTranspose; output size is stride * (in - 1) + dilation * (kernel - 1) + 1 - before - after + output_padding.
Window transposed_window_of(const Node& node, const Shape& kernel, const Shape& spatial);

// Size along one axis after sliding; -1 when `size` is -1, and 0 when the window does not fit once. `ceiling` as ONNX's ceil_mode: a last
// window that begins beyond the input and its leading padding is dropped.
std::int64_t slid_size(std::int64_t size, const Window& window, std::size_t axis, bool ceiling = false);

}  // namespace isocenter::graph
