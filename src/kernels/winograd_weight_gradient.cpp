#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/winograd_weight_gradient.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "kernels/winograd_transforms_inl.h"
#include "kernels/winograd_weight_gradient.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
#if HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR  // plan creation refuses there, so these are never called
void WinogradGradient(const WinogradWeightGradientPlan&, const float*, std::int64_t, std::int64_t, float*) {}
void WinogradWeightProducts(const WinogradWeightGradientPlan&, const float*, const float*, std::int64_t, std::int64_t, std::int64_t,
                            float*) {}
void WinogradWeightsBack(const WinogradWeightGradientPlan&, const float*, std::int64_t, std::int64_t, float*) {}
#else
namespace {

// N source channels times NV vectors of destination channels: total[j total_step] += sum over tiles of v[t v_step + j] m[t m_step].
template <int N, int NV>
HWY_NOINLINE void Product(const float* HWY_RESTRICT v, std::int64_t v_step, const float* HWY_RESTRICT m, std::int64_t m_step,
                          std::int64_t tiles, float* total) {
  V acc[N][NV];
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j)
#pragma GCC unroll 4
    for (int i = 0; i < NV; ++i) acc[j][i] = Load(total + (j * NV + i) * kLanes);
  for (std::int64_t t = 0; t < tiles; ++t, v += v_step, m += m_step) {
    V b[NV];
#pragma GCC unroll 4
    for (int i = 0; i < NV; ++i) b[i] = Load(m + i * kLanes);
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j) {
      const V e = Broadcast(v[j]);
#pragma GCC unroll 4
      for (int i = 0; i < NV; ++i) acc[j][i] = hn::MulAdd(e, b[i], acc[j][i]);
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j)
#pragma GCC unroll 4
    for (int i = 0; i < NV; ++i) Store(acc[j][i], total + (j * NV + i) * kLanes);
}

using ProductFunction = void (*)(const float*, std::int64_t, const float*, std::int64_t, std::int64_t, float*);
constexpr int kTile[4] = {0, 12, kRegisters == 32 ? 12 : 6, kRegisters == 32 ? 8 : 4};
template <int NV, int... N>
constexpr std::array<ProductFunction, sizeof...(N)> Products(std::integer_sequence<int, N...>) {
  return {Product<N + 1, NV>...};
}
ProductFunction ProductOf(std::int64_t channels, int vectors) {
  static constexpr auto one = Products<1>(std::make_integer_sequence<int, kTile[1]>());
  static constexpr auto two = Products<2>(std::make_integer_sequence<int, kTile[2]>());
  static constexpr auto three = Products<3>(std::make_integer_sequence<int, kTile[3]>());
  return vectors == 1 ? one[channels - 1] : vectors == 2 ? two[channels - 1] : three[channels - 1];
}

}  // namespace

void WinogradGradient(const WinogradWeightGradientPlan& plan, const float* dy, std::int64_t first, std::int64_t count, float* m) {
  const WinogradGrid& grid = plan.forward.grid;
  ForTile(grid.r, [&](auto d, auto h, auto w) {
    GradientTransform<decltype(d)::value, decltype(h)::value, decltype(w)::value>(grid, dy, first, count, m);
  });
}

// dU[point][block][source][vectors] += V^T M for the points [begin, end).
void WinogradWeightProducts(const WinogradWeightGradientPlan& plan, const float* v, const float* m, std::int64_t begin, std::int64_t end,
                            std::int64_t tiles, float* du) {
  const WinogradGrid& g = plan.forward.grid;
  for (std::int64_t point = begin; point < end; ++point) {
    std::int64_t vector = 0;
    for (int vectors : plan.forward.blocks) {
      float* total = du + point * g.u_step() + vector * kLanes * g.sources;
      const std::int64_t pieces = (g.sources + kTile[vectors] - 1) / kTile[vectors];
      for (std::int64_t i = 0; i < pieces; ++i) {
        const std::int64_t c = g.sources * i / pieces, count = g.sources * (i + 1) / pieces - c;
        ProductOf(count, vectors)(v + point * g.v_step() + c, g.sources_padded, m + point * g.m_step() + vector * kLanes,
                                  g.destinations_padded, tiles, total + c * vectors * kLanes);
      }
      vector += vectors;
    }
  }
}

// dw in ONNX order from dU for the source channels [begin, end).
void WinogradWeightsBack(const WinogradWeightGradientPlan& plan, const float* du, std::int64_t begin, std::int64_t end, float* dweights) {
  const GatherProblem& p = plan.forward.problem;
  const WinogradGrid& g = plan.forward.grid;
  ForTile(g.r, [&](auto rd, auto rh, auto rw) {
    using D = Axis<decltype(rd)::value>;
    using H = Axis<decltype(rh)::value>;
    using W = Axis<decltype(rw)::value>;
    HWY_ALIGN float g2[D::n * H::n * W::taps * kLanes], g1[D::n * H::taps * W::taps * kLanes], lanes[kLanes];
    std::int64_t first = 0;
    for (int vectors : plan.forward.blocks) {
      for (std::int64_t s = begin; s < end; ++s) {
        for (int i = 0; i < vectors; ++i) {
          const float* from = du + first * g.sources + (s * vectors + i) * kLanes;
          for (int q = 0; q < D::n * H::n; ++q) {
            V u[W::n], x[W::taps];
#pragma GCC unroll 6
            for (int c = 0; c < W::n; ++c) u[c] = Load(from + (q * W::n + c) * g.u_step());
            W::WeightsGradient(u, x);
#pragma GCC unroll 6
            for (int c = 0; c < W::taps; ++c) Store(x[c], g2 + (q * W::taps + c) * kLanes);
          }
          for (int a = 0; a < D::n; ++a)
            for (int c = 0; c < W::taps; ++c) {
              V u[H::n], x[H::taps];
#pragma GCC unroll 6
              for (int b = 0; b < H::n; ++b) u[b] = Load(g2 + ((a * H::n + b) * W::taps + c) * kLanes);
              H::WeightsGradient(u, x);
#pragma GCC unroll 6
              for (int b = 0; b < H::taps; ++b) Store(x[b], g1 + ((a * H::taps + b) * W::taps + c) * kLanes);
            }
          const std::int64_t o = first + i * kLanes, here = std::clamp<std::int64_t>(g.destinations - o, 0, kLanes);
          for (int bc = 0; bc < H::taps * W::taps; ++bc) {
            V u[D::n], x[D::taps];
#pragma GCC unroll 6
            for (int a = 0; a < D::n; ++a) u[a] = Load(g1 + (a * H::taps * W::taps + bc) * kLanes);
            D::WeightsGradient(u, x);
            for (int a = 0; a < D::taps; ++a) {
              Store(x[a], lanes);
              for (std::int64_t lane = 0; lane < here; ++lane)
                dweights[p.weight_index(0, o + lane, s, a * H::taps * W::taps + bc)] = lanes[lane];
            }
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

HWY_EXPORT(WinogradGradient);
HWY_EXPORT(WinogradWeightProducts);
HWY_EXPORT(WinogradWeightsBack);

namespace {

class WinogradWeightGradient : public WeightGradientKernel {
 public:
  explicit WinogradWeightGradient(WinogradWeightGradientPlan plan) : plan_(std::move(plan)) {}

  std::size_t workspace_bytes() const override {
    const std::size_t copies = plan_.forward.point_by_point ? 1 : static_cast<std::size_t>(plan_.forward.threads);
    return copies * (tile_floats() + (plan_.forward.point_by_point ? 1 : 2) * du_floats()) * sizeof(float);
  }

  void run(const float* x, const float* dy, float* dweights, void* workspace) const override {
    const WinogradGrid& g = plan_.forward.grid;
    const int threads = plan_.forward.threads;
    const std::int64_t tiles = g.all_tiles();
    float* memory = static_cast<float*>(workspace);
    const auto gradient = HWY_DYNAMIC_DISPATCH(WinogradGradient);
    const auto products = HWY_DYNAMIC_DISPATCH(WinogradWeightProducts);
    const auto back = HWY_DYNAMIC_DISPATCH(WinogradWeightsBack);
    if (plan_.forward.point_by_point) {
      float *v = memory, *m = v + g.points() * g.v_step(), *du = memory + tile_floats();
      divide(threads, tiles, [&](int, std::int64_t begin, std::int64_t end) {
        if (begin == end) return;
        winograd_input(plan_.forward, x, begin, end - begin, v + begin * g.sources_padded);
        gradient(plan_, dy, begin, end - begin, m + begin * g.destinations_padded);
      });
      const std::int64_t step = g.u_step();
      divide(threads, g.points(), [&](int, std::int64_t begin, std::int64_t end) {
        std::fill(du + begin * step, du + end * step, 0.f);
        products(plan_, v, m, begin, end, tiles, du);
      });
    } else {
      const std::int64_t blocks = (tiles + g.capacity - 1) / g.capacity;
      const std::size_t size = du_floats();
      divide(threads, blocks, [&](int thread, std::int64_t begin, std::int64_t end) {
        float* total = memory + static_cast<std::size_t>(thread) * 2 * size;
        float* piece = total + size;
        float* v = memory + static_cast<std::size_t>(threads) * 2 * size + static_cast<std::size_t>(thread) * tile_floats();
        float* m = v + g.points() * g.v_step();
        std::fill(total, total + 2 * size, 0.f);
        // Sums of some blocks apart and then added: rounding grows with the root of their number instead of that of all tiles.
        for (std::int64_t block = begin; block < end; ++block) {
          const std::int64_t first = tiles * block / blocks, count = tiles * (block + 1) / blocks - first;
          winograd_input(plan_.forward, x, first, count, v);
          gradient(plan_, dy, first, count, m);
          products(plan_, v, m, 0, g.points(), count, piece);
          if ((block - begin) % plan_.pieces == plan_.pieces - 1 || block + 1 == end)
            for (std::size_t i = 0; i < size; ++i) total[i] += piece[i], piece[i] = 0;
        }
      });
      divide(threads, static_cast<std::int64_t>(size), [&](int, std::int64_t begin, std::int64_t end) {
        for (int thread = 1; thread < threads; ++thread) {
          const float* other = memory + static_cast<std::size_t>(thread) * 2 * size;
          for (std::int64_t i = begin; i < end; ++i) memory[i] += other[i];
        }
      });
    }
    const float* du = plan_.forward.point_by_point ? memory + tile_floats() : memory;
    divide(threads, g.sources, [&](int, std::int64_t begin, std::int64_t end) { back(plan_, du, begin, end, dweights); });
  }

 private:
  std::size_t du_floats() const {
    const WinogradGrid& g = plan_.forward.grid;
    return align_up(static_cast<std::size_t>(g.points() * g.u_step()), 16);
  }
  std::size_t tile_floats() const {
    return align_up(static_cast<std::size_t>(plan_.forward.grid.points() * (plan_.forward.grid.v_step() + plan_.forward.grid.m_step())),
                    16);
  }
  WinogradWeightGradientPlan plan_;
};

std::optional<std::string> weight_gradient_plan(const ConvolutionShape& shape, const WinogradTile& tile, int threads,
                                                WinogradWeightGradientPlan& plan) {
  GatherProblem problem = forward_problem(shape);
  problem.destination_stride = shape.dy_stride ? shape.dy_stride : problem.destination_stride;
  if (auto reason = winograd_plan(problem, tile, threads, plan.forward)) return reason;
  plan.pieces = std::max<std::int64_t>(1, 1024 / plan.forward.grid.capacity);
  return std::nullopt;
}

template <std::size_t Tile>
Made<WeightGradientKernel> make(const ConvolutionShape& shape, int threads) {
  WinogradWeightGradientPlan plan;
  if (auto reason = weight_gradient_plan(shape, winograd_tiles()[Tile], threads, plan)) return {nullptr, *reason};
  return {std::make_unique<WinogradWeightGradient>(std::move(plan)), ""};
}

template <std::size_t Tile>
double seconds(const ConvolutionShape& shape, int threads) {
  WinogradWeightGradientPlan plan;
  if (weight_gradient_plan(shape, winograd_tiles()[Tile], threads, plan)) return 1e30;
  const WinogradGrid& g = plan.forward.grid;
  const double tiles = static_cast<double>(g.all_tiles()), points = static_cast<double>(g.points()), lanes = static_cast<double>(g.lanes);
  const double weights = points * static_cast<double>(g.sources * g.destinations_padded) / lanes;
  const double block = static_cast<double>(g.capacity);
  const double products = tiles * weights / (2 * 0.8) * (1 + 2 / block);
  const double transforms = tiles * points * static_cast<double>(2 * g.sources_padded + 2 * g.destinations_padded) / lanes * 1.6;
  const double back = weights * (1500 / points + 17) + (plan.forward.point_by_point ? 0 : weights * 2 * threads);
  return (products + transforms + back) / 2.4e9 / threads;
}

template <std::size_t... Tile>
std::vector<WeightGradientEntry> entries(std::index_sequence<Tile...>) {
  return {WeightGradientEntry{winograd_tiles()[Tile].name, make<Tile>, seconds<Tile>, winograd_tiles()[Tile].weight_gradient_error}...};
}

}  // namespace

std::vector<WeightGradientEntry> winograd_weight_gradient_entries() { return entries(std::make_index_sequence<7>()); }

}  // namespace isocenter::kernels
#endif
