#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/direct_weight_gradient.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>
#include <cstring>

#include "kernels/direct_weight_gradient.h"
#include "kernels/vector_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
namespace {

constexpr int kTerms = kRegisters == 32 ? 12 : 6;  // weights (tap, input channel) of a tile, times two vectors of output channels

// total[j][v] += sum over i of x[j][i * step] * dy[i * dy_step + v]: N weights' sums over one row.
template <int N, int NV>
HWY_NOINLINE void Tile(const float* const* x, std::int64_t step, const float* HWY_RESTRICT dy, std::int64_t dy_step, std::int64_t count,
                       float* const* total) {
  V acc[N][NV];
  const float* from[N];
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j) {
    from[j] = x[j];
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) acc[j][v] = Load(total[j] + v * kLanes);
  }
  const std::int64_t end = count * step;
  for (std::int64_t i = 0; i < end; i += step, dy += dy_step) {
    V b[NV];
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) b[v] = Load(dy + v * kLanes);
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j) {
      const V e = Broadcast(from[j][i]);
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) acc[j][v] = hn::MulAdd(e, b[v], acc[j][v]);
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j)
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) Store(acc[j][v], total[j] + v * kLanes);
}

using TileFunction = void (*)(const float* const*, std::int64_t, const float*, std::int64_t, std::int64_t, float* const*);
template <int NV, int... N>
constexpr std::array<TileFunction, sizeof...(N)> Tiles(std::integer_sequence<int, N...>) {
  return {Tile<N + 1, NV>...};
}
TileFunction TileOf(std::int64_t terms, int vectors) {
  static constexpr auto one = Tiles<1>(std::make_integer_sequence<int, kTerms>());
  static constexpr auto two = Tiles<2>(std::make_integer_sequence<int, kTerms>());
  return vectors == 1 ? one[terms - 1] : two[terms - 1];
}

}  // namespace

std::int64_t WeightGradientLanes() { return kLanes; }

// Adds the rows [begin, end) of output positions to sums [group][block][tap][in][vectors * lanes] for the blocks [first_block, last_block).
void WeightGradientRows(const WeightGradientPlan& plan, const float* x, const float* dy, std::int64_t begin, std::int64_t end,
                        std::size_t first_block, std::size_t last_block, float* sums, float* scratch) {
  const ConvolutionShape& s = plan.shape;
  const std::int64_t in = plan.in, width = plan.row_voxels * in, taps_w = s.kernel[2];
  float* dy_row = scratch;
  float* copies = scratch + plan.dy_floats;
  const float** source_row = plan.row_scratch(scratch);
  std::int64_t* tap_of = plan.tap_scratch(scratch);
  // Rows are read where they lie when the kernel never leaves them, else copied with their padding.
  const bool in_place = s.padding_low[2] == 0 && plan.row_voxels <= s.input[2];
  const std::int64_t voxel = in_place ? plan.x_stride : in, all_rows = s.batch * plan.output[0] * plan.output[1];
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int64_t oh = row % plan.output[1], od = row / plan.output[1] % plan.output[0], n = row / plan.output[1] / plan.output[0];
    for (std::int64_t g = 0; g < s.groups; ++g) {
      std::int64_t met = 0;  // source rows that the kernel meets
      for (std::int64_t a = 0; a < s.kernel[0]; ++a) {
        const std::int64_t z = od * s.stride[0] + a * s.dilation[0] - s.padding_low[0];
        if (z < 0 || z >= s.input[0]) continue;
        for (std::int64_t b = 0; b < s.kernel[1]; ++b) {
          const std::int64_t y = oh * s.stride[1] + b * s.dilation[1] - s.padding_low[1];
          if (y < 0 || y >= s.input[1]) continue;
          const float* from = x + ((n * s.input[0] + z) * s.input[1] + y) * s.input[2] * plan.x_stride + g * in;
          source_row[met] = from;
          if (!in_place) {
            float* to = copies + met * width;
            source_row[met] = to;
            const std::int64_t low = std::min(s.padding_low[2], plan.row_voxels), inside = std::min(s.input[2], plan.row_voxels - low);
            std::fill(to, to + low * in, 0.f);
            if (plan.x_stride == in) {
              std::memcpy(to + low * in, from, static_cast<std::size_t>(inside * in) * sizeof(float));
            } else {
              for (std::int64_t i = 0; i < inside; ++i)
                std::memcpy(to + (low + i) * in, from + i * plan.x_stride, static_cast<std::size_t>(in) * sizeof(float));
            }
            std::fill(to + (low + inside) * in, to + width, 0.f);
          }
          tap_of[met++] = (a * s.kernel[1] + b) * taps_w;
        }
      }
      const float* gradient = dy + ((n * plan.output[0] + od) * plan.output[1] + oh) * plan.output[2] * plan.dy_stride + g * plan.out;
      std::int64_t gradient_step = plan.dy_stride;
      // The last vector may reach into the next voxel; those lanes come to nothing. The very last voxel has no next: its row is copied.
      if (plan.out % kLanes != 0 && row + 1 == all_rows) {
        for (std::int64_t i = 0; i < plan.output[2]; ++i) {
          std::memcpy(dy_row + i * plan.padded, gradient + i * plan.dy_stride, static_cast<std::size_t>(plan.out) * sizeof(float));
          std::fill(dy_row + i * plan.padded + plan.out, dy_row + (i + 1) * plan.padded, 0.f);
        }
        gradient = dy_row;
        gradient_step = plan.padded;
      }
      const std::int64_t terms = met * taps_w * in;
      std::int64_t vector = 0;
      for (std::size_t block = 0; block < last_block; vector += plan.blocks[block], ++block) {
        if (block < first_block) continue;
        const int vectors = plan.blocks[block];
        float* base = sums + (g * plan.padded + vector * kLanes) * voxels(s.kernel) * in;
        std::int64_t c = 0, t = 0, r = 0;  // channel, tap along the last axis, row: counted up together instead of dividing
        for (std::int64_t term = 0; term < terms;) {
          const std::int64_t count = std::min<std::int64_t>(kTerms, terms - term);
          const float* from[kTerms];
          float* total[kTerms];
          for (std::int64_t j = 0; j < count; ++j) {
            from[j] = source_row[r] + t * s.dilation[2] * voxel + c;
            total[j] = base + ((tap_of[r] + t) * in + c) * vectors * kLanes;
            if (++c == in) {
              c = 0;
              if (++t == taps_w) t = 0, ++r;
            }
          }
          TileOf(count, vectors)(from, s.stride[2] * voxel, gradient + vector * kLanes, gradient_step, plan.output[2], total);
          term += count;
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isocenter::kernels {

HWY_EXPORT(WeightGradientLanes);
HWY_EXPORT(WeightGradientRows);

namespace {

class DirectWeightGradient : public WeightGradientKernel {
 public:
  explicit DirectWeightGradient(WeightGradientPlan plan) : plan_(std::move(plan)) {}

  std::size_t sums_floats() const {
    return align_up(static_cast<std::size_t>(plan_.shape.groups * plan_.padded * voxels(plan_.shape.kernel) * plan_.in), 16);
  }
  std::size_t workspace_bytes() const override {
    const std::size_t sums = plan_.by_blocks ? 2 : 2 * static_cast<std::size_t>(plan_.threads);
    return (sums * sums_floats() + static_cast<std::size_t>(plan_.threads) * plan_.scratch_floats()) * sizeof(float);
  }

  void run(const float* x, const float* dy, float* dweights, void* workspace) const override {
    float* memory = static_cast<float*>(workspace);
    const std::size_t size = sums_floats();
    const int copies = plan_.by_blocks ? 1 : plan_.threads;
    float* scratch = memory + 2 * static_cast<std::size_t>(copies) * size;
    const std::int64_t rows = plan_.shape.batch * plan_.output[0] * plan_.output[1];
    const auto add_rows = HWY_DYNAMIC_DISPATCH(WeightGradientRows);
    divide(plan_.threads, plan_.by_blocks ? static_cast<std::int64_t>(plan_.blocks.size()) : rows,
           [&](int thread, std::int64_t begin, std::int64_t end) {
             float* own = scratch + static_cast<std::size_t>(thread) * plan_.scratch_floats();
             const std::int64_t first = plan_.by_blocks ? 0 : begin, last = plan_.by_blocks ? rows : end;
             const std::size_t block = plan_.by_blocks ? static_cast<std::size_t>(begin) : 0;
             const std::size_t last_block = plan_.by_blocks ? static_cast<std::size_t>(end) : plan_.blocks.size();
             float* total = memory + (plan_.by_blocks ? 0 : 2 * static_cast<std::size_t>(thread) * size);
             float* piece = total + size;
             // Sums of a few thousand positions are taken apart and then added, so that rounding grows with the root of the pieces.
             for (const auto& [from, to] : plan_.ranges(block, last_block)) {
               std::fill(total + from, total + to, 0.f);
               std::fill(piece + from, piece + to, 0.f);
             }
             for (std::int64_t row = first; row < last; row += plan_.piece_rows) {
               add_rows(plan_, x, dy, row, std::min(last, row + plan_.piece_rows), block, last_block, piece, own);
               for (const auto& [from, to] : plan_.ranges(block, last_block))
                 for (std::size_t i = from; i < to; ++i) total[i] += piece[i], piece[i] = 0;
             }
           });
    // Threads' sums are added in their order while the result is brought into ONNX's.
    const std::int64_t taps = voxels(plan_.shape.kernel);
    std::int64_t vector = 0;
    for (int vectors : plan_.blocks) {
      const std::int64_t width = vectors * plan_.lanes, here = std::min(width, plan_.out - vector * plan_.lanes);
      for (std::int64_t g = 0; g < plan_.shape.groups; ++g) {
        const float* base = memory + (g * plan_.padded + vector * plan_.lanes) * taps * plan_.in;
        divide(plan_.threads, here, [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t o = begin; o < end; ++o) {
            float* to = dweights + (g * plan_.out + vector * plan_.lanes + o) * plan_.in * taps;
            for (std::int64_t tap = 0; tap < taps; ++tap)
              for (std::int64_t c = 0; c < plan_.in; ++c) {
                const float* from = base + (tap * plan_.in + c) * width + o;
                float sum = from[0];
                for (int copy = 1; copy < copies; ++copy) sum += from[2 * static_cast<std::size_t>(copy) * size];
                to[c * taps + tap] = sum;
              }
          }
        });
      }
      vector += vectors;
    }
  }

 private:
  WeightGradientPlan plan_;
};

}  // namespace

Made<WeightGradientKernel> make_direct_weight_gradient(const ConvolutionShape& shape, int threads) {
  WeightGradientPlan plan;
  plan.shape = shape;
  plan.output = shape.output();
  plan.threads = threads;
  plan.in = shape.in_channels / shape.groups;
  plan.out = shape.out_channels / shape.groups;
  plan.x_stride = shape.x_stride;
  plan.dy_stride = shape.dy_stride;
  plan.lanes = HWY_DYNAMIC_DISPATCH(WeightGradientLanes)();
  std::int64_t vectors = (plan.out + plan.lanes - 1) / plan.lanes;
  plan.padded = vectors * plan.lanes;
  for (; vectors > 0; vectors -= 2) plan.blocks.push_back(vectors == 1 ? 1 : 2);
  plan.row_voxels = (plan.output[2] - 1) * shape.stride[2] + shape.dilation[2] * (shape.kernel[2] - 1) + 1;
  plan.dy_floats = plan.out % plan.lanes ? plan.output[2] * plan.padded : 0;
  const std::int64_t rows = shape.batch * plan.output[0] * plan.output[1];
  // Private sums cost two passes over them a thread; where there are few positions the threads take different output channels instead.
  plan.by_blocks = static_cast<std::int64_t>(plan.blocks.size()) >= 2 * threads && rows * plan.output[2] < 8192;
  plan.piece_rows = std::max<std::int64_t>(1, 4096 / plan.output[2]);
  return {std::make_unique<DirectWeightGradient>(std::move(plan)), ""};
}

double direct_weight_gradient_seconds(const ConvolutionShape& shape, int threads) {
  const double lanes = static_cast<double>(HWY_DYNAMIC_DISPATCH(WeightGradientLanes)());
  const std::int64_t out = shape.out_channels / shape.groups;
  const double padded = static_cast<double>((out + static_cast<std::int64_t>(lanes) - 1) / static_cast<std::int64_t>(lanes)) * lanes;
  const double width = static_cast<double>(shape.output()[2]);
  return shape.flop() / 2 * padded / static_cast<double>(out) * (1 + 3 / width) / (lanes * 2 * 2.4e9 * 0.75 * threads);
}

}  // namespace isocenter::kernels
#endif
