// Convolution and its two gradients, 1D to 3D, any kernel, stride, dilation, padding, groups, channels (tensor_layout.h says how arrays
// lie).
//
//   Convolution convolution({.input = {64, 80, 64}, .in_channels = 16, .out_channels = 32, .kernel = {3, 3, 3},
//                            .padding_low = {1, 1, 1}, .padding_high = {1, 1, 1}});
//   Workspace workspace;
//   void* memory = workspace.reserve(convolution.workspace_bytes());
//   convolution.forward(x, weights, bias, y, memory);                   // y = w * x + bias (bias may be null)
//   convolution.gradient_input(dy, weights, dx, memory);                // dx is written, not added to
//   convolution.gradient_weights(x, dy, dweights, dbias, memory);       // written, not added to; dbias may be null
//
// The object is made once for a shape: it chooses a kernel for each of the three calls from an ordered list, by asking each whether it fits
// and what it would cost. It holds no arrays; calls are const and may run at the same time with different workspaces. Threads:
// core::thread_count() at construction; the same number of threads gives the same bits.
// Accuracy: relative rms against exact sums at most `ConvolutionOptions::accuracy` a call; NaN and infinity pass through.
// Arrays of one call must not overlap. Null bias: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/tensor_layout.h"

namespace isocenter::kernels {

struct ConvolutionShape {
  std::int64_t batch = 1;
  Size3 input{1, 1, 1};
  std::int64_t in_channels = 1, out_channels = 1;
  Size3 kernel{1, 1, 1}, stride{1, 1, 1}, dilation{1, 1, 1}, padding_low{0, 0, 0}, padding_high{0, 0, 0};
  std::int64_t groups = 1;
  std::int64_t x_stride = 0, y_stride = 0;    // floats from voxel to voxel; 0: dense
  std::int64_t dx_stride = 0, dy_stride = 0;  // the same of the gradients; 0: as x_stride, y_stride

  Size3 output() const;  // floor((input + padding - dilation (kernel - 1) - 1) / stride) + 1
  double flop() const;   // 2 per multiply-add of the direct sum, padding counted
  std::size_t weights() const { return static_cast<std::size_t>(out_channels * (in_channels / groups) * voxels(kernel)); }
  std::string text() const;  // "1x(64x80x64) 16->32 k3x3x3 s1x1x1"
};

// Why no kernel can run this shape (channels not divisible by groups, an empty output, a stride below the channels ...); nothing when one
// can.
std::optional<std::string> refusal(const ConvolutionShape& shape);

enum class Pass { forward, gradient_input, gradient_weights };

struct ConvolutionOptions {
  std::string kernel = {};   // a kernel by name instead of the choice (those that do not fit are still passed over): "reference", "direct",
                             // "winograd-2-2-4" ...
  double accuracy = 2e-5;    // relative rms of one call; tiles that are coarser are not considered
  bool packed_once = false;  // weights are packed once (inference): their transformation costs nothing in the choice
  bool measure = false;      // try the candidates once and keep the fastest (remembered for the process) instead of trusting the cost model
};

class Convolution {
 public:
  // Throws core::InputError with refusal()'s sentence.
  explicit Convolution(const ConvolutionShape& shape, const ConvolutionOptions& options = {});
  ~Convolution();
  Convolution(Convolution&&) noexcept;
  Convolution& operator=(Convolution&&) noexcept;

  const ConvolutionShape& shape() const;
  std::size_t workspace_bytes() const;           // enough for each of the calls
  std::size_t workspace_bytes(Pass pass) const;  // of one of them
  std::string kernel_name(Pass pass = Pass::forward) const;

  void forward(const float* x, const float* weights, const float* bias, float* y, void* workspace) const;
  void gradient_input(const float* dy, const float* weights, float* dx, void* workspace) const;
  // The same plus bias[c] of `in_channels` values: what a transposed convolution is.
  void gradient_input(const float* dy, const float* weights, const float* bias, float* dx, void* workspace) const;
  void gradient_weights(const float* x, const float* dy, float* dweights, float* dbias, void* workspace) const;

  // For inference: weights brought into the forward kernel's own order once.
  std::size_t packed_bytes() const;
  void pack(const float* weights, void* packed) const;  // packed: aligned to 64 bytes
  void forward_packed(const float* x, const void* packed, const float* bias, float* y, void* workspace) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// What was considered for a shape and why each was passed over or chosen, best first.
struct KernelChoice {
  std::string name, reason;  // reason: "chosen", "slower: 3.1 ms expected", "stride is not one" ...
  bool fits = false;
  double expected_seconds = 0;
};
std::vector<KernelChoice> kernel_choices(const ConvolutionShape& shape, Pass pass, const ConvolutionOptions& options = {});

// ---- transposed convolution whose stride is its kernel (2x2x2, 1x2x2, 2D 2x2 ...): every output voxel has one source, no padding ----
struct TransposedConvolutionShape {
  std::int64_t batch = 1;
  Size3 input{1, 1, 1};
  std::int64_t in_channels = 1, out_channels = 1;
  Size3 kernel{2, 2, 2};  // and stride
  std::int64_t x_stride = 0, y_stride = 0, dx_stride = 0, dy_stride = 0;

  Size3 output() const { return {input[0] * kernel[0], input[1] * kernel[1], input[2] * kernel[2]}; }
};

class TransposedConvolution {
 public:
  explicit TransposedConvolution(const TransposedConvolutionShape& shape, const ConvolutionOptions& options = {});

  const TransposedConvolutionShape& shape() const { return shape_; }
  std::size_t workspace_bytes() const;

  // Weights in the order of ONNX's ConvTranspose: (in, out, depth, height, width). Calls as those of Convolution.
  void forward(const float* x, const float* weights, const float* bias, float* y, void* workspace) const;
  void gradient_input(const float* dy, const float* weights, float* dx, void* workspace) const;
  void gradient_weights(const float* x, const float* dy, float* dweights, float* dbias, void* workspace) const;

 private:
  TransposedConvolutionShape shape_;
  int threads_;
  Convolution adjoint_;  // the convolution whose gradient of the input this is
};

}  // namespace isocenter::kernels
