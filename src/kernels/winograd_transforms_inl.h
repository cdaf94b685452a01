// Included inside Highway sources: whole tiles to points and back.
#if defined(ISOCENTER_KERNELS_WINOGRAD_TRANSFORMS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ISOCENTER_KERNELS_WINOGRAD_TRANSFORMS_INL_H
#undef ISOCENTER_KERNELS_WINOGRAD_TRANSFORMS_INL_H
#else
#define ISOCENTER_KERNELS_WINOGRAD_TRANSFORMS_INL_H
#endif

#include <algorithm>

#include "kernels/winograd.h"
#include "kernels/winograd_axis_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
namespace {

// The zeros that rows outside the image are read from (with a step of zero).
HWY_ALIGN constexpr float kZeros[64] = {};

struct TilePlace {
  std::int64_t n, d, h, w;
};
HWY_INLINE TilePlace PlaceOf(const WinogradGrid& grid, std::int64_t tile) {
  const std::int64_t w = tile % grid.tiles[2], row = tile / grid.tiles[2], h = row % grid.tiles[1], slab = row / grid.tiles[1];
  return {slab / grid.tiles[0], slab % grid.tiles[0], h, w};
}

// One column (fixed x) of a tile: n_d x n_h source vectors transformed along height and depth into `to`.
template <class D, class H>
HWY_INLINE void Column(const float* const* row, const std::int64_t* step, std::int64_t x, std::int64_t c, std::int64_t lanes, float* to) {
  HWY_ALIGN float half[D::n * H::n * kLanes];
  const bool whole = lanes >= kLanes;
  for (int a = 0; a < D::n; ++a) {
    V p[H::n];
    if (whole) {
#pragma GCC unroll 6
      for (int b = 0; b < H::n; ++b) p[b] = Load(row[a * H::n + b] + x * step[a * H::n + b] + c);
    } else {
#pragma GCC unroll 6
      for (int b = 0; b < H::n; ++b) p[b] = LoadFirst(row[a * H::n + b] + x * step[a * H::n + b] + c, lanes);
    }
    H::Input(p);
#pragma GCC unroll 6
    for (int b = 0; b < H::n; ++b) Store(p[b], half + (a * H::n + b) * kLanes);
  }
  for (int b = 0; b < H::n; ++b) {
    V p[D::n];
#pragma GCC unroll 6
    for (int a = 0; a < D::n; ++a) p[a] = Load(half + (a * H::n + b) * kLanes);
    D::Input(p);
#pragma GCC unroll 6
    for (int a = 0; a < D::n; ++a) Store(p[a], to + (a * H::n + b) * kLanes);
  }
}

// V[point][t][channel] for the tiles [first, first + count); t counts from 0. Lanes beyond the channels are zero.
template <int RD, int RH, int RW>
void InputTransform(const WinogradGrid& grid, const float* source, std::int64_t first, std::int64_t count, float* v) {
  using D = Axis<RD>;
  using H = Axis<RH>;
  using W = Axis<RW>;
  constexpr int planes = D::n * H::n, kept = W::n - RW;
  const std::int64_t stride = grid.source_stride, v_step = grid.v_step();
  HWY_ALIGN float columns[W::n * planes * kLanes];
  const float* row[planes];
  std::int64_t step[planes];
  for (std::int64_t t = 0; t < count;) {
    const TilePlace place = PlaceOf(grid, first + t);
    const std::int64_t run = std::min(count - t, grid.tiles[2] - place.w);
    for (int a = 0; a < D::n; ++a)
      for (int b = 0; b < H::n; ++b) {
        const std::int64_t z = place.d * RD + grid.offset[0] + a, y = place.h * RH + grid.offset[1] + b;
        const bool inside = z >= 0 && z < grid.source[0] && y >= 0 && y < grid.source[1];
        row[a * H::n + b] = inside ? source + ((place.n * grid.source[0] + z) * grid.source[1] + y) * grid.source[2] * stride : nullptr;
        step[a * H::n + b] = inside ? stride : 0;
      }
    for (std::int64_t c = 0; c < grid.sources_padded; c += kLanes) {
      const float* from[planes];
      for (int q = 0; q < planes; ++q) from[q] = row[q] ? row[q] + c : kZeros;
      const std::int64_t lanes = std::min(kLanes, grid.sources - c);
      for (std::int64_t i = 0; i < run; ++i) {
        const std::int64_t x0 = (place.w + i) * RW + grid.offset[2];
        if (i > 0)
          for (int k = 0; k < kept * planes; ++k) Store(Load(columns + (RW * planes + k) * kLanes), columns + k * kLanes);
        for (int j = i > 0 ? kept : 0; j < W::n; ++j) {
          const std::int64_t x = x0 + j;
          float* to = columns + j * planes * kLanes;
          if (x < 0 || x >= grid.source[2]) {
            std::fill(to, to + planes * kLanes, 0.f);
          } else {
            Column<D, H>(from, step, x, 0, lanes, to);
          }
        }
        float* out = v + (t + i) * grid.sources_padded + c;
        for (int q = 0; q < planes; ++q, out += W::n * v_step) {
          V p[W::n];
#pragma GCC unroll 6
          for (int j = 0; j < W::n; ++j) p[j] = Load(columns + (j * planes + q) * kLanes);
          W::Input(p);
#pragma GCC unroll 6
          for (int j = 0; j < W::n; ++j) Store(p[j], out + j * v_step);
        }
      }
    }
    t += run;
  }
}

// Destinations of the tiles [first, first + count) from M[point][t][channel], bias added (whole vectors of it).
template <int RD, int RH, int RW>
void OutputTransform(const WinogradGrid& grid, const float* m, std::int64_t first, std::int64_t count, const float* bias,
                     float* destination) {
  using D = Axis<RD>;
  using H = Axis<RH>;
  using W = Axis<RW>;
  constexpr int planes = D::n * H::n;
  const std::int64_t stride = grid.destination_stride, m_step = grid.m_step();
  HWY_ALIGN float lines[planes * RW * kLanes], half[D::n * RH * kLanes];
  for (std::int64_t t = 0; t < count; ++t) {
    const TilePlace place = PlaceOf(grid, first + t);
    const std::int64_t d0 = place.d * RD, h0 = place.h * RH, w0 = place.w * RW;
    const std::int64_t depth = std::min<std::int64_t>(RD, grid.destination[0] - d0),
                       height = std::min<std::int64_t>(RH, grid.destination[1] - h0),
                       width = std::min<std::int64_t>(RW, grid.destination[2] - w0);
    for (std::int64_t o = 0; o < grid.destinations_padded; o += kLanes) {
      const std::int64_t lanes = std::min(kLanes, grid.destinations - o);
      const V add = Load(bias + o);
      const float* from = m + t * grid.destinations_padded + o;
      for (int q = 0; q < planes; ++q, from += W::n * m_step) {
        V p[W::n], y[RW];
#pragma GCC unroll 6
        for (int j = 0; j < W::n; ++j) p[j] = Load(from + j * m_step);
        W::Output(p, y);
#pragma GCC unroll 4
        for (int j = 0; j < RW; ++j) Store(y[j], lines + (j * planes + q) * kLanes);
      }
      for (std::int64_t x = 0; x < width; ++x) {
        for (int a = 0; a < D::n; ++a) {
          V p[H::n], y[RH];
#pragma GCC unroll 6
          for (int b = 0; b < H::n; ++b) p[b] = Load(lines + (x * planes + a * H::n + b) * kLanes);
          H::Output(p, y);
#pragma GCC unroll 4
          for (int b = 0; b < RH; ++b) Store(y[b], half + (a * RH + b) * kLanes);
        }
        float* to =
            destination + (((place.n * grid.destination[0] + d0) * grid.destination[1] + h0) * grid.destination[2] + w0 + x) * stride + o;
        for (std::int64_t b = 0; b < height; ++b) {
          V p[D::n], y[RD];
#pragma GCC unroll 6
          for (int a = 0; a < D::n; ++a) p[a] = Load(half + (a * RH + b) * kLanes);
          D::Output(p, y);
#pragma GCC unroll 4
          for (int a = 0; a < RD; ++a)
            if (a < depth) StoreFirst(hn::Add(y[a], add), to + (a * grid.destination[1] + b) * grid.destination[2] * stride, lanes);
        }
      }
    }
  }
}

// A dy at the points, laid out as M, for the gradient of the weights.
template <int RD, int RH, int RW>
void GradientTransform(const WinogradGrid& grid, const float* dy, std::int64_t first, std::int64_t count, float* m) {
  using D = Axis<RD>;
  using H = Axis<RH>;
  using W = Axis<RW>;
  constexpr int planes = D::n * H::n;
  const std::int64_t stride = grid.destination_stride, m_step = grid.m_step();
  HWY_ALIGN float lines[planes * RW * kLanes], half[D::n * RH * kLanes];
  for (std::int64_t t = 0; t < count; ++t) {
    const TilePlace place = PlaceOf(grid, first + t);
    const std::int64_t d0 = place.d * RD, h0 = place.h * RH, w0 = place.w * RW;
    const std::int64_t depth = std::min<std::int64_t>(RD, grid.destination[0] - d0),
                       height = std::min<std::int64_t>(RH, grid.destination[1] - h0),
                       width = std::min<std::int64_t>(RW, grid.destination[2] - w0);
    for (std::int64_t o = 0; o < grid.destinations_padded; o += kLanes) {
      const std::int64_t lanes = std::min(kLanes, grid.destinations - o);
      for (int x = 0; x < RW; ++x) {
        const float* from =
            dy + (((place.n * grid.destination[0] + d0) * grid.destination[1] + h0) * grid.destination[2] + w0 + x) * stride + o;
        for (int b = 0; b < RH; ++b) {
          V y[RD], p[D::n];
#pragma GCC unroll 4
          for (int a = 0; a < RD; ++a)
            y[a] = x < width && b < height && a < depth
                       ? LoadFirst(from + (a * grid.destination[1] + b) * grid.destination[2] * stride, lanes)
                       : Broadcast(0);
          D::Gradient(y, p);
#pragma GCC unroll 6
          for (int a = 0; a < D::n; ++a) Store(p[a], half + (a * RH + b) * kLanes);
        }
        for (int a = 0; a < D::n; ++a) {
          V y[RH], p[H::n];
#pragma GCC unroll 4
          for (int b = 0; b < RH; ++b) y[b] = Load(half + (a * RH + b) * kLanes);
          H::Gradient(y, p);
#pragma GCC unroll 6
          for (int b = 0; b < H::n; ++b) Store(p[b], lines + (x * planes + a * H::n + b) * kLanes);
        }
      }
      float* to = m + t * grid.destinations_padded + o;
      for (int q = 0; q < planes; ++q, to += W::n * m_step) {
        V y[RW], p[W::n];
#pragma GCC unroll 4
        for (int j = 0; j < RW; ++j) y[j] = Load(lines + (j * planes + q) * kLanes);
        W::Gradient(y, p);
#pragma GCC unroll 6
        for (int j = 0; j < W::n; ++j) Store(p[j], to + j * m_step);
      }
    }
  }
}

// Calls body(rd, rh, rw as constants) for the tile of a grid.
template <class Body>
HWY_INLINE void ForTile(const Size3& r, const Body& body) {
  using std::integral_constant;
  constexpr integral_constant<int, 1> one;
  constexpr integral_constant<int, 2> two;
  constexpr integral_constant<int, 4> four;
  if (r[0] == 1) {
    if (r[1] == 2 && r[2] == 2) return body(one, two, two);
    if (r[1] == 2) return body(one, two, four);
    return body(one, four, four);
  }
  if (r[0] == 4) return body(four, four, four);
  if (r[1] == 4) return body(two, four, four);
  if (r[2] == 4) return body(two, two, four);
  return body(two, two, two);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#endif
