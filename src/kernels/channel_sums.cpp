#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/channel_sums.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "kernels/channel_sums.h"
#include "kernels/convolution_kernel.h"
#include "kernels/vector_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
namespace {

// Sums of NV vectors of channels, the last of `last` lanes.
template <int NV>
void AddBlock(const float* values, std::int64_t count, std::int64_t stride, std::int64_t last, double* sums) {
  constexpr std::int64_t kPiece = 512;
  HWY_ALIGN float lanes[NV * kLanes] = {};
  for (std::int64_t begin = 0; begin < count; begin += kPiece) {
    const std::int64_t end = std::min(count, begin + kPiece);
    V acc[NV];
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) acc[v] = Broadcast(0);
    for (std::int64_t i = begin; i < end; ++i) {
      const float* p = values + i * stride;
#pragma GCC unroll 4
      for (int v = 0; v + 1 < NV; ++v) acc[v] = hn::Add(acc[v], Load(p + v * kLanes));
      acc[NV - 1] = hn::Add(acc[NV - 1], LoadFirst(p + (NV - 1) * kLanes, last));
    }
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) Store(acc[v], lanes + v * kLanes);
    for (std::int64_t c = 0; c < (NV - 1) * kLanes + last; ++c) sums[c] += double{lanes[c]};
  }
}

}  // namespace

void ChannelSums(const float* values, std::int64_t count, std::int64_t stride, std::int64_t channels, double* sums) {
  std::fill(sums, sums + channels, 0.0);
  std::int64_t c = 0;
  for (; channels - c >= 4 * kLanes; c += 4 * kLanes) AddBlock<4>(values + c, count, stride, kLanes, sums + c);
  for (; c < channels; c += kLanes) AddBlock<1>(values + c, count, stride, std::min(kLanes, channels - c), sums + c);
}

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isocenter::kernels {

HWY_EXPORT(ChannelSums);

std::size_t channel_sums_workspace_bytes(std::int64_t channels, int threads) {
  return static_cast<std::size_t>(threads) * align_up(static_cast<std::size_t>(channels) * sizeof(double));
}

void channel_sums(const float* values, std::int64_t voxels, std::int64_t channels, std::int64_t stride, float* sums, int threads,
                  void* workspace) {
  double* memory = static_cast<double*>(workspace);
  const std::size_t step = align_up(static_cast<std::size_t>(channels) * sizeof(double)) / sizeof(double);
  const auto add = HWY_DYNAMIC_DISPATCH(ChannelSums);
  divide(threads, voxels, [&](int thread, std::int64_t begin, std::int64_t end) {
    add(values + begin * stride, end - begin, stride, channels, memory + static_cast<std::size_t>(thread) * step);
  });
  for (std::int64_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (int thread = 0; thread < threads; ++thread) sum += memory[static_cast<std::size_t>(thread) * step + static_cast<std::size_t>(c)];
    sums[c] = static_cast<float>(sum);
  }
}

}  // namespace isocenter::kernels
#endif
