// Pools over channels-last tensors: each output voxel combines rows of channels.
#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "core/parallel.h"
#include "engine/operators/channel_affine.h"
#include "engine/operators/makers.h"
#include "engine/operators/spatial.h"
#include "engine/operators/vector_loops.h"

namespace isocenter::engine {
namespace {

ISOCENTER_VECTOR_LOOPS void largest_row(const float* x, float* y, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] > y[i] || x[i] != x[i] ? x[i] : y[i];  // NaN wins
}

ISOCENTER_VECTOR_LOOPS void add_row(const float* x, float* y, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) y[i] += x[i];
}

ISOCENTER_VECTOR_LOOPS void scale_row(float* y, float factor, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) y[i] *= factor;
}

SpatialWindow pooling_window(const Program& program, const Operation& operation) {
  const graph::Shape& x = program.tensor(operation.inputs[0]).shape;
  return spatial_window(program, operation,
                        graph::window_of(operation.node, operation.node.integers("kernel_shape"), {x.begin() + 2, x.end()}));
}

struct Reach {
  std::int64_t first, last;  // taps [first, last) that lie inside
};
Reach reach(const SpatialWindow& window, std::size_t axis, std::int64_t output) {
  const std::int64_t start = output * window.stride[axis] - window.before[axis], step = window.dilation[axis];
  const std::int64_t first = start < 0 ? (-start + step - 1) / step : 0;
  const std::int64_t last = std::min(window.kernel[axis], (window.input[axis] - start + step - 1) / step);
  return {first, std::max(first, last)};
}

// Calls body(source voxel) for every tap that lies inside; gives their number.
template <class Body>
std::int64_t for_each_tap(const SpatialWindow& window, std::int64_t z, std::int64_t y, std::int64_t x, Body&& body) {
  const Reach rz = reach(window, 0, z), ry = reach(window, 1, y), rx = reach(window, 2, x);
  for (std::int64_t i = rz.first; i < rz.last; ++i)
    for (std::int64_t j = ry.first; j < ry.last; ++j)
      for (std::int64_t k = rx.first; k < rx.last; ++k) {
        const std::int64_t sz = z * window.stride[0] - window.before[0] + i * window.dilation[0];
        const std::int64_t sy = y * window.stride[1] - window.before[1] + j * window.dilation[1];
        const std::int64_t sx = x * window.stride[2] - window.before[2] + k * window.dilation[2];
        body((sz * window.input[1] + sy) * window.input[2] + sx);
      }
  return (rz.last - rz.first) * (ry.last - ry.first) * (rx.last - rx.first);
}

template <class Body>
void for_each_output(const SpatialWindow& window, Body&& body) {
  const std::int64_t rows = window.output[0] * window.output[1];
  core::parallel_for(window.batch * rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r)
      for (std::int64_t x = 0; x < window.output[2]; ++x)
        body(r / rows, r % rows / window.output[1], r % window.output[1], x, r * window.output[2] + x);
  });
}

// Taps that count in an average: those inside the input, or inside the input and its stated padding.
std::int64_t counted_taps(const SpatialWindow& window, const Size3& stated_after, const Size3& output) {
  std::int64_t count = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    const std::int64_t start = output[a] * window.stride[a] - window.before[a];
    count *= std::min(start + window.kernel[a], window.input[a] + stated_after[a]) - start;
  }
  return count;
}

}  // namespace

Candidate make_max_pool(const Program& program, const Operation& operation) {
  const int x = operation.inputs[0], y = operation.outputs[0];
  if (operation.outputs.size() > 1 && operation.outputs[1] >= 0) return refused("positions of the maxima are asked for");
  if (!program.tensor(x).channels_last) return refused("not channels-last");
  const SpatialWindow window = pooling_window(program, operation);
  const std::int64_t channels = window.in_channels, x_pitch = pitch_of(program, x), y_pitch = pitch_of(program, y);
  return plain_kernel("own", [=](const Frame& frame) {
    for_each_output(window, [&](std::int64_t b, std::int64_t oz, std::int64_t oy, std::int64_t ox, std::int64_t voxel) {
      float* target = frame.floats(y) + voxel * y_pitch;
      const float* source = frame.floats(x) + b * window.input_voxels() * x_pitch;
      std::fill(target, target + channels, -std::numeric_limits<float>::infinity());
      for_each_tap(window, oz, oy, ox, [&](std::int64_t v) { largest_row(source + v * x_pitch, target, channels); });
    });
  });
}

Candidate make_average_pool(const Program& program, const Operation& operation) {
  const int x = operation.inputs[0], y = operation.outputs[0];
  if (!program.tensor(x).channels_last) return refused("not channels-last");
  const SpatialWindow window = pooling_window(program, operation);
  const bool with_padding = operation.node.integer("count_include_pad", 0) != 0;
  const graph::Shape& sizes = program.tensor(x).shape;
  const Size3 stated_after =
      padded_to_three(graph::window_of(operation.node, operation.node.integers("kernel_shape"), {sizes.begin() + 2, sizes.end()}).after, 0);
  const std::int64_t channels = window.in_channels, x_pitch = pitch_of(program, x), y_pitch = pitch_of(program, y);
  return plain_kernel("own", [=](const Frame& frame) {
    for_each_output(window, [&](std::int64_t b, std::int64_t oz, std::int64_t oy, std::int64_t ox, std::int64_t voxel) {
      float* target = frame.floats(y) + voxel * y_pitch;
      const float* source = frame.floats(x) + b * window.input_voxels() * x_pitch;
      std::fill(target, target + channels, 0.0f);
      std::int64_t count = for_each_tap(window, oz, oy, ox, [&](std::int64_t v) { add_row(source + v * x_pitch, target, channels); });
      if (with_padding) count = counted_taps(window, stated_after, {oz, oy, ox});
      scale_row(target, 1.0f / static_cast<float>(count), channels);
    });
  });
}

Candidate make_global_average_pool(const Program& program, const Operation& operation) {
  const int x = operation.inputs[0], y = operation.outputs[0];
  const Tensor& tensor = program.tensor(x);
  if (!tensor.channels_last) return refused("not channels-last");
  const std::int64_t batch = tensor.shape[0], channels = tensor.channels(), voxels = tensor.count() / (batch * channels);
  const VoxelRows rows{voxels, channels, pitch_of(program, x), channels, 0};
  return plain_kernel("own", [=](const Frame& frame) {
    const std::vector<float> zero(static_cast<std::size_t>(channels), 0.0f);
    std::vector<double> sums(static_cast<std::size_t>(2 * channels));
    for (std::int64_t b = 0; b < batch; ++b) {
      channel_sums(rows, frame.floats(x) + b * voxels * rows.x_pitch, zero.data(), sums.data());
      for (std::int64_t c = 0; c < channels; ++c)
        frame.floats(y)[b * channels + c] = static_cast<float>(sums[static_cast<std::size_t>(c)] / static_cast<double>(voxels));
    }
  });
}

// Up-sampling by whole factors, each value repeated (asymmetric coordinates, floor): what networks with nearest up-sampling export.
Candidate make_nearest_resize(const Program& program, const Operation& operation) {
  const int x = operation.inputs[0], y = operation.outputs[0];
  const Tensor &source = program.tensor(x), &target = program.tensor(y);
  if (!source.channels_last) return refused("not channels-last");
  if (operation.op() == "Resize") {
    if (operation.node.text("mode", "nearest") != "nearest") return refused("not nearest");
    if (operation.node.integers("axes").size() > 0) return refused("axes are named");
  }
  if (source.channels() != target.channels() || source.shape[0] != target.shape[0]) return refused("channels are resized");
  const Size3 from = spatial_size(source), to = spatial_size(target);
  Size3 factor{};
  for (std::size_t a = 0; a < 3; ++a) {
    if (to[a] % from[a] != 0) return refused("not a whole factor");
    factor[a] = to[a] / from[a];
  }
  const std::string coordinates = operation.node.text("coordinate_transformation_mode", "half_pixel");
  const std::string rounding = operation.node.text("nearest_mode", "round_prefer_floor");
  const bool repeats =
      (coordinates == "asymmetric" && rounding == "floor") || coordinates == "half_pixel" || coordinates == "pytorch_half_pixel";
  if (!repeats) return refused("coordinates that do not repeat each value evenly");
  // Half-pixel coordinates (i + 0.5) / factor - 0.5 rounded to the nearest lie within the source voxel for every whole factor; ties at even
  // factors do not occur.
  const std::int64_t channels = source.channels(), batch = source.shape[0], pitch = pitch_of(program, x), y_pitch = pitch_of(program, y);
  if (coordinates != "asymmetric" && rounding != "round_prefer_floor" && rounding != "round_prefer_ceil")
    return refused("rounding of half-pixel coordinates");
  return plain_kernel("own", [=](const Frame& frame) {
    const std::int64_t rows = batch * to[0] * to[1];
    core::parallel_for(rows, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        const std::int64_t b = r / (to[0] * to[1]), z = r / to[1] % to[0] / factor[0], line = r % to[1] / factor[1];
        const float* in = frame.floats(x) + ((b * from[0] + z) * from[1] + line) * from[2] * pitch;
        float* out = frame.floats(y) + r * to[2] * y_pitch;
        for (std::int64_t i = 0; i < to[2]; ++i)
          std::memcpy(out + i * y_pitch, in + i / factor[2] * pitch, static_cast<std::size_t>(channels) * sizeof(float));
      }
    });
  });
}

}  // namespace isocenter::engine
