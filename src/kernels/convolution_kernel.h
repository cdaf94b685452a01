// Inside the room: what a convolution kernel is, and the list it is chosen from.
//
// Forward and the gradient of the input are one problem: each destination voxel gathers weighted source voxels (GatherProblem). The
// gradient of the weights is the other. A kernel is made for one problem by a factory in the list (convolution_list.cpp); a factory that
// does not fit returns the reason.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/convolution.h"

namespace isocenter::kernels {

struct Tap {
  std::int64_t offset;  // source index - source_step * m
  std::int64_t kernel;  // index into the kernel along this axis
};

// Along one axis, destinations first + step m, m in [0, count), gather from source_step m + offset of each tap; ascending offsets.
struct Phase {
  std::int64_t first = 0, step = 1, count = 0, source_step = 1;
  std::vector<Tap> taps;
};

struct GatherProblem {
  std::int64_t batch = 1;
  Size3 source{1, 1, 1}, destination{1, 1, 1}, kernel{1, 1, 1};
  std::int64_t groups = 1, source_channels = 1, destination_channels = 1;  // of all groups
  std::int64_t source_stride = 1, destination_stride = 1;
  bool transposed_weights = false;  // weights[source][destination][tap] in place of [destination][source][tap]
  std::array<std::vector<Phase>, 3> phases;
  double flop = 0;
  bool packed_once = false;  // weights are not brought into the kernel's order in every call

  std::int64_t taps() const { return voxels(kernel); }
  // The place in ONNX order of the weight from channel s to channel d (both within group g) at a tap.
  std::int64_t weight_index(std::int64_t g, std::int64_t d, std::int64_t s, std::int64_t tap) const {
    const std::int64_t sources = source_channels / groups, destinations = destination_channels / groups;
    return transposed_weights ? ((g * sources + s) * destinations + d) * taps() + tap
                              : ((g * destinations + d) * sources + s) * taps() + tap;
  }
};

GatherProblem forward_problem(const ConvolutionShape& shape);
GatherProblem gradient_input_problem(const ConvolutionShape& shape);

class GatherKernel {
 public:
  virtual ~GatherKernel() = default;
  virtual std::size_t packed_bytes() const = 0;
  virtual std::size_t workspace_bytes() const = 0;  // packed weights not counted
  virtual void pack(const float* weights, void* packed) const = 0;
  virtual void run(const float* source, const void* packed, const float* bias, float* destination, void* workspace) const = 0;
};

class WeightGradientKernel {
 public:
  virtual ~WeightGradientKernel() = default;
  virtual std::size_t workspace_bytes() const = 0;
  virtual void run(const float* x, const float* dy, float* dweights, void* workspace) const = 0;
};

template <class Kernel>
struct Made {
  std::unique_ptr<Kernel> kernel;  // null: does not fit
  std::string reason;              // why not
};

struct GatherEntry {
  std::string name;
  Made<GatherKernel> (*make)(const GatherProblem& problem, int threads);
  double (*expected_seconds)(const GatherProblem& problem, int threads);  // relative truth matters, not the absolute
  double error;                                                           // relative rms, typical
};

struct WeightGradientEntry {
  std::string name;
  Made<WeightGradientKernel> (*make)(const ConvolutionShape& shape, int threads);
  double (*expected_seconds)(const ConvolutionShape& shape, int threads);
  double error;
};

const std::vector<GatherEntry>& gather_list();
const std::vector<WeightGradientEntry>& weight_gradient_list();

template <class Entry>
const Entry& entry_of(const std::vector<Entry>& list, const std::string& name) {
  for (const Entry& entry : list)
    if (entry.name == name) return entry;
  throw std::logic_error("no kernel is called " + name);
}

// Fixed division of [0, count) into `threads` pieces of nearly equal length; body(thread, begin, end). Pieces may be empty.
template <class Body>
void divide(int threads, std::int64_t count, const Body& body);

constexpr std::size_t align_up(std::size_t bytes, std::size_t alignment = 64) { return (bytes + alignment - 1) / alignment * alignment; }

template <class Body>
void divide(int threads, std::int64_t count, const Body& body) {
  if (threads == 1) return body(0, std::int64_t{0}, count);
#pragma omp parallel for schedule(static, 1) num_threads(threads)
  for (int thread = 0; thread < threads; ++thread) body(thread, count * thread / threads, count * (thread + 1) / threads);
}

}  // namespace isocenter::kernels
