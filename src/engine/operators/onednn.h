// What the oneDNN kernels share. Included by .cpp files of operators/ alone.
#pragma once

#include <dnnl.hpp>
#include <memory>
#include <optional>
#include <string>

#include "engine/kernel.h"
#include "engine/operators/spatial.h"

namespace isocenter::engine {

inline const dnnl::engine& onednn_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// Dense channels-last for one to three spatial axes. oneDNN's own fast kernels know no other channels-last: with gaps between voxels it
// falls to a reference kernel, minutes instead of seconds.
inline dnnl::memory::format_tag channels_last_tag(std::size_t rank) {
  return rank == 3 ? dnnl::memory::format_tag::nwc : rank == 4 ? dnnl::memory::format_tag::nhwc : dnnl::memory::format_tag::ndhwc;
}

// The activation as a post-operation; false when oneDNN has none for it.
inline bool add_activation(dnnl::post_ops& operations, const Activation& activation) {
  using dnnl::algorithm;
  switch (activation.kind) {
    case Activation::Kind::none:
      return true;
    case Activation::Kind::relu:
      operations.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
      return true;
    case Activation::Kind::leaky_relu:
      operations.append_eltwise(1.0f, algorithm::eltwise_relu, activation.alpha, 0.0f);
      return true;
    case Activation::Kind::clip:
      operations.append_eltwise(1.0f, algorithm::eltwise_clip, activation.alpha, activation.beta);
      return true;
    case Activation::Kind::sigmoid:
      operations.append_eltwise(1.0f, algorithm::eltwise_logistic, 0.0f, 0.0f);
      return true;
    case Activation::Kind::swish:
      operations.append_eltwise(1.0f, algorithm::eltwise_swish, 1.0f, 0.0f);
      return true;
  }
  return false;
}

inline bool is_reference_kernel(const std::string& implementation) { return implementation.find("ref") != std::string::npos; }

// The spatial sizes as oneDNN takes them: as many as the tensor has.
inline dnnl::memory::dims spatial_dims(const Size3& sizes, std::size_t rank) {
  return dnnl::memory::dims(sizes.end() - static_cast<std::ptrdiff_t>(rank - 2), sizes.end());
}

// A convolution or its transpose: packed weights, and memory objects whose handles are set for each run.
class OnednnConvolution final : public Kernel {
 public:
  // `weights_as_given`: a description of the constant's own order.
  OnednnConvolution(const dnnl::primitive& primitive, std::string implementation, const dnnl::memory::desc& x, const dnnl::memory::desc& w,
                    const dnnl::memory::desc& y, const dnnl::memory::desc& scratch, const dnnl::memory::desc& weights_as_given,
                    const Program& program, const Operation& operation);
  std::string name() const override { return "onednn " + implementation_; }
  std::string precision() const override { return rounding_ ? "bf16" : "f32"; }
  std::size_t workspace_bytes() const override { return scratch_bytes() + (rounding_ ? x_.get_desc().get_size() : 0); }
  std::size_t packed_bytes() const override { return weights_.get_desc().get_size(); }
  void run(const Frame& frame) override;

 private:
  dnnl::primitive primitive_;
  std::string implementation_;
  dnnl::stream stream_;
  dnnl::memory x_, weights_, bias_, y_, scratch_;
  int x_tensor_, y_tensor_;

  // Where the primitive multiplies bf16 the f32 input is rounded into the workspace first; sums and results stay f32.
  std::optional<dnnl::reorder> rounding_;
  dnnl::memory rounded_from_;
  std::size_t scratch_bytes() const { return (scratch_.get_desc().get_size() + 63) / 64 * 64; }
};

// The bias as float[outputs]: the operation's third input, or nothing.
std::optional<dnnl::memory::desc> bias_description(const Program& program, const Operation& operation);

}  // namespace isocenter::engine
