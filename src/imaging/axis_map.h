// A linear map along one axis of an image: every output sample is a weighted sum of a few neighbouring input samples. Blurring, shrinking
// and smooth enlarging are such maps; done axis by axis they cost the sum, not the product, of their widths.
#pragma once

#include <cstdint>
#include <vector>

#include "imaging/image.h"

namespace isocenter::imaging {

struct AxisMap {
  std::int64_t inputs = 0;
  std::vector<std::int32_t> first;  // by output: the first input that counts
  std::vector<std::int32_t> start;  // by output, and one more: where its weights begin
  std::vector<float> weights;

  std::int64_t outputs() const { return static_cast<std::int64_t>(first.size()); }

  // Adds an output that weighs input index + n with weights_of_inputs[n]; inputs beyond the ends count for the end sample.
  void add_output(std::int64_t index, const std::vector<double>& weights_of_inputs);
};

// Output m is the linear interpolant at position + m * step (in input samples), averaged over `width` samples round there; width 0: no
// averaging.
AxisMap box_average_map(std::int64_t inputs, std::int64_t outputs, double position, double step, double width);

// Maps `axis` of the x-fastest array `input` of the given size; the result has the size with size[axis] replaced by map.outputs().
std::vector<float> apply_along(const std::vector<float>& input, const Index3& size, int axis, const AxisMap& map);

}  // namespace isocenter::imaging
