// Included inside each Highway source: the few vector helpers of this room. Re-included for every target (no ordinary include guard).
#if defined(ISOCENTER_KERNELS_VECTOR_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ISOCENTER_KERNELS_VECTOR_INL_H
#undef ISOCENTER_KERNELS_VECTOR_INL_H
#else
#define ISOCENTER_KERNELS_VECTOR_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;
using V = hn::Vec<FloatTag>;
constexpr std::int64_t kLanes = HWY_LANES(float);
constexpr int kRegisters = HWY_MAX_BYTES == 64 || HWY_ARCH_ARM_A64 ? 32 : 16;  // architectural vector registers

HWY_INLINE V Load(const float* p) { return hn::LoadU(FloatTag(), p); }
HWY_INLINE void Store(V v, float* p) { hn::StoreU(v, FloatTag(), p); }
HWY_INLINE V Broadcast(float x) { return hn::Set(FloatTag(), x); }

// The first `count` lanes, 0 < count <= kLanes; nothing is read or written beyond them. Lanes not read are zero.
HWY_INLINE V LoadFirst(const float* p, std::int64_t count) {
  if (count >= kLanes) return Load(p);
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
  return hn::MaskedLoad(hn::FirstN(FloatTag(), static_cast<std::size_t>(count)), FloatTag(), p);
#else
  HWY_ALIGN float lanes[kLanes] = {};
  std::memcpy(lanes, p, static_cast<std::size_t>(count) * sizeof(float));
  return hn::Load(FloatTag(), lanes);
#endif
}
HWY_INLINE void StoreFirst(V v, float* p, std::int64_t count) {
  if (count >= kLanes) return Store(v, p);
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, FloatTag(), lanes);
  const float* from = lanes;  // in powers of two of fixed size: a copy of unknown size would be a call
  if constexpr (kLanes > 8)
    if (count & 8) std::memcpy(p, from, 32), p += 8, from += 8;
  if constexpr (kLanes > 4)
    if (count & 4) std::memcpy(p, from, 16), p += 4, from += 4;
  if constexpr (kLanes > 2)
    if (count & 2) std::memcpy(p, from, 8), p += 2, from += 2;
  if (count & 1) *p = *from;
}

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#endif
