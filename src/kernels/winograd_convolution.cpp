#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/winograd_convolution.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "kernels/winograd.h"
#include "kernels/winograd_plan.h"
#include "kernels/winograd_transforms_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
std::int64_t WinogradLanes() { return HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR ? 0 : kLanes; }

#if HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR  // plan creation refuses there, so these are never called
void WinogradInput(const WinogradPlan&, const float*, std::int64_t, std::int64_t, float*) {}
void WinogradProducts(const WinogradPlan&, const float*, const float*, std::int64_t, std::int64_t, std::int64_t, float*) {}
void WinogradOutput(const WinogradPlan&, const float*, std::int64_t, std::int64_t, const float*, float*) {}
void WinogradWeights(const WinogradPlan&, const float*, std::int64_t, std::int64_t, float*) {}
#else
namespace {

// N tiles times NV vectors of destination channels: y[j] = sum over c of a[j a_step + c] w[c].
template <int N, int NV>
HWY_NOINLINE void Product(const float* HWY_RESTRICT a, std::int64_t a_step, std::int64_t channels, const float* HWY_RESTRICT w, float* y,
                          std::int64_t y_step) {
  V acc[N][NV];
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j)
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) acc[j][v] = Broadcast(0);
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
  for (int j = 0; j < N; ++j)
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) Store(acc[j][v], y + j * y_step + v * kLanes);
}

using ProductFunction = void (*)(const float*, std::int64_t, std::int64_t, const float*, float*, std::int64_t);
constexpr int kTile[4] = {0, 12, kRegisters == 32 ? 12 : 6, kRegisters == 32 ? 8 : 4};
template <int NV, int... N>
constexpr std::array<ProductFunction, sizeof...(N)> Products(std::integer_sequence<int, N...>) {
  return {Product<N + 1, NV>...};
}
ProductFunction ProductOf(std::int64_t tiles, int vectors) {
  static constexpr auto one = Products<1>(std::make_integer_sequence<int, kTile[1]>());
  static constexpr auto two = Products<2>(std::make_integer_sequence<int, kTile[2]>());
  static constexpr auto three = Products<3>(std::make_integer_sequence<int, kTile[3]>());
  return vectors == 1 ? one[tiles - 1] : vectors == 2 ? two[tiles - 1] : three[tiles - 1];
}

}  // namespace

void WinogradInput(const WinogradPlan& plan, const float* source, std::int64_t first, std::int64_t count, float* v) {
  ForTile(plan.grid.r, [&](auto d, auto h, auto w) {
    InputTransform<decltype(d)::value, decltype(h)::value, decltype(w)::value>(plan.grid, source, first, count, v);
  });
}

// M[point] = V[point] U[point] for the points [begin, end) and the first `tiles` tiles.
void WinogradProducts(const WinogradPlan& plan, const float* v, const float* u, std::int64_t begin, std::int64_t end, std::int64_t tiles,
                      float* m) {
  const WinogradGrid& g = plan.grid;
  for (std::int64_t point = begin; point < end; ++point) {
    std::int64_t vector = 0;
    for (int vectors : plan.blocks) {
      const float* w = u + point * g.u_step() + vector * kLanes * g.sources;
      const std::int64_t pieces = (tiles + kTile[vectors] - 1) / kTile[vectors];
      for (std::int64_t i = 0; i < pieces; ++i) {
        const std::int64_t t = tiles * i / pieces, count = tiles * (i + 1) / pieces - t;
        ProductOf(count, vectors)(v + point * g.v_step() + t * g.sources_padded, g.sources_padded, g.sources, w,
                                  m + point * g.m_step() + t * g.destinations_padded + vector * kLanes, g.destinations_padded);
      }
      vector += vectors;
    }
  }
}

void WinogradOutput(const WinogradPlan& plan, const float* m, std::int64_t first, std::int64_t count, const float* bias,
                    float* destination) {
  ForTile(plan.grid.r, [&](auto d, auto h, auto w) {
    OutputTransform<decltype(d)::value, decltype(h)::value, decltype(w)::value>(plan.grid, m, first, count, bias, destination);
  });
}

// U for the source channels [begin, end).
void WinogradWeights(const WinogradPlan& plan, const float* weights, std::int64_t begin, std::int64_t end, float* u) {
  const GatherProblem& p = plan.problem;
  const WinogradGrid& g = plan.grid;
  ForTile(g.r, [&](auto rd, auto rh, auto rw) {
    using D = Axis<decltype(rd)::value>;
    using H = Axis<decltype(rh)::value>;
    using W = Axis<decltype(rw)::value>;
    constexpr int taps = D::taps * H::taps * W::taps;
    HWY_ALIGN float g0[taps * kLanes], g1[D::n * H::taps * W::taps * kLanes], g2[D::n * H::n * W::taps * kLanes];
    std::int64_t tap_of[taps];
    for (int a = 0, i = 0; a < D::taps; ++a)
      for (int b = 0; b < H::taps; ++b)
        for (int c = 0; c < W::taps; ++c, ++i)
          tap_of[i] =
              (p.phases[0][0].taps[a].kernel * p.kernel[1] + p.phases[1][0].taps[b].kernel) * p.kernel[2] + p.phases[2][0].taps[c].kernel;
    const std::int64_t lane_step = p.weight_index(0, 1, 0, 0);
    std::int64_t first = 0;
    for (int vectors : plan.blocks) {
      for (std::int64_t s = begin; s < end; ++s) {
        for (int v = 0; v < vectors; ++v) {
          const std::int64_t o = first + v * kLanes, lanes = std::clamp<std::int64_t>(g.destinations - o, 0, kLanes);
          const float* from = weights + p.weight_index(0, o, s, 0);
          if (lanes < kLanes) std::fill(g0, g0 + taps * kLanes, 0.f);
          for (std::int64_t lane = 0; lane < lanes; ++lane)  // a weight's taps are adjacent in memory
            for (int i = 0; i < taps; ++i) g0[i * kLanes + lane] = from[lane * lane_step + tap_of[i]];
          for (int i = 0; i < H::taps * W::taps; ++i) {
            V x[D::taps], y[D::n];
#pragma GCC unroll 6
            for (int a = 0; a < D::taps; ++a) x[a] = Load(g0 + (a * H::taps * W::taps + i) * kLanes);
            D::Weights(x, y);
#pragma GCC unroll 6
            for (int a = 0; a < D::n; ++a) Store(y[a], g1 + (a * H::taps * W::taps + i) * kLanes);
          }
          for (int a = 0; a < D::n; ++a)
            for (int i = 0; i < W::taps; ++i) {
              V x[H::taps], y[H::n];
#pragma GCC unroll 6
              for (int b = 0; b < H::taps; ++b) x[b] = Load(g1 + ((a * H::taps + b) * W::taps + i) * kLanes);
              H::Weights(x, y);
#pragma GCC unroll 6
              for (int b = 0; b < H::n; ++b) Store(y[b], g2 + ((a * H::n + b) * W::taps + i) * kLanes);
            }
          float* to = u + first * g.sources + (s * vectors + v) * kLanes;
          for (int q = 0; q < D::n * H::n; ++q) {
            V x[W::taps], y[W::n];
#pragma GCC unroll 6
            for (int c = 0; c < W::taps; ++c) x[c] = Load(g2 + (q * W::taps + c) * kLanes);
            W::Weights(x, y);
#pragma GCC unroll 6
            for (int c = 0; c < W::n; ++c) Store(y[c], to + (q * W::n + c) * g.u_step());
          }
        }
      }
      first += vectors * kLanes;
    }
  });
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isocenter::kernels {

HWY_EXPORT(WinogradLanes);
HWY_EXPORT(WinogradInput);
HWY_EXPORT(WinogradProducts);
HWY_EXPORT(WinogradOutput);
HWY_EXPORT(WinogradWeights);

std::int64_t winograd_lanes() { return HWY_DYNAMIC_DISPATCH(WinogradLanes)(); }

void winograd_input(const WinogradPlan& plan, const float* source, std::int64_t first, std::int64_t count, float* v) {
  HWY_DYNAMIC_DISPATCH(WinogradInput)(plan, source, first, count, v);
}

namespace {

class WinogradKernel : public GatherKernel {
 public:
  explicit WinogradKernel(WinogradPlan plan) : plan_(std::move(plan)) {}

  std::size_t packed_bytes() const override {
    const WinogradGrid& g = plan_.grid;
    return align_up(static_cast<std::size_t>(g.points() * g.u_step()) * sizeof(float));
  }
  std::size_t workspace_bytes() const override {
    return bias_bytes() + (plan_.point_by_point ? 1 : static_cast<std::size_t>(plan_.threads)) * tile_bytes();
  }
  void pack(const float* weights, void* packed) const override {
    const auto transform = HWY_DYNAMIC_DISPATCH(WinogradWeights);
    divide(plan_.threads, plan_.grid.sources,
           [&](int, std::int64_t begin, std::int64_t end) { transform(plan_, weights, begin, end, static_cast<float*>(packed)); });
  }
  void run(const float* source, const void* packed, const float* bias, float* destination, void* workspace) const override {
    const WinogradGrid& g = plan_.grid;
    const float* u = static_cast<const float*>(packed);
    float* padded_bias = static_cast<float*>(workspace);
    for (std::int64_t o = 0; o < g.destinations_padded; ++o) padded_bias[o] = bias && o < g.destinations ? bias[o] : 0.f;
    std::byte* memory = static_cast<std::byte*>(workspace) + bias_bytes();
    const auto input = HWY_DYNAMIC_DISPATCH(WinogradInput);
    const auto products = HWY_DYNAMIC_DISPATCH(WinogradProducts);
    const auto output = HWY_DYNAMIC_DISPATCH(WinogradOutput);
    const std::int64_t tiles = g.all_tiles();
    auto v_of = [&](std::size_t copy) { return reinterpret_cast<float*>(memory + copy * tile_bytes()); };
    if (plan_.point_by_point) {
      float *v = v_of(0), *m = v + g.points() * g.v_step();
      divide(plan_.threads, tiles, [&](int, std::int64_t begin, std::int64_t end) {
        if (end > begin) input(plan_, source, begin, end - begin, v + begin * g.sources_padded);
      });
      divide(plan_.threads, g.points(), [&](int, std::int64_t begin, std::int64_t end) { products(plan_, v, u, begin, end, tiles, m); });
      divide(plan_.threads, tiles, [&](int, std::int64_t begin, std::int64_t end) {
        if (end > begin) output(plan_, m + begin * g.destinations_padded, begin, end - begin, padded_bias, destination);
      });
      return;
    }
    const std::int64_t blocks = (tiles + g.capacity - 1) / g.capacity;
    divide(plan_.threads, blocks, [&](int thread, std::int64_t begin, std::int64_t end) {
      float *v = v_of(static_cast<std::size_t>(thread)), *m = v + g.points() * g.v_step();
      for (std::int64_t block = begin; block < end; ++block) {
        const std::int64_t first = tiles * block / blocks, count = tiles * (block + 1) / blocks - first;
        input(plan_, source, first, count, v);
        products(plan_, v, u, 0, g.points(), count, m);
        output(plan_, m, first, count, padded_bias, destination);
      }
    });
  }

 private:
  std::size_t bias_bytes() const { return align_up(static_cast<std::size_t>(plan_.grid.destinations_padded) * sizeof(float)); }
  std::size_t tile_bytes() const {
    return align_up(static_cast<std::size_t>(plan_.grid.points() * (plan_.grid.v_step() + plan_.grid.m_step())) * sizeof(float));
  }
  WinogradPlan plan_;
};

}  // namespace

template <std::size_t Tile>
Made<GatherKernel> make_winograd(const GatherProblem& problem, int threads) {
  WinogradPlan plan;
  if (auto reason = winograd_plan(problem, winograd_tiles()[Tile], threads, plan)) return {nullptr, *reason};
  return {std::make_unique<WinogradKernel>(std::move(plan)), ""};
}

template <std::size_t Tile>
double winograd_seconds(const GatherProblem& problem, int threads) {
  WinogradPlan plan;
  if (winograd_plan(problem, winograd_tiles()[Tile], threads, plan)) return 1e30;
  const WinogradGrid& g = plan.grid;
  const double tiles = static_cast<double>(g.all_tiles()), points = static_cast<double>(g.points()), lanes = static_cast<double>(g.lanes);
  const double products = tiles * points * static_cast<double>(g.sources * g.destinations_padded) / lanes / (2 * 0.85);
  const double transforms = tiles * points * static_cast<double>(2 * g.sources_padded + 2 * g.destinations_padded) / lanes * 1.6;
  // Transforming the weights: gathering the taps and some cycles a point, for each vector of each source channel (measured).
  const double weights = problem.packed_once ? 0 : static_cast<double>(g.sources * g.destinations_padded) / lanes * (1500 + 17 * points);
  return (products + transforms + weights) / 2.4e9 / threads;
}

template <std::size_t... Tile>
std::vector<GatherEntry> entries(std::index_sequence<Tile...>) {
  return {GatherEntry{winograd_tiles()[Tile].name, make_winograd<Tile>, winograd_seconds<Tile>, winograd_tiles()[Tile].error}...};
}

std::vector<GatherEntry> winograd_gather_entries() { return entries(std::make_index_sequence<7>()); }

}  // namespace isocenter::kernels
#endif
