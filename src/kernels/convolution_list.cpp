#include <algorithm>

#include "kernels/convolution_kernel.h"
#include "kernels/convolution_reference.h"
#include "kernels/direct_convolution.h"
#include "kernels/direct_weight_gradient.h"
#include "kernels/pointwise_convolution.h"
#include "kernels/winograd.h"

namespace isocenter::kernels {

namespace {

// The reference in the shape of a kernel. It works on ConvolutionShapes, so a problem is turned back into the forward one it is.
class ReferenceGather : public GatherKernel {
 public:
  explicit ReferenceGather(const GatherProblem& problem) : problem_(problem) {}
  std::size_t packed_bytes() const override {
    return align_up(static_cast<std::size_t>(problem_.source_channels / problem_.groups * problem_.destination_channels * problem_.taps()) *
                    sizeof(float));
  }
  std::size_t workspace_bytes() const override { return 0; }
  void pack(const float* weights, void* packed) const override {
    std::copy_n(weights, problem_.source_channels / problem_.groups * problem_.destination_channels * problem_.taps(),
                static_cast<float*>(packed));
  }
  void run(const float* source, const void* packed, const float* bias, float* destination, void*) const override {
    const GatherProblem& p = problem_;
    const float* weights = static_cast<const float*>(packed);
    const std::int64_t sources = p.source_channels / p.groups, destinations = p.destination_channels / p.groups;
    for (const Phase& d : p.phases[0])
      for (const Phase& h : p.phases[1])
        for (const Phase& w : p.phases[2])
          for (std::int64_t n = 0; n < p.batch; ++n)
            for (std::int64_t a = 0; a < d.count; ++a)
              for (std::int64_t b = 0; b < h.count; ++b)
                for (std::int64_t c = 0; c < w.count; ++c) {
                  float* to = destination + (((n * p.destination[0] + d.first + a * d.step) * p.destination[1] + h.first + b * h.step) *
                                                 p.destination[2] +
                                             w.first + c * w.step) *
                                                p.destination_stride;
                  for (std::int64_t o = 0; o < p.destination_channels; ++o) {
                    const std::int64_t g = o / destinations;
                    double sum = bias ? bias[o] : 0;
                    for (const Tap& i : d.taps)
                      for (const Tap& j : h.taps)
                        for (const Tap& k : w.taps) {
                          const std::int64_t z = a * d.source_step + i.offset, y = b * h.source_step + j.offset,
                                             x = c * w.source_step + k.offset;
                          if (z < 0 || z >= p.source[0] || y < 0 || y >= p.source[1] || x < 0 || x >= p.source[2]) continue;
                          const float* from =
                              source + (((n * p.source[0] + z) * p.source[1] + y) * p.source[2] + x) * p.source_stride + g * sources;
                          const std::int64_t tap = (i.kernel * p.kernel[1] + j.kernel) * p.kernel[2] + k.kernel;
                          for (std::int64_t s = 0; s < sources; ++s)
                            sum += double{from[s]} * double{weights[p.weight_index(g, o % destinations, s, tap)]};
                        }
                    to[o] = static_cast<float>(sum);
                  }
                }
  }

 private:
  GatherProblem problem_;
};

class ReferenceWeightGradient : public WeightGradientKernel {
 public:
  explicit ReferenceWeightGradient(const ConvolutionShape& shape) : shape_(shape) {}
  std::size_t workspace_bytes() const override { return 0; }
  void run(const float* x, const float* dy, float* dweights, void*) const override {
    reference::convolution_gradient_weights<float>(shape_, x, dy, dweights, nullptr);
  }

 private:
  ConvolutionShape shape_;
};

double reference_seconds(double flop) { return flop / 1e8; }

}  // namespace

template <class Entry>
std::vector<Entry> joined(std::vector<Entry> first, const std::vector<Entry>& rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

const std::vector<GatherEntry>& gather_list() {
  static const std::vector<GatherEntry> list =
      joined<GatherEntry>(winograd_gather_entries(), {
                                                         {"pointwise", make_pointwise, pointwise_seconds, 5e-7},
                                                         {"direct", make_direct, direct_seconds, 1e-6},
                                                         {"reference",
                                                          [](const GatherProblem& p, int) {
                                                            return Made<GatherKernel>{std::make_unique<ReferenceGather>(p), ""};
                                                          },
                                                          [](const GatherProblem& p, int) { return reference_seconds(p.flop); }, 1e-7},
                                                     });
  return list;
}

const std::vector<WeightGradientEntry>& weight_gradient_list() {
  static const std::vector<WeightGradientEntry> list = joined<WeightGradientEntry>(
      winograd_weight_gradient_entries(), {
                                              {"direct", make_direct_weight_gradient, direct_weight_gradient_seconds, 2e-6},
                                              {"reference",
                                               [](const ConvolutionShape& s, int) {
                                                 return Made<WeightGradientKernel>{std::make_unique<ReferenceWeightGradient>(s), ""};
                                               },
                                               [](const ConvolutionShape& s, int) { return reference_seconds(s.flop()); }, 1e-7},
                                          });
  return list;
}

}  // namespace isocenter::kernels
