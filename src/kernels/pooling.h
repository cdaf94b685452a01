// Max and average pooling, 1D to 3D, and their gradients. Windows that hang over the border see only what is inside (max), or count the
// padding as zeros where asked to (average).
#pragma once

#include <cstdint>

#include "kernels/tensor_layout.h"

namespace isocenter::kernels {

struct PoolingShape {
  std::int64_t batch = 1;
  Size3 input{1, 1, 1};
  std::int64_t channels = 1;
  Size3 kernel{1, 1, 1}, stride{1, 1, 1}, padding_low{0, 0, 0}, padding_high{0, 0, 0};
  bool count_padding = false;               // of an average: divide by the whole window
  std::int64_t x_stride = 0, y_stride = 0;  // also of dx and dy; 0: dense

  Size3 output() const;  // floor((input + padding - kernel) / stride) + 1
};

// taken: for each output value the voxel of its image that it came from, dense (batch, output voxels, channels); null where no gradient is
// wanted. A NaN in the window is the largest.
void max_pool_forward(const PoolingShape& shape, const float* x, float* y, std::int32_t* taken);
void max_pool_backward(const PoolingShape& shape, const std::int32_t* taken, const float* dy, float* dx);

void average_pool_forward(const PoolingShape& shape, const float* x, float* y);
void average_pool_backward(const PoolingShape& shape, const float* dy, float* dx);

}  // namespace isocenter::kernels
