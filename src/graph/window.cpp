#include "graph/window.h"

#include <algorithm>

#include "core/error.h"

namespace isocenter::graph {
namespace {

// Beyond any image; keeps products of attributes and sizes far from overflow.
constexpr std::int64_t largest = std::int64_t{1} << 20;

Shape checked(const Node& node, const char* key, std::size_t count, std::int64_t otherwise, std::int64_t least) {
  Shape values = node.integers(key, Shape(count, otherwise));
  if (values.size() != count)
    throw core::InputError("node '{}' ({}): '{}' has {} numbers where {} fit", node.name, node.op, key, values.size(), count);
  for (const std::int64_t value : values)
    if (value < least || value > largest)
      throw core::InputError("node '{}' ({}): {} in '{}' is out of range", node.name, node.op, value, key);
  return values;
}

Window without_padding(const Node& node, const Shape& kernel) {
  Window window;
  window.kernel = kernel;
  for (const std::int64_t size : kernel)
    if (size < 1 || size > largest) throw core::InputError("node '{}' ({}): a kernel of size {} is out of range", node.name, node.op, size);
  window.stride = checked(node, "strides", kernel.size(), 1, 1);
  window.dilation = checked(node, "dilations", kernel.size(), 1, 1);
  return window;
}

void explicit_padding(const Node& node, Window& window) {
  const std::size_t count = window.kernel.size();
  const Shape pads = checked(node, "pads", 2 * count, 0, 0);
  window.before.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(count));
  window.after.assign(pads.begin() + static_cast<std::ptrdiff_t>(count), pads.end());
}

void split_padding(Window& window, std::int64_t total, bool upper) {
  const std::int64_t less = total / 2;
  window.before.push_back(upper ? less : total - less);
  window.after.push_back(upper ? total - less : less);
}

}  // namespace

Window window_of(const Node& node, const Shape& kernel, const Shape& spatial) {
  Window window = without_padding(node, kernel);
  const std::string mode = node.text("auto_pad", "NOTSET");
  if (mode == "NOTSET") {
    explicit_padding(node, window);
  } else if (mode == "VALID") {
    window.before = window.after = Shape(kernel.size(), 0);
  } else if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    for (std::size_t i = 0; i < kernel.size(); ++i) {
      if (spatial.at(i) < 0) throw core::InputError("node '{}' ({}): auto_pad {} needs a known input size", node.name, node.op, mode);
      const std::int64_t size = (spatial[i] + window.stride[i] - 1) / window.stride[i];
      const std::int64_t reach = (size - 1) * window.stride[i] + (kernel[i] - 1) * window.dilation[i] + 1;
      split_padding(window, std::max<std::int64_t>(reach - spatial[i], 0), mode == "SAME_UPPER");
    }
  } else {
    throw core::InputError("node '{}' ({}): auto_pad '{}' is not known", node.name, node.op, mode);
  }
  return window;
}

Window transposed_window_of(const Node& node, const Shape& kernel, const Shape& spatial) {
  Window window = without_padding(node, kernel);
  const Shape extra = checked(node, "output_padding", kernel.size(), 0, 0);
  const std::string mode = node.text("auto_pad", "NOTSET");
  const bool sized = node.attributes.contains("output_shape");
  if (!sized && mode == "NOTSET") {
    explicit_padding(node, window);
  } else if (!sized && mode == "VALID") {
    window.before = window.after = Shape(kernel.size(), 0);
  } else if (sized || mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    const Shape wanted = checked(node, "output_shape", kernel.size(), 1, 1);
    for (std::size_t i = 0; i < kernel.size(); ++i) {
      if (spatial.at(i) < 0) throw core::InputError("node '{}' ({}): its padding needs a known input size", node.name, node.op);
      const std::int64_t full = window.stride[i] * (spatial[i] - 1) + extra[i] + (kernel[i] - 1) * window.dilation[i] + 1;
      const std::int64_t size = sized ? wanted[i] : spatial[i] * window.stride[i];
      if (full < size) {  // a size beyond the last window: zeros behind
        window.before.push_back(0);
        window.after.push_back(full - size);
      } else {
        split_padding(window, full - size, mode == "SAME_UPPER");
      }
    }
  } else {
    throw core::InputError("node '{}' ({}): auto_pad '{}' is not known", node.name, node.op, mode);
  }
  return window;
}

std::int64_t slid_size(std::int64_t size, const Window& window, std::size_t axis, bool ceiling) {
  if (size < 0) return -1;
  const std::int64_t reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
  const std::int64_t room = size + window.before[axis] + window.after[axis] - reach;
  if (room < 0) return 0;
  const std::int64_t stride = window.stride[axis];
  std::int64_t count = (ceiling ? room + stride - 1 : room) / stride + 1;
  if (ceiling && (count - 1) * stride >= size + window.before[axis]) --count;
  return count;
}

}  // namespace isocenter::graph
