// Convolution and transposed convolution by the kernels room: Winograd's tiles and direct loops, slices of wider tensors in and out.
#include <algorithm>

#include "core/error.h"
#include "core/parallel.h"
#include "engine/arena.h"
#include "engine/operators/activation.h"
#include "engine/operators/channel_affine.h"
#include "engine/operators/makers.h"
#include "engine/operators/spatial.h"
#include "kernels/convolution.h"

namespace isocenter::engine {
namespace {

// The activation over voxels `pitch` floats apart.
void activate_voxels(float* y, std::int64_t voxels, std::int64_t channels, std::int64_t pitch, const Activation& activation) {
  if (activation.kind == Activation::Kind::none) return;
  if (pitch == channels) return activate_all(y, voxels * channels, activation);
  core::parallel_for(
      voxels,
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t v = begin; v < end; ++v) activate(y + v * pitch, channels, activation);
      },
      4096);
}

const float* constant_or_null(const Program& program, const Operation& operation, std::size_t input) {
  return operation.has(input) ? program.tensor(operation.inputs[input]).floats() : nullptr;
}

std::string misfit(const Program& program, const Operation& operation) {
  if (!program.tensor(operation.inputs[0]).channels_last) return "not channels-last";
  if (!program.tensor(operation.inputs[1]).is_constant()) return "weights that are computed";
  if (operation.has(2) && !program.tensor(operation.inputs[2]).is_constant()) return "a bias that is computed";
  if (operation.residual >= 0) return "a residual";
  return {};
}

kernels::ConvolutionShape shape_of(const Program& program, const Operation& operation) {
  const SpatialWindow window = convolution_window(program, operation);
  kernels::ConvolutionShape shape;
  shape.batch = window.batch;
  shape.input = window.input;
  shape.in_channels = window.in_channels;
  shape.out_channels = window.out_channels;
  shape.kernel = window.kernel;
  shape.stride = window.stride;
  shape.dilation = window.dilation;
  shape.padding_low = window.before;
  for (std::size_t a = 0; a < 3; ++a) shape.padding_high[a] = std::max<std::int64_t>(0, window.after[a]);
  shape.groups = window.groups;
  shape.x_stride = pitch_of(program, operation.inputs[0]);
  shape.y_stride = pitch_of(program, operation.outputs[0]);
  return shape;
}

class OwnConvolution final : public Kernel {
 public:
  OwnConvolution(const Program& program, const Operation& operation, kernels::Convolution convolution)
      : convolution_(std::move(convolution)),
        packed_(convolution_.packed_bytes(), "the weights"),
        bias_(constant_or_null(program, operation, 2)),
        activation_(operation.activation),
        x_(operation.inputs[0]),
        y_(operation.outputs[0]) {
    convolution_.pack(program.tensor(operation.inputs[1]).floats(), packed_.data());
  }
  std::string name() const override { return "own " + convolution_.kernel_name(); }
  std::size_t workspace_bytes() const override { return convolution_.workspace_bytes(kernels::Pass::forward); }
  std::size_t packed_bytes() const override { return packed_.bytes(); }

  void run(const Frame& frame) override {
    convolution_.forward_packed(frame.floats(x_), packed_.data(), bias_, frame.floats(y_), frame.workspace);
    const kernels::ConvolutionShape& shape = convolution_.shape();
    activate_voxels(frame.floats(y_), shape.batch * kernels::voxels(shape.output()), shape.out_channels, shape.y_stride, activation_);
  }

 private:
  kernels::Convolution convolution_;
  Arena packed_;
  const float* bias_;
  Activation activation_;
  int x_, y_;
};

// A transposed convolution whose stride is its kernel, nothing cut off and nothing added.
bool scatters(const SpatialWindow& window) {
  if (window.groups != 1) return false;
  for (std::size_t a = 0; a < 3; ++a)
    if (window.kernel[a] != window.stride[a] || window.dilation[a] != 1 || window.before[a] != 0 ||
        window.output[a] != window.input[a] * window.kernel[a])
      return false;
  return true;
}

class OwnTransposedConvolution final : public Kernel {
 public:
  OwnTransposedConvolution(const Program& program, const Operation& operation, const kernels::TransposedConvolutionShape& shape)
      : convolution_(shape),
        weights_(program.tensor(operation.inputs[1]).floats()),
        bias_(constant_or_null(program, operation, 2)),
        activation_(operation.activation),
        x_(operation.inputs[0]),
        y_(operation.outputs[0]) {}
  std::string name() const override { return "own transposed"; }
  std::size_t workspace_bytes() const override { return convolution_.workspace_bytes(); }

  void run(const Frame& frame) override {
    convolution_.forward(frame.floats(x_), weights_, bias_, frame.floats(y_), frame.workspace);
    const kernels::TransposedConvolutionShape& shape = convolution_.shape();
    activate_voxels(frame.floats(y_), shape.batch * kernels::voxels(shape.output()), shape.out_channels, shape.y_stride, activation_);
  }

 private:
  kernels::TransposedConvolution convolution_;
  const float *weights_, *bias_;
  Activation activation_;
  int x_, y_;
};

}  // namespace

bool own_convolution_fits(const Program& program, const Operation& operation) {
  if (!misfit(program, operation).empty()) return false;
  if (operation.op() == "ConvTranspose") return scatters(convolution_window(program, operation, true));
  if (operation.op() != "Conv") return false;
  const kernels::ConvolutionShape shape = shape_of(program, operation);
  return !kernels::refusal(shape) && kernels::Convolution(shape).kernel_name() != "reference";
}

Candidate make_own_convolution(const Program& program, const Operation& operation) {
  if (auto why = misfit(program, operation); !why.empty()) return refused(why);
  const kernels::ConvolutionShape shape = shape_of(program, operation);
  if (const auto why = kernels::refusal(shape)) return refused(*why);
  kernels::Convolution convolution(shape);
  if (convolution.kernel_name() == "reference") return refused("no fast kernel of our own for it");
  return {std::make_unique<OwnConvolution>(program, operation, std::move(convolution)), {}};
}

Candidate make_own_transposed_convolution(const Program& program, const Operation& operation) {
  if (auto why = misfit(program, operation); !why.empty()) return refused(why);
  const SpatialWindow window = convolution_window(program, operation, true);
  if (!scatters(window)) return refused("kernel and stride differ");
  kernels::TransposedConvolutionShape shape;
  shape.batch = window.batch;
  shape.input = window.input;
  shape.in_channels = window.in_channels;
  shape.out_channels = window.out_channels;
  shape.kernel = window.kernel;
  shape.x_stride = pitch_of(program, operation.inputs[0]);
  shape.y_stride = pitch_of(program, operation.outputs[0]);
  return {std::make_unique<OwnTransposedConvolution>(program, operation, shape), {}};
}

}  // namespace isocenter::engine
