// Plain loops compiled once a level of x86-64 vectors and chosen when the program is loaded. A function so marked holds loops with
// `#pragma omp simd`, calls nothing but inline functions, and takes plain pointers.
#pragma once

#include <bit>
#include <cstdint>

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ISOCENTER_VECTOR_LOOPS __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default"), optimize("O3")))
#else
#define ISOCENTER_VECTOR_LOOPS
#endif

namespace isocenter::engine {

// e^x to 2e-7 relative, without a branch, so that loops over it become vectors: 2^k times a polynomial of the remainder (Cephes' expf).
// Below -87.3 the result is the smallest normal number; above 88.7 it stays at the largest power that the format holds. NaN stays NaN.
inline __attribute__((always_inline)) float fast_exp(float x) {
  const float clamped = x < -87.3f ? -87.3f : (x > 88.3f ? 88.3f : x);
  const float k = __builtin_rintf(clamped * 1.44269504088896341f);
  const float r = (clamped - k * 0.693359375f) + k * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const float scale = std::bit_cast<float>((static_cast<std::int32_t>(k) + 127) << 23);
  return p * scale;
}

}  // namespace isocenter::engine
