// Included inside Highway sources: exp of a vector for arguments at or below zero (softmax after its maximum is taken off), f32 accuracy.
// exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln 2 / 2, exp(r) by a polynomial of degree 6 (Taylor; error 2e-7 relative at the ends).
#if defined(ISOCENTER_KERNELS_EXPONENTIAL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ISOCENTER_KERNELS_EXPONENTIAL_INL_H
#undef ISOCENTER_KERNELS_EXPONENTIAL_INL_H
#else
#define ISOCENTER_KERNELS_EXPONENTIAL_INL_H
#endif

#include "kernels/vector_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {

// Below -87 the result is zero (no denormals); NaN stays NaN.
HWY_INLINE V Exponential(V x) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  const V bounded = hn::Max(hn::Min(x, Broadcast(88)), Broadcast(-88));
  const auto n = hn::NearestInt(hn::Mul(bounded, Broadcast(1.44269504088896341f)));
  const V whole = hn::ConvertTo(d, n);
  // ln 2 in two parts, so that n ln 2 is taken off without rounding.
  V r = hn::NegMulAdd(whole, Broadcast(0.693145751953125f), bounded);
  r = hn::NegMulAdd(whole, Broadcast(1.42860682030941723e-6f), r);
  V p = Broadcast(1.f / 720);
  p = hn::MulAdd(p, r, Broadcast(1.f / 120));
  p = hn::MulAdd(p, r, Broadcast(1.f / 24));
  p = hn::MulAdd(p, r, Broadcast(1.f / 6));
  p = hn::MulAdd(p, r, Broadcast(0.5f));
  p = hn::MulAdd(p, r, Broadcast(1));
  p = hn::MulAdd(p, r, Broadcast(1));
  const V power = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127))));
  const V result = hn::IfThenElseZero(hn::Ge(x, Broadcast(-87)), hn::Mul(p, power));
  return hn::IfThenElse(hn::Eq(x, x), result, x);
}

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#endif
