// The gradient of the weights summed in registers: a few (tap, input channel) pairs times two vectors of output channels, over one row of
// positions after the other. Fits every shape.
#pragma once

#include <utility>

#include "kernels/convolution_kernel.h"

namespace isocenter::kernels {

struct WeightGradientPlan {
  ConvolutionShape shape;  // with strides filled in
  Size3 output{};
  std::int64_t in = 0, out = 0, x_stride = 0, dy_stride = 0;  // channels of one group
  std::int64_t lanes = 0, padded = 0;                         // padded: `out` rounded up to whole vectors
  std::vector<int> blocks;                                    // vectors of each block of output channels
  std::int64_t row_voxels = 0;                                // of a source row with its padding
  std::int64_t dy_floats = 0;                                 // of the padded copy of a row of dy
  std::int64_t piece_rows = 1;                                // rows summed before they are added to the total
  bool by_blocks = false;                                     // threads take blocks instead of rows
  int threads = 1;

  std::int64_t kernel_rows() const { return shape.kernel[0] * shape.kernel[1]; }
  // Scratch of a thread: the row of dy, copies of source rows, which tap each source row is for and where it lies.
  std::size_t scratch_floats() const { return align_up(static_cast<std::size_t>(tap_offset() + 4 * kernel_rows()), 16); }
  std::int64_t tap_offset() const {
    return static_cast<std::int64_t>(align_up(static_cast<std::size_t>(dy_floats + kernel_rows() * row_voxels * in), 16));
  }
  const float** row_scratch(float* scratch) const { return reinterpret_cast<const float**>(scratch + tap_offset() + 2 * kernel_rows()); }
  std::int64_t* tap_scratch(float* scratch) const { return reinterpret_cast<std::int64_t*>(scratch + tap_offset()); }

  // Where the sums of the blocks [first, last) lie, one range a group.
  std::vector<std::pair<std::size_t, std::size_t>> ranges(std::size_t first, std::size_t last) const {
    std::int64_t low = 0, high = 0;
    for (std::size_t block = 0; block < last; ++block) (block < first ? low : high) += blocks[block];
    high += low;
    std::vector<std::pair<std::size_t, std::size_t>> result;
    for (std::int64_t g = 0; g < shape.groups; ++g) {
      const std::int64_t terms = voxels(shape.kernel) * in;
      result.emplace_back((g * padded + low * lanes) * terms, (g * padded + high * lanes) * terms);
    }
    return result;
  }
};

Made<WeightGradientKernel> make_direct_weight_gradient(const ConvolutionShape& shape, int threads);
double direct_weight_gradient_seconds(const ConvolutionShape& shape, int threads);

}  // namespace isocenter::kernels
