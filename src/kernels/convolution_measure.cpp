#include "kernels/convolution_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <map>
#include <mutex>

#include "core/random.h"
#include "kernels/workspace.h"

namespace isocenter::kernels {

namespace {

std::mutex lock;
std::map<std::string, std::string>& remembered() {
  static std::map<std::string, std::string> names;
  return names;
}

std::vector<float> random_values(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  core::Random random(1, 0, "kernel choice");
  random.fill_normal(values.data(), values.size());
  return values;
}

// The least of three runs after one to warm up: what else the machine does only ever adds.
double least_seconds(const std::function<void()>& call) {
  call();
  double least = std::numeric_limits<double>::infinity();
  for (int run = 0; run < 3; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return least;
}

std::string key_of(const std::vector<std::string>& names, const std::string& problem, int threads) {
  return fmt::format("{} {} threads {}", problem, threads, fmt::join(names, " "));
}

template <class Time>
std::string fastest(const std::vector<std::string>& names, const std::string& key, const Time& time) {
  const std::lock_guard guard(lock);
  if (const auto found = remembered().find(key); found != remembered().end()) return found->second;
  std::string best = names.front();
  double least = std::numeric_limits<double>::infinity();
  for (const std::string& name : names)
    if (const double seconds = time(name); seconds < least) least = seconds, best = name;
  return remembered()[key] = best;
}

}  // namespace

std::string fastest_gather(const std::vector<std::string>& names, const GatherProblem& p, int threads) {
  std::string problem = fmt::format("{} {} {} {} {} {} {} {}", p.batch, fmt::join(p.source, "x"), fmt::join(p.destination, "x"),
                                    fmt::join(p.kernel, "x"), p.groups, p.transposed_weights, p.source_stride, p.destination_stride);
  problem += fmt::format(" {} {}", p.source_channels, p.destination_channels);
  for (const auto& axis : p.phases)
    for (const Phase& phase : axis) {
      problem += fmt::format(" ({} {} {} {}", phase.first, phase.step, phase.count, phase.source_step);
      for (const Tap& tap : phase.taps) problem += fmt::format(" {}", tap.offset);
      problem += ")";
    }
  return fastest(names, key_of(names, problem, threads), [&](const std::string& name) {
    const auto kernel = entry_of(gather_list(), name).make(p, threads).kernel;
    const auto source = random_values(p.batch * voxels(p.source) * p.source_stride);
    const auto weights = random_values(p.source_channels / p.groups * p.destination_channels * p.taps());
    auto destination = random_values(p.batch * voxels(p.destination) * p.destination_stride);
    Workspace packed, workspace;
    void* u = packed.reserve(kernel->packed_bytes());
    void* memory = workspace.reserve(std::max<std::size_t>(64, kernel->workspace_bytes()));
    return least_seconds([&] {
      kernel->pack(weights.data(), u);
      kernel->run(source.data(), u, nullptr, destination.data(), memory);
    });
  });
}

std::string fastest_weight_gradient(const std::vector<std::string>& names, const ConvolutionShape& s, int threads) {
  const std::string problem = fmt::format("{} strides {} {}", s.text(), s.x_stride, s.dy_stride);
  return fastest(names, key_of(names, problem, threads), [&](const std::string& name) {
    const auto kernel = entry_of(weight_gradient_list(), name).make(s, threads).kernel;
    const auto x = random_values(s.batch * voxels(s.input) * s.x_stride), dy = random_values(s.batch * voxels(s.output()) * s.dy_stride);
    std::vector<float> dweights(s.weights());
    Workspace workspace;
    void* memory = workspace.reserve(std::max<std::size_t>(64, kernel->workspace_bytes()));
    return least_seconds([&] { kernel->run(x.data(), dy.data(), dweights.data(), memory); });
  });
}

}  // namespace isocenter::kernels
