// Included first by each Highway source: the instruction sets that are compiled. SVE and RISC-V vectors have no size at compile time, which
// the register tiles need; AVX3_DL and SSSE3 add nothing to f32 arithmetic but compile time.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_AVX3_DL | HWY_SSSE3)
