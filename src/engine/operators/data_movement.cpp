// Values moved, not changed: copies, turned layouts, concatenations, and everything that is a walk through the source in steps.
#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "engine/operators/channel_affine.h"
#include "engine/operators/makers.h"
#include "graph/operators.h"

namespace isocenter::engine {
namespace {

// ONNX's order (channels, voxels) to channels-last (voxels, channels) in square blocks, which keep both sides in cache.
void transpose_blocks(const float* source, float* target, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t block = 32;
  core::parallel_for(
      columns,
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t c0 = begin; c0 < end; c0 += block)
          for (std::int64_t r0 = 0; r0 < rows; r0 += block)
            for (std::int64_t c = c0; c < std::min(end, c0 + block); ++c)
              for (std::int64_t r = r0; r < std::min(rows, r0 + block); ++r) target[c * rows + r] = source[r * columns + c];
      },
      std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(1, rows)));
}

struct Walk {
  graph::Shape sizes;               // of the output
  std::vector<std::int64_t> steps;  // in the source, for one step along each axis
  std::int64_t start = 0;
};

template <class Value>
void walk_copy(const Walk& walk, const Value* source, Value* target) {
  const std::size_t rank = walk.sizes.size();
  const std::int64_t row = rank == 0 ? 1 : walk.sizes.back(), step = rank == 0 ? 0 : walk.steps.back();
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < rank; ++i) rows *= walk.sizes[i];
  core::parallel_for(
      rows,
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r) {
          std::int64_t offset = walk.start, rest = r;
          for (std::size_t axis = rank > 0 ? rank - 1 : 0; axis-- > 0;) {
            offset += rest % walk.sizes[axis] * walk.steps[axis];
            rest /= walk.sizes[axis];
          }
          Value* out = target + r * row;
          if (step == 1)
            std::copy(source + offset, source + offset + row, out);
          else
            for (std::int64_t i = 0; i < row; ++i) out[i] = source[offset + i * step];
        }
      },
      std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, row)));
}

std::vector<std::int64_t> dense_steps(const graph::Shape& shape) {
  std::vector<std::int64_t> steps(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) steps[i - 1] = steps[i] * shape[i];
  return steps;
}

std::vector<std::int64_t> integers_of(const Program& program, const Operation& operation, std::size_t input) {
  if (!operation.has(input)) return {};
  const Tensor& tensor = program.tensor(operation.inputs[input]);
  return {tensor.integers(), tensor.integers() + tensor.count()};
}

Walk transpose_walk(const Operation& operation, const graph::Shape& source) {
  auto order = operation.node.integers("perm");
  if (order.empty())
    for (std::size_t i = source.size(); i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
  const auto steps = dense_steps(source);
  Walk walk;
  for (std::int64_t axis : order) {
    walk.sizes.push_back(source[static_cast<std::size_t>(axis)]);
    walk.steps.push_back(steps[static_cast<std::size_t>(axis)]);
  }
  return walk;
}

Walk slice_walk(const Program& program, const Operation& operation, const graph::Shape& source, const graph::Shape& output) {
  const auto starts = integers_of(program, operation, 1), axes = integers_of(program, operation, 3),
             strides = integers_of(program, operation, 4);
  Walk walk{output, dense_steps(source), 0};
  for (std::size_t k = 0; k < starts.size(); ++k) {
    std::int64_t axis = axes.empty() ? static_cast<std::int64_t>(k) : axes[k];
    if (axis < 0) axis += static_cast<std::int64_t>(source.size());
    const auto a = static_cast<std::size_t>(axis);
    const std::int64_t stride = strides.empty() ? 1 : strides[k], size = source[a];
    std::int64_t start = starts[k] < 0 ? starts[k] + size : starts[k];
    start = stride > 0 ? std::clamp<std::int64_t>(start, 0, size) : std::clamp<std::int64_t>(start, 0, size - 1);
    walk.start += start * walk.steps[a];
    walk.steps[a] *= stride;
  }
  return walk;
}

Walk expand_walk(const graph::Shape& source, const graph::Shape& output) {
  const auto steps = dense_steps(source);
  Walk walk{output, std::vector<std::int64_t>(output.size(), 0), 0};
  for (std::size_t i = 0; i < source.size(); ++i)
    if (source[source.size() - 1 - i] != 1) walk.steps[output.size() - 1 - i] = steps[source.size() - 1 - i];
  return walk;
}

Candidate walking_kernel(const Program& program, const Operation& operation, std::vector<Walk> walks) {
  const int x = operation.inputs[0];
  const bool floats = program.tensor(x).type == graph::DataType::f32;
  return plain_kernel("own", [=, outputs = operation.outputs](const Frame& frame) {
    for (std::size_t k = 0; k < walks.size(); ++k) {
      if (outputs[k] < 0) continue;
      if (floats)
        walk_copy(walks[k], frame.floats(x), frame.floats(outputs[k]));
      else
        walk_copy(walks[k], frame.integers(x), frame.integers(outputs[k]));
    }
  });
}

}  // namespace

Candidate make_copy(const Program& program, const Operation& operation) {
  const int x = operation.inputs[0], y = operation.outputs[0];
  const Tensor& source = program.tensor(x);
  if (source.wide >= 0) {
    const VoxelRows rows{source.count() / source.channels(), source.channels(), pitch_of(program, x), pitch_of(program, y), 0};
    return plain_kernel("own", [=](const Frame& frame) {
      for (std::int64_t v = 0; v < rows.voxels; ++v)
        std::copy_n(frame.floats(x) + v * rows.x_pitch, rows.channels, frame.floats(y) + v * rows.y_pitch);
    });
  }
  return plain_kernel("own",
                      [=, bytes = source.byte_count()](const Frame& frame) { std::memcpy(frame.floats(y), frame.floats(x), bytes); });
}

Candidate make_relayout(const Program& program, const Operation& operation) {
  const int x = operation.inputs[0], y = operation.outputs[0];
  const Tensor& source = program.tensor(x);
  const std::int64_t batch = source.shape[0], channels = source.shape[1],
                     voxels = source.count() / std::max<std::int64_t>(1, batch * channels);
  const bool to_last = program.tensor(y).channels_last;
  if (source.type != graph::DataType::f32) return refused("integers in channels-last order");
  if (source.wide >= 0) return refused("a slice of a wider tensor");
  return plain_kernel("own", [=](const Frame& frame) {
    for (std::int64_t b = 0; b < batch; ++b) {
      const std::int64_t offset = b * channels * voxels;
      if (to_last)
        transpose_blocks(frame.floats(x) + offset, frame.floats(y) + offset, channels, voxels);
      else
        transpose_blocks(frame.floats(x) + offset, frame.floats(y) + offset, voxels, channels);
    }
  });
}

Candidate make_concatenation(const Program& program, const Operation& operation) {
  const int y = operation.outputs[0];
  const Tensor& output = program.tensor(y);
  const auto rank = static_cast<std::int64_t>(output.shape.size());
  std::int64_t onnx_axis = operation.node.integer("axis", 0);
  if (onnx_axis < 0) onnx_axis += rank;
  const auto axis = static_cast<std::size_t>(output.memory_axis(static_cast<int>(onnx_axis)));
  const graph::Shape shape = output.memory_shape();
  std::int64_t inner = 1, outer = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) (i < axis ? outer : inner) *= i == axis ? 1 : shape[i];
  struct Part {
    int tensor;
    std::int64_t run, offset;  // values in a row of the output
  };
  std::vector<Part> parts;
  std::int64_t row = 0;
  for (int input : operation.inputs) {
    const Tensor& part = program.tensor(input);
    const std::int64_t run = part.memory_shape()[axis] * inner;
    if (part.wide != y) parts.push_back({input, run, row});  // a slice of the output is there already
    if (part.wide >= 0 && part.wide != y) return refused("a slice of another wide tensor");
    row += run;
  }
  const std::size_t size = graph::size_of(output.type);
  if (parts.empty()) return plain_kernel("in place", [](const Frame&) {});
  return plain_kernel("own", [=](const Frame& frame) {
    const auto bytes = [&](int tensor) { return reinterpret_cast<std::uint8_t*>(frame.floats(tensor)); };
    core::parallel_for(
        outer,
        [&](std::int64_t begin, std::int64_t end) {
          for (const Part& part : parts) {
            const std::size_t length = static_cast<std::size_t>(part.run) * size;
            for (std::int64_t r = begin; r < end; ++r)
              std::memcpy(bytes(y) + static_cast<std::size_t>(r * row + part.offset) * size,
                          bytes(part.tensor) + static_cast<std::size_t>(r) * length, length);
          }
        },
        std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, row)));
  });
}

Candidate make_strided_copy(const Program& program, const Operation& operation) {
  const graph::Shape& source = program.tensor(operation.inputs[0]).shape;
  for (std::size_t i = 1; i < operation.inputs.size(); ++i)
    if (operation.has(i) && !program.tensor(operation.inputs[i]).is_constant()) return refused("positions that are computed");
  const graph::Shape& output = program.tensor(operation.outputs[0]).shape;
  if (operation.op() == "Transpose") return walking_kernel(program, operation, {transpose_walk(operation, source)});
  if (operation.op() == "Slice") return walking_kernel(program, operation, {slice_walk(program, operation, source, output)});
  if (operation.op() == "Expand") return walking_kernel(program, operation, {expand_walk(source, output)});
  if (operation.op() != "Split") return refused("not a walk in steps");
  std::int64_t axis = operation.node.integer("axis", 0);
  if (axis < 0) axis += static_cast<std::int64_t>(source.size());
  const auto steps = dense_steps(source);
  std::vector<Walk> walks;
  std::int64_t position = 0;
  for (int part : operation.outputs) {
    if (part < 0) return refused("a part that is left out");
    const graph::Shape& shape = program.tensor(part).shape;
    walks.push_back({shape, steps, position * steps[static_cast<std::size_t>(axis)]});
    position += shape[static_cast<std::size_t>(axis)];
  }
  return walking_kernel(program, operation, walks);
}

}  // namespace isocenter::engine
