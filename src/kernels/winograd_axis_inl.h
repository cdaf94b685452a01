// Included inside Highway sources: the transforms of one axis on vectors in registers (winograd.h says what they are).
#if defined(ISOCENTER_KERNELS_WINOGRAD_AXIS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ISOCENTER_KERNELS_WINOGRAD_AXIS_INL_H
#undef ISOCENTER_KERNELS_WINOGRAD_AXIS_INL_H
#else
#define ISOCENTER_KERNELS_WINOGRAD_AXIS_INL_H
#endif

#include "kernels/vector_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {
namespace {

// a + k b
HWY_INLINE V Plus(V a, float k, V b) { return hn::MulAdd(b, Broadcast(k), a); }

template <int R>
struct Axis;

// A single tap: nothing to transform.
template <>
struct Axis<1> {
  static constexpr int n = 1, taps = 1;
  static HWY_INLINE void Input(V*) {}
  static HWY_INLINE void Output(const V* m, V* y) { y[0] = m[0]; }
  static HWY_INLINE void Gradient(const V* y, V* m) { m[0] = y[0]; }
  static HWY_INLINE void Weights(const V* g, V* u) { u[0] = g[0]; }
  static HWY_INLINE void WeightsGradient(const V* u, V* g) { g[0] = u[0]; }
};

template <>
struct Axis<2> {
  static constexpr int n = 4, taps = 3;
  static HWY_INLINE void Input(V* x) {  // B^T x
    const V a = hn::Sub(x[0], x[2]), b = hn::Add(x[1], x[2]), c = hn::Sub(x[2], x[1]), d = hn::Sub(x[1], x[3]);
    x[0] = a, x[1] = b, x[2] = c, x[3] = d;
  }
  static HWY_INLINE void Output(const V* m, V* y) {  // A^T m
    y[0] = hn::Add(m[0], hn::Add(m[1], m[2]));
    y[1] = hn::Sub(hn::Sub(m[1], m[2]), m[3]);
  }
  static HWY_INLINE void Gradient(const V* y, V* m) {  // A y
    m[0] = y[0];
    m[1] = hn::Add(y[0], y[1]);
    m[2] = hn::Sub(y[0], y[1]);
    m[3] = hn::Neg(y[1]);
  }
  static HWY_INLINE void Weights(const V* g, V* u) {  // G g
    const V half = Broadcast(0.5f), ends = hn::Mul(half, hn::Add(g[0], g[2])), middle = hn::Mul(half, g[1]);
    u[0] = g[0];
    u[1] = hn::Add(ends, middle);
    u[2] = hn::Sub(ends, middle);
    u[3] = g[2];
  }
  static HWY_INLINE void WeightsGradient(const V* u, V* g) {  // G^T u
    const V half = Broadcast(0.5f), sum = hn::Mul(half, hn::Add(u[1], u[2]));
    g[0] = hn::Add(u[0], sum);
    g[1] = hn::Mul(half, hn::Sub(u[1], u[2]));
    g[2] = hn::Add(u[3], sum);
  }
};

template <>
struct Axis<4> {
  static constexpr int n = 6, taps = 3;
  static HWY_INLINE void Input(V* x) {
    const V even = Plus(x[4], -4, x[2]), odd = Plus(x[3], -4, x[1]), difference = hn::Sub(x[4], x[2]),
            twice = hn::Mul(Broadcast(2), hn::Sub(x[3], x[1]));
    const V first = Plus(Plus(x[4], -5, x[2]), 4, x[0]), last = Plus(Plus(x[5], -5, x[3]), 4, x[1]);
    x[0] = first;
    x[1] = hn::Add(even, odd);
    x[2] = hn::Sub(even, odd);
    x[3] = hn::Add(difference, twice);
    x[4] = hn::Sub(difference, twice);
    x[5] = last;
  }
  static HWY_INLINE void Output(const V* m, V* y) {
    const V p = hn::Add(m[1], m[2]), q = hn::Sub(m[1], m[2]), s = hn::Add(m[3], m[4]), d = hn::Sub(m[3], m[4]);
    y[0] = hn::Add(m[0], hn::Add(p, s));
    y[1] = Plus(q, 2, d);
    y[2] = Plus(p, 4, s);
    y[3] = hn::Add(Plus(q, 8, d), m[5]);
  }
  static HWY_INLINE void Gradient(const V* y, V* m) {
    const V even = hn::Add(y[0], y[2]), odd = hn::Add(y[1], y[3]), even2 = Plus(y[0], 4, y[2]),
            odd2 = hn::MulAdd(y[3], Broadcast(8), hn::Add(y[1], y[1]));
    m[0] = y[0];
    m[1] = hn::Add(even, odd);
    m[2] = hn::Sub(even, odd);
    m[3] = hn::Add(even2, odd2);
    m[4] = hn::Sub(even2, odd2);
    m[5] = y[3];
  }
  static HWY_INLINE void Weights(const V* g, V* u) {
    const V sixth = Broadcast(-1.f / 6), ends = hn::Mul(sixth, hn::Add(g[0], g[2])), middle = hn::Mul(sixth, g[1]);
    const V outer = hn::MulAdd(g[2], Broadcast(1.f / 6), hn::Mul(g[0], Broadcast(1.f / 24))), inner = hn::Mul(g[1], Broadcast(1.f / 12));
    u[0] = hn::Mul(g[0], Broadcast(0.25f));
    u[1] = hn::Add(ends, middle);
    u[2] = hn::Sub(ends, middle);
    u[3] = hn::Add(outer, inner);
    u[4] = hn::Sub(outer, inner);
    u[5] = g[2];
  }
  static HWY_INLINE void WeightsGradient(const V* u, V* g) {
    const V sum = hn::Mul(Broadcast(-1.f / 6), hn::Add(u[1], u[2])), difference = hn::Mul(Broadcast(-1.f / 6), hn::Sub(u[1], u[2]));
    const V sum2 = hn::Add(u[3], u[4]), difference2 = hn::Sub(u[3], u[4]);
    g[0] = hn::MulAdd(u[0], Broadcast(0.25f), hn::MulAdd(sum2, Broadcast(1.f / 24), sum));
    g[1] = hn::MulAdd(difference2, Broadcast(1.f / 12), difference);
    g[2] = hn::Add(u[5], hn::MulAdd(sum2, Broadcast(1.f / 6), sum));
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#endif
