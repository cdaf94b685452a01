#include <algorithm>

#include "core/parallel.h"
#include "kernels/channel_sums.h"
#include "kernels/convolution.h"

namespace isocenter::kernels {

namespace {

// The convolution that this is the adjoint of: from the large image to the small one. Its weights (out, in, ...) are ours (in, out, ...).
ConvolutionShape adjoint(const TransposedConvolutionShape& s) {
  ConvolutionShape a;
  a.batch = s.batch;
  a.input = s.output();
  a.in_channels = s.out_channels;
  a.out_channels = s.in_channels;
  a.kernel = a.stride = s.kernel;
  auto or_dense = [](std::int64_t stride, std::int64_t channels) { return stride ? stride : channels; };
  // Our forward is its gradient of the input (reads its dy, writes its dx); our gradient of the input is its forward (reads its x, writes
  // y).
  a.dy_stride = or_dense(s.x_stride, s.in_channels);
  a.dx_stride = or_dense(s.y_stride, s.out_channels);
  a.x_stride = or_dense(s.dy_stride, a.dx_stride);
  a.y_stride = or_dense(s.dx_stride, a.dy_stride);
  return a;
}

}  // namespace

TransposedConvolution::TransposedConvolution(const TransposedConvolutionShape& shape, const ConvolutionOptions& options)
    : shape_(shape), threads_(core::thread_count()), adjoint_(adjoint(shape), options) {}

void TransposedConvolution::forward(const float* x, const float* weights, const float* bias, float* y, void* workspace) const {
  adjoint_.gradient_input(x, weights, bias, y, workspace);
}

void TransposedConvolution::gradient_input(const float* dy, const float* weights, float* dx, void* workspace) const {
  adjoint_.forward(dy, weights, nullptr, dx, workspace);
}

void TransposedConvolution::gradient_weights(const float* x, const float* dy, float* dweights, float* dbias, void* workspace) const {
  adjoint_.gradient_weights(dy, x, dweights, nullptr, workspace);
  if (dbias)
    channel_sums(dy, shape_.batch * voxels(shape_.output()), shape_.out_channels, adjoint_.shape().x_stride, dbias, threads_, workspace);
}

std::size_t TransposedConvolution::workspace_bytes() const {
  return std::max(adjoint_.workspace_bytes(), channel_sums_workspace_bytes(shape_.out_channels, threads_));
}

}  // namespace isocenter::kernels
