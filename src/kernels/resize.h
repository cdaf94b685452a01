// Resizing of channels-last images, nearest and (tri)linear, and its gradient.
//
//   Resize resize({.input = {8, 8, 8}, .output = {16, 16, 16}, .channels = 32, .mode = ResizeMode::linear});
//   resize.forward(x, y);
//   resize.backward(dy, dx);
//
// Output index o lies at the input coordinate (o + 0.5) input / output - 0.5 (half_pixel), o (input - 1) / (output - 1) (align_corners) or
// o input / output (asymmetric). Nearest rounds down with asymmetric (as torch's "nearest") and to the nearest, halves down, otherwise.
// Coordinates beyond the border take the border's value.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/tensor_layout.h"

namespace isocenter::kernels {

enum class ResizeMode { nearest, linear };
enum class ResizeCoordinates { half_pixel, align_corners, asymmetric };

struct ResizeShape {
  std::int64_t batch = 1;
  Size3 input{1, 1, 1}, output{1, 1, 1};
  std::int64_t channels = 1;
  ResizeMode mode = ResizeMode::linear;
  ResizeCoordinates coordinates = ResizeCoordinates::half_pixel;
  std::int64_t x_stride = 0, y_stride = 0;  // also of dx and dy; 0: dense
};

class Resize {
 public:
  explicit Resize(const ResizeShape& shape);  // throws core::InputError for an empty size
  const ResizeShape& shape() const { return shape_; }
  void forward(const float* x, float* y) const;
  void backward(const float* dy, float* dx) const;

  // Of one output index along an axis: (1 - weight) x[low] + weight x[high].
  struct Source {
    std::int64_t low, high;
    float weight;
  };

 private:
  ResizeShape shape_;
  std::vector<Source> axis_[3];
};

}  // namespace isocenter::kernels
