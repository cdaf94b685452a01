#include "kernels/highway_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/peak.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <vector>

#include "core/parallel.h"
#include "kernels/convolution_kernel.h"
#include "kernels/peak.h"
#include "kernels/vector_inl.h"

HWY_BEFORE_NAMESPACE();
namespace isocenter::kernels {
namespace HWY_NAMESPACE {

// Twelve chains hide the latency of a multiply-add on two pipes. Returns a value that depends on all of them, and the operations done.
double FmaChains(std::int64_t rounds, float* result) {
  V x[12];
  for (int i = 0; i < 12; ++i) x[i] = Broadcast(static_cast<float>(i) * 1e-3f);
  const V a = Broadcast(0.999f), b = Broadcast(1e-4f);
  for (std::int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int i = 0; i < 12; ++i) x[i] = hn::MulAdd(x[i], a, b);
  }
  V sum = x[0];
  for (int i = 1; i < 12; ++i) sum = hn::Add(sum, x[i]);
  *result = hn::GetLane(sum);
  return 2.0 * 12 * static_cast<double>(kLanes) * static_cast<double>(rounds);
}

const char* TargetName() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace isocenter::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isocenter::kernels {

HWY_EXPORT(FmaChains);
HWY_EXPORT(TargetName);

double fma_peak_gflops() {
  const int threads = core::thread_count();
  const auto chains = HWY_DYNAMIC_DISPATCH(FmaChains);
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    std::vector<double> flop(static_cast<std::size_t>(threads));
    std::vector<float> results(static_cast<std::size_t>(threads));
    const auto begin = std::chrono::steady_clock::now();
    divide(threads, threads, [&](int thread, std::int64_t, std::int64_t) {
      const auto at = static_cast<std::size_t>(thread);
      flop[at] = chains(2'000'000, &results[at]);
    });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    double total = 0;
    for (std::size_t i = 0; i < flop.size(); ++i) total += results[i] == results[i] ? flop[i] : 0;
    best = std::max(best, total / seconds * 1e-9);
  }
  return best;
}

std::string vector_target() { return HWY_DYNAMIC_DISPATCH(TargetName)(); }

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0)
      if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "unknown processor";
}

}  // namespace isocenter::kernels
#endif
