#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/direct_convolution.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>
#include <cstring>

#include "kernels/direct_convolution.h"
#include "kernels/vector_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
namespace {

// What a tile sums: `rows` source rows, each with `runs` runs of `run_length` floats; destination j of the tile reads j * step further on.
struct TileSum {
  const float* const* source;   // of each row, at the tile's first destination
  const float* const* weights;  // of each row, packed for this block
  std::int64_t rows;
  const std::int64_t* run_offset;
  std::int64_t runs, run_length, step;
  const float* bias;  // whole vectors
  float* destination;
  std::int64_t destination_step, last_lanes;  // lanes of the block's last vector that exist
};

template <int N, int NV>
HWY_NOINLINE void Tile(const TileSum& sum) {
  V acc[N][NV];
  {
    V bias[NV];
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) bias[v] = Load(sum.bias + v * kLanes);
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j)
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) acc[j][v] = bias[v];
  }
  const std::int64_t step = sum.step, length = sum.run_length;
  for (std::int64_t r = 0; r < sum.rows; ++r) {
    const float* HWY_RESTRICT w = sum.weights[r];
    for (std::int64_t run = 0; run < sum.runs; ++run) {
      const float* HWY_RESTRICT a = sum.source[r] + sum.run_offset[run];
#pragma GCC unroll 3
      for (std::int64_t k = 0; k < length; ++k, ++a, w += NV * kLanes) {
        V b[NV];
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) b[v] = Load(w + v * kLanes);
#pragma GCC unroll 16
        for (int j = 0; j < N; ++j) {
          const V e = Broadcast(a[j * step]);
#pragma GCC unroll 4
          for (int v = 0; v < NV; ++v) acc[j][v] = hn::MulAdd(e, b[v], acc[j][v]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j) {
    float* y = sum.destination + j * sum.destination_step;
#pragma GCC unroll 4
    for (int v = 0; v + 1 < NV; ++v) Store(acc[j][v], y + v * kLanes);
    StoreFirst(acc[j][NV - 1], y + (NV - 1) * kLanes, sum.last_lanes);
  }
}

using TileFunction = void (*)(const TileSum&);
constexpr int kTile[4] = {0, 12, kRegisters == 32 ? 12 : 6, kRegisters == 32 ? 8 : 4};  // destinations of a tile, by vectors of its block

template <int NV, int... N>
constexpr std::array<TileFunction, sizeof...(N)> Tiles(std::integer_sequence<int, N...>) {
  return {Tile<N + 1, NV>...};
}
TileFunction TileOf(int destinations, int vectors) {
  static constexpr auto one = Tiles<1>(std::make_integer_sequence<int, kTile[1]>());
  static constexpr auto two = Tiles<2>(std::make_integer_sequence<int, kTile[2]>());
  static constexpr auto three = Tiles<3>(std::make_integer_sequence<int, kTile[3]>());
  return vectors == 1 ? one[destinations - 1] : vectors == 2 ? two[destinations - 1] : three[destinations - 1];
}

// One row of destinations, blocks [first_block, last_block) of one group.
class Row {
 public:
  Row(const DirectPlan& plan, const DirectClass& part, const float* packed, const float* bias, float* scratch)
      : plan_(plan), part_(part), packed_(packed), bias_(bias), window_(scratch) {
    const auto& taps = part.axis[2]->taps;
    adjacent_ = !taps.empty();
    for (std::size_t i = 1; i < taps.size(); ++i) adjacent_ = adjacent_ && taps[i].offset == taps[i - 1].offset + 1;
  }

  void Run(const float* source, float* destination, std::int64_t row, std::int64_t group, std::size_t first_block, std::size_t last_block) {
    const GatherProblem& p = plan_.problem;
    const Phase &d = *part_.axis[0], &h = *part_.axis[1], &w = *part_.axis[2];
    const std::int64_t mh = row % h.count, md = row / h.count % d.count, n = row / h.count / d.count;
    rows_ = 0;
    for (std::size_t a = 0; a < d.taps.size(); ++a) {
      const std::int64_t z = md * d.source_step + d.taps[a].offset;
      if (z < 0 || z >= p.source[0]) continue;
      for (std::size_t b = 0; b < h.taps.size(); ++b) {
        const std::int64_t y = mh * h.source_step + h.taps[b].offset;
        if (y < 0 || y >= p.source[1]) continue;
        source_row_[rows_] = source + ((n * p.source[0] + z) * p.source[1] + y) * p.source[2] * p.source_stride + group * plan_.sources;
        weight_row_[rows_] = static_cast<std::int64_t>(a * h.taps.size() + b) * static_cast<std::int64_t>(w.taps.size()) * plan_.sources;
        ++rows_;
      }
    }
    float* out =
        destination +
        (((n * p.destination[0] + d.first + md * d.step) * p.destination[1] + h.first + mh * h.step) * p.destination[2] + w.first) *
            p.destination_stride +
        group * plan_.destinations;
    std::int64_t vector = 0;
    for (std::size_t block = 0; block < first_block; ++block) vector += plan_.blocks[block];
    for (std::size_t block = first_block; block < last_block; ++block) {
      const int vectors = plan_.blocks[block];
      const std::int64_t high = kTile[vectors], tiles = (w.count + high - 1) / high;
      for (std::int64_t t = 0; t < tiles; ++t) {
        const std::int64_t m = w.count * t / tiles, count = w.count * (t + 1) / tiles - m;
        TileAt(m, count, vectors, vector, group, out + m * w.step * p.destination_stride);
      }
      vector += vectors;
    }
  }

 private:
  void TileAt(std::int64_t m, std::int64_t count, int vectors, std::int64_t vector, std::int64_t group, float* destination) {
    const GatherProblem& p = plan_.problem;
    const Phase& w = *part_.axis[2];
    const std::int64_t taps = static_cast<std::int64_t>(w.taps.size()), channels = plan_.sources;
    TileSum sum;
    std::int64_t voxel = p.source_stride;  // floats from voxel to voxel of what is read
    if (rows_ > 0 && taps > 0) {
      const std::int64_t low = m * w.source_step + w.taps.front().offset, high = (m + count - 1) * w.source_step + w.taps.back().offset;
      if (low >= 0 && high < p.source[2]) {
        for (std::int64_t r = 0; r < rows_; ++r) source_[r] = source_row_[r] + m * w.source_step * voxel;
      } else {
        const std::int64_t length = high - low + 1, begin = std::clamp<std::int64_t>(-low, 0, length),
                           end = std::clamp<std::int64_t>(p.source[2] - low, begin, length);
        voxel = channels;
        for (std::int64_t r = 0; r < rows_; ++r) {
          float* to = window_ + r * length * channels;
          std::fill(to, to + begin * channels, 0.f);
          for (std::int64_t i = begin; i < end; ++i)
            std::memcpy(to + i * channels, source_row_[r] + (low + i) * p.source_stride,
                        static_cast<std::size_t>(channels) * sizeof(float));
          std::fill(to + end * channels, to + length * channels, 0.f);
          source_[r] = to + (m * w.source_step - low) * channels;
        }
      }
      const float* base = packed_ + part_.packed_offset + (group * plan_.padded + vector * kLanes) * part_.taps() * channels;
      for (std::int64_t r = 0; r < rows_; ++r) weights_[r] = base + weight_row_[r] * vectors * kLanes;
    }
    if (adjacent_ && voxel == channels) {
      sum.runs = 1;
      sum.run_length = taps * channels;
      offset_[0] = w.taps.front().offset * voxel;
    } else {
      sum.runs = taps;
      sum.run_length = channels;
      for (std::int64_t i = 0; i < taps; ++i) offset_[i] = w.taps[i].offset * voxel;
    }
    sum.source = source_;
    sum.weights = weights_;
    sum.rows = taps ? rows_ : 0;
    sum.run_offset = offset_;
    sum.step = w.source_step * voxel;
    sum.bias = bias_ + group * plan_.padded + vector * kLanes;
    sum.destination = destination + vector * kLanes;
    sum.destination_step = w.step * p.destination_stride;
    sum.last_lanes = std::min<std::int64_t>(kLanes, plan_.destinations - (vector + vectors - 1) * kLanes);
    TileOf(static_cast<int>(count), vectors)(sum);
  }

  const DirectPlan& plan_;
  const DirectClass& part_;
  const float *packed_, *bias_;
  float* window_;
  bool adjacent_ = false;
  std::int64_t rows_ = 0;
  static constexpr std::int64_t kMostRows = 1024, kMostTaps = 1024;
  const float* source_row_[kMostRows];
  std::int64_t weight_row_[kMostRows];
  const float *source_[kMostRows], *weights_[kMostRows];
  std::int64_t offset_[kMostTaps];
};

}  // namespace

std::int64_t DirectLanes() { return kLanes; }
std::int64_t DirectMostRows() { return 1024; }
std::int64_t DirectTile() { return kTile[1]; }

void DirectRun(const DirectPlan& plan, int thread, const float* source, const float* packed, const float* bias, float* destination,
               float* scratch) {
  const std::int64_t groups = plan.problem.groups;
  for (const DirectClass& part : plan.classes) {
    Row row(plan, part, packed, bias, scratch);
    const std::int64_t rows = part.rows(plan.problem.batch), begin = rows * thread / plan.threads, end = rows * (thread + 1) / plan.threads;
    for (std::int64_t g = 0; g < groups; ++g) {
      if (plan.block_outermost) {
        for (std::size_t block = 0; block < plan.blocks.size(); ++block)
          for (std::int64_t r = begin; r < end; ++r) row.Run(source, destination, r, g, block, block + 1);
      } else {
        for (std::int64_t r = begin; r < end; ++r) row.Run(source, destination, r, g, 0, plan.blocks.size());
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isocenter::kernels {

HWY_EXPORT(DirectLanes);
HWY_EXPORT(DirectMostRows);
HWY_EXPORT(DirectTile);
HWY_EXPORT(DirectRun);

namespace {

class DirectKernel : public GatherKernel {
 public:
  explicit DirectKernel(DirectPlan plan) : plan_(std::move(plan)) {
    std::int64_t floats = 0;
    for (auto& d : plan_.problem.phases[0])
      for (auto& h : plan_.problem.phases[1])
        for (auto& w : plan_.problem.phases[2]) {
          DirectClass part{{&d, &h, &w}, floats};
          plan_.classes.push_back(part);
          floats += part.taps() * plan_.sources * plan_.padded * plan_.problem.groups;
        }
    packed_floats_ = floats;
  }

  std::size_t packed_bytes() const override { return align_up(static_cast<std::size_t>(packed_floats_) * sizeof(float)); }
  std::size_t bias_bytes() const { return align_up(static_cast<std::size_t>(plan_.padded * plan_.problem.groups) * sizeof(float)); }
  std::size_t scratch_bytes() const { return align_up(static_cast<std::size_t>(plan_.scratch_floats) * sizeof(float)); }
  std::size_t workspace_bytes() const override { return bias_bytes() + static_cast<std::size_t>(plan_.threads) * scratch_bytes(); }

  void pack(const float* weights, void* packed) const override {
    const GatherProblem& p = plan_.problem;
    // Source channels innermost but for the lanes, so that the taps of a weight, adjacent in ONNX order, are read while they are in the
    // cache.
    divide(plan_.threads, plan_.sources, [&](int, std::int64_t begin, std::int64_t end) {
      for (const DirectClass& part : plan_.classes)
        for (std::int64_t g = 0; g < p.groups; ++g) {
          std::int64_t first = 0;
          for (int vectors : plan_.blocks) {
            const std::int64_t width = vectors * plan_.lanes, here = std::min(width, plan_.destinations - first);
            float* block = static_cast<float*>(packed) + part.packed_offset + (g * plan_.padded + first) * part.taps() * plan_.sources;
            const std::int64_t lane_step = p.weight_index(0, 1, 0, 0);
            for (std::int64_t s = begin; s < end; ++s) {
              const float* from = weights + p.weight_index(g, first, s, 0);
              float* to = block + s * width;
              for (const Tap& a : part.axis[0]->taps)
                for (const Tap& b : part.axis[1]->taps)
                  for (const Tap& c : part.axis[2]->taps) {
                    const std::int64_t tap = (a.kernel * p.kernel[1] + b.kernel) * p.kernel[2] + c.kernel;
                    for (std::int64_t o = 0; o < here; ++o) to[o] = from[o * lane_step + tap];
                    std::fill(to + here, to + width, 0.f);
                    to += plan_.sources * width;
                  }
            }
            first += width;
          }
        }
    });
  }

  void run(const float* source, const void* packed, const float* bias, float* destination, void* workspace) const override {
    float* padded_bias = static_cast<float*>(workspace);
    for (std::int64_t g = 0; g < plan_.problem.groups; ++g)
      for (std::int64_t o = 0; o < plan_.padded; ++o)
        padded_bias[g * plan_.padded + o] = bias && o < plan_.destinations ? bias[g * plan_.destinations + o] : 0.f;
    std::byte* scratch = static_cast<std::byte*>(workspace) + bias_bytes();
    const auto run_thread = HWY_DYNAMIC_DISPATCH(DirectRun);
    divide(plan_.threads, plan_.threads, [&](int thread, std::int64_t, std::int64_t) {
      run_thread(plan_, thread, source, static_cast<const float*>(packed), padded_bias, destination,
                 reinterpret_cast<float*>(scratch + static_cast<std::size_t>(thread) * scratch_bytes()));
    });
  }

 private:
  DirectPlan plan_;
  std::int64_t packed_floats_ = 0;
};

}  // namespace

Made<GatherKernel> make_direct(const GatherProblem& problem, int threads) {
  DirectPlan plan;
  plan.problem = problem;
  plan.threads = threads;
  plan.sources = problem.source_channels / problem.groups;
  plan.destinations = problem.destination_channels / problem.groups;
  plan.lanes = HWY_DYNAMIC_DISPATCH(DirectLanes)();
  std::int64_t vectors = (plan.destinations + plan.lanes - 1) / plan.lanes;
  plan.padded = vectors * plan.lanes;
  while (vectors > 0) {  // twos, and a three for the odd one
    const int block = vectors == 3 ? 3 : vectors == 1 ? 1 : 2;
    plan.blocks.push_back(block);
    vectors -= block;
  }
  std::int64_t most_rows = 0, most_window = 0;
  for (const Phase& d : problem.phases[0])
    for (const Phase& h : problem.phases[1]) most_rows = std::max(most_rows, static_cast<std::int64_t>(d.taps.size() * h.taps.size()));
  const std::int64_t tile = HWY_DYNAMIC_DISPATCH(DirectTile)();
  for (const Phase& w : problem.phases[2])
    if (!w.taps.empty())
      most_window = std::max(most_window, (std::min(tile, w.count) - 1) * w.source_step + w.taps.back().offset - w.taps.front().offset + 1);
  const std::int64_t most = HWY_DYNAMIC_DISPATCH(DirectMostRows)();
  if (most_rows > most || problem.kernel[2] > most) return {nullptr, "more than 1024 taps"};
  plan.scratch_floats = most_rows * most_window * plan.sources;
  plan.block_outermost = problem.taps() * plan.sources * plan.padded * 4 > 256 << 10;
  return {std::make_unique<DirectKernel>(std::move(plan)), ""};
}

double direct_seconds(const GatherProblem& problem, int threads) {
  const std::int64_t destinations = problem.destination_channels / problem.groups;
  const double lanes = static_cast<double>(HWY_DYNAMIC_DISPATCH(DirectLanes)());
  const double padded =
      static_cast<double>((destinations + static_cast<std::int64_t>(lanes) - 1) / static_cast<std::int64_t>(lanes)) * lanes;
  const double multiply_adds = problem.flop / 2 * padded / static_cast<double>(destinations);
  const double packing = problem.packed_once ? 0 : static_cast<double>(problem.source_channels * problem.taps()) * padded / lanes * 50;
  return (multiply_adds / (lanes * 2 * 0.8) + packing) / 2.4e9 / threads;
}

}  // namespace isocenter::kernels
#endif
