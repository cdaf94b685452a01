#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pointwise_convolution.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "kernels/pointwise_convolution.h"
#include "kernels/vector_inl.h"
#include "kernels/winograd_plan.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
namespace {

// N voxels times NV vectors: y[j] = bias + sum over c of a[j a_step + c] w[c].
template <int N, int NV>
HWY_NOINLINE void Tile(const float* HWY_RESTRICT a, std::int64_t a_step, std::int64_t channels, const float* HWY_RESTRICT w,
                       const float* bias, float* y, std::int64_t y_step, std::int64_t last_lanes) {
  V acc[N][NV];
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j)
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) acc[j][v] = Load(bias + v * kLanes);
  for (std::int64_t c = 0; c < channels; ++c, ++a, w += NV * kLanes) {
    V b[NV];
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) b[v] = Load(w + v * kLanes);
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j) {
      const V e = Broadcast(a[j * a_step]);
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) acc[j][v] = hn::MulAdd(e, b[v], acc[j][v]);
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j) {
#pragma GCC unroll 4
    for (int v = 0; v + 1 < NV; ++v) Store(acc[j][v], y + j * y_step + v * kLanes);
    StoreFirst(acc[j][NV - 1], y + j * y_step + (NV - 1) * kLanes, last_lanes);
  }
}

using TileFunction = void (*)(const float*, std::int64_t, std::int64_t, const float*, const float*, float*, std::int64_t, std::int64_t);
constexpr int kTile[4] = {0, 12, kRegisters == 32 ? 12 : 6, kRegisters == 32 ? 8 : 4};
template <int NV, int... N>
constexpr std::array<TileFunction, sizeof...(N)> Tiles(std::integer_sequence<int, N...>) {
  return {Tile<N + 1, NV>...};
}
TileFunction TileOf(std::int64_t voxels, int vectors) {
  static constexpr auto one = Tiles<1>(std::make_integer_sequence<int, kTile[1]>());
  static constexpr auto two = Tiles<2>(std::make_integer_sequence<int, kTile[2]>());
  static constexpr auto three = Tiles<3>(std::make_integer_sequence<int, kTile[3]>());
  return vectors == 1 ? one[voxels - 1] : vectors == 2 ? two[voxels - 1] : three[voxels - 1];
}

}  // namespace

std::int64_t PointwiseLanes() { return kLanes; }

void PointwiseLines(const PointwisePlan& plan, const float* source, const float* packed, const float* bias, float* destination,
                    std::int64_t begin, std::int64_t end) {
  const GatherProblem& p = plan.problem;
  for (std::int64_t line = begin; line < end; ++line) {
    const std::int64_t count = std::min(plan.line_voxels, plan.voxels - line * plan.line_voxels);
    const float* from = source + line * plan.line_voxels * p.source_stride;
    float* to = destination + plan.line_start(line);
    for (const PointwiseBlock& block : plan.blocks) {
      const std::int64_t pieces = (count + kTile[block.vectors] - 1) / kTile[block.vectors];
      for (std::int64_t i = 0; i < pieces; ++i) {
        const std::int64_t m = count * i / pieces, many = count * (i + 1) / pieces - m;
        TileOf(many, block.vectors)(from + m * p.source_stride, p.source_stride, p.source_channels, packed + block.weights,
                                    bias + block.bias, to + block.destination + m * plan.destination_step, plan.destination_step,
                                    block.last_lanes);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isocenter::kernels {

HWY_EXPORT(PointwiseLanes);
HWY_EXPORT(PointwiseLines);

namespace {

class PointwiseKernel : public GatherKernel {
 public:
  explicit PointwiseKernel(PointwisePlan plan) : plan_(std::move(plan)) {}
  std::size_t packed_bytes() const override {
    return align_up(static_cast<std::size_t>(plan_.problem.taps() * plan_.problem.source_channels * plan_.padded) * sizeof(float));
  }
  std::size_t workspace_bytes() const override { return align_up(static_cast<std::size_t>(plan_.padded) * sizeof(float)); }
  void pack(const float* weights, void* packed) const override {
    const GatherProblem& p = plan_.problem;
    float* to = static_cast<float*>(packed);
    for_each_tap([&](std::int64_t tap, std::int64_t) {
      std::int64_t first = 0;
      for (int vectors : channel_blocks(plan_.padded / plan_.lanes)) {
        const std::int64_t width = vectors * plan_.lanes;
        for (std::int64_t s = 0; s < p.source_channels; ++s)
          for (std::int64_t o = first; o < first + width; ++o)
            *to++ = o < p.destination_channels ? weights[p.weight_index(0, o, s, tap)] : 0.f;
        first += width;
      }
    });
  }
  void run(const float* source, const void* packed, const float* bias, float* destination, void* workspace) const override {
    float* padded_bias = static_cast<float*>(workspace);
    for (std::int64_t o = 0; o < plan_.padded; ++o) padded_bias[o] = bias && o < plan_.problem.destination_channels ? bias[o] : 0.f;
    const auto lines = HWY_DYNAMIC_DISPATCH(PointwiseLines);
    divide(plan_.threads, plan_.lines, [&](int, std::int64_t begin, std::int64_t end) {
      lines(plan_, source, static_cast<const float*>(packed), padded_bias, destination, begin, end);
    });
  }

  // Calls body(tap, floats from the line's first destination to this tap's) in the order of the blocks.
  template <class Body>
  void for_each_tap(const Body& body) const {
    each_tap(plan_.problem, body);
  }
  template <class Body>
  static void each_tap(const GatherProblem& p, const Body& body) {
    for (const Phase& d : p.phases[0])
      for (const Phase& h : p.phases[1])
        for (const Phase& w : p.phases[2])
          body((d.taps[0].kernel * p.kernel[1] + h.taps[0].kernel) * p.kernel[2] + w.taps[0].kernel,
               ((d.first * p.destination[1] + h.first) * p.destination[2] + w.first) * p.destination_stride);
  }

 private:
  PointwisePlan plan_;
};

}  // namespace

Made<GatherKernel> make_pointwise(const GatherProblem& p, int threads) {
  if (p.groups != 1) return {nullptr, "groups"};
  std::size_t taps = 1;
  for (int axis = 0; axis < 3; ++axis) {
    for (const Phase& phase : p.phases[axis])
      if (phase.taps.size() != 1 || phase.taps[0].offset != 0 || phase.source_step != 1 || phase.count != p.source[axis])
        return {nullptr, "a destination has more or fewer than one source voxel"};
    taps *= p.phases[axis].size();
  }
  PointwisePlan plan;
  plan.problem = p;
  plan.threads = threads;
  plan.lanes = HWY_DYNAMIC_DISPATCH(PointwiseLanes)();
  plan.padded = (p.destination_channels + plan.lanes - 1) / plan.lanes * plan.lanes;
  plan.flat = taps == 1;
  plan.voxels = p.batch * voxels(p.source);
  plan.line_voxels = plan.flat ? std::min<std::int64_t>(96, plan.voxels) : p.source[2];
  plan.lines = (plan.voxels + plan.line_voxels - 1) / plan.line_voxels;
  plan.destination_step = p.phases[2][0].step * p.destination_stride;
  std::int64_t weights = 0;
  PointwiseKernel::each_tap(p, [&](std::int64_t, std::int64_t start) {
    std::int64_t first = 0;
    for (int vectors : channel_blocks(plan.padded / plan.lanes)) {
      const std::int64_t width = vectors * plan.lanes;
      plan.blocks.push_back(
          {vectors, std::min(plan.lanes, p.destination_channels - first - (vectors - 1) * plan.lanes), start + first, weights, first});
      weights += width * p.source_channels;
      first += width;
    }
  });
  return {std::make_unique<PointwiseKernel>(std::move(plan)), ""};
}

double pointwise_seconds(const GatherProblem& p, int threads) {
  const double lanes = static_cast<double>(HWY_DYNAMIC_DISPATCH(PointwiseLanes)());
  return p.flop / 2 / (lanes * 2 * 2.4e9 * 0.85 * threads);
}

}  // namespace isocenter::kernels
#endif
