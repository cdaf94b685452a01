// The machine's f32 limit without Winograd: the rate of independent multiply-adds of its widest vectors, on all threads.
#pragma once

#include <string>

namespace isocenter::kernels {

// GFLOP/s, the best of a few short runs (about a fifth of a second in all).
double fma_peak_gflops();

// The instruction set that the kernels use here ("AVX2", "AVX3", "SSE4", "NEON" ...), and the processor's own name for itself where it has
// one.
std::string vector_target();
std::string processor_name();

}  // namespace isocenter::kernels
