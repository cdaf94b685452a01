#include "engine/sliding_window.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/parallel.h"

namespace isocenter::engine {
namespace {

using imaging::Index3;

// Half to even, as the rule's authors round.
std::int64_t rounded(double value) { return static_cast<std::int64_t>(std::nearbyint(value)); }

// One axis of a separable Gaussian: the response to an impulse at size / 2, sigma = size / 8, cut at four sigma, zero outside.
std::vector<double> impulse_response(std::int64_t size) {
  const double sigma = static_cast<double>(size) / 8.0;
  const auto radius = static_cast<std::int64_t>(4.0 * sigma + 0.5);
  double sum = 0;
  for (std::int64_t d = -radius; d <= radius; ++d) sum += std::exp(-0.5 * static_cast<double>(d * d) / (sigma * sigma));
  std::vector<double> response(static_cast<std::size_t>(size), 0.0);
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t d = i - size / 2;
    if (std::abs(d) <= radius) response[static_cast<std::size_t>(i)] = std::exp(-0.5 * static_cast<double>(d * d) / (sigma * sigma)) / sum;
  }
  return response;
}

struct Padded {
  std::vector<float> values;  // channels, then x fastest
  Index3 size, before;
};

// Zeros to at least the window, half in front.
Padded padded(std::span<const float> input, std::int64_t channels, const Index3& size, const Index3& window) {
  Padded result;
  for (std::size_t a = 0; a < 3; ++a) {
    result.size[a] = std::max(size[a], window[a]);
    result.before[a] = (result.size[a] - size[a]) / 2;
  }
  result.values.assign(static_cast<std::size_t>(channels * result.size[0] * result.size[1] * result.size[2]), 0.0f);
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t z = 0; z < size[2]; ++z)
      for (std::int64_t y = 0; y < size[1]; ++y) {
        const float* from = input.data() + ((c * size[2] + z) * size[1] + y) * size[0];
        const std::int64_t row = (c * result.size[2] + z + result.before[2]) * result.size[1] + y + result.before[1];
        std::copy_n(from, size[0], result.values.data() + row * result.size[0] + result.before[0]);
      }
  return result;
}

// What else the network gives (coarser levels of a deeply supervised one) is not computed.
graph::Graph with_first_output_alone(graph::Graph graph) {
  graph.outputs.resize(1);
  return graph;
}

class WindowRun {
 public:
  WindowRun(const graph::Graph& graph, std::int64_t channels, const WindowOptions& options)
      : window_(options.window),
        channels_(channels),
        two_dimensional_(graph.inputs.at(0).shape.size() == 4),
        input_name_(graph.inputs.at(0).name),
        output_name_(graph.outputs.at(0).name),
        plan_(with_first_output_alone(graph), {{input_name_, network_shape()}}, with_channels_last(options.plan)),
        importance_(gaussian_importance(window_)) {
    const graph::Shape& output = plan_.output(output_name_).shape;
    graph::Shape expected = network_shape();
    if (output.size() == expected.size()) expected[1] = output[1];
    if (output != expected)
      throw core::InputError("network '{}': output '{}' has not the size of its input, so windows cannot be laid side by side", graph.name,
                             output_name_);
    classes_ = output[1];
    const auto voxels = static_cast<std::size_t>(window_[0] * window_[1] * window_[2]);
    patch_.resize(static_cast<std::size_t>(channels_) * voxels);
    logits_.resize(static_cast<std::size_t>(classes_) * voxels);
  }

  std::int64_t classes() const { return classes_; }

  void run_at(const Padded& volume, const Index3& start) {
    for (std::int64_t c = 0; c < channels_; ++c)
      for (std::int64_t z = 0; z < window_[2]; ++z)
        for (std::int64_t y = 0; y < window_[1]; ++y) {
          const std::int64_t from = (c * volume.size[2] + z + start[2]) * volume.size[1] + y + start[1];
          const std::int64_t to = (c * window_[2] + z) * window_[1] + y;
          std::copy_n(volume.values.data() + from * volume.size[0] + start[0], window_[0], patch_.data() + to * window_[0]);
        }
    plan_.run({{input_name_, patch_}}, {{output_name_, logits_}});
  }

  // Adds importance * logits and importance to the sums, for the part of the window that lies in the volume without its padding.
  void accumulate(const Index3& start, const Index3& before, Scores& scores, std::vector<float>& weights) const {
    core::parallel_for(window_[2], [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t z = begin; z < end; ++z)
        for (std::int64_t y = 0; y < window_[1]; ++y) {
          const std::int64_t target_z = z + start[2] - before[2], target_y = y + start[1] - before[1];
          if (target_z < 0 || target_z >= scores.size[2] || target_y < 0 || target_y >= scores.size[1]) continue;
          accumulate_row((z * window_[1] + y) * window_[0], (target_z * scores.size[1] + target_y) * scores.size[0], start[0] - before[0],
                         scores, weights);
        }
    });
  }

 private:
  Index3 window_;
  std::int64_t channels_, classes_ = 0;
  bool two_dimensional_;
  std::string input_name_, output_name_;
  Plan plan_;
  std::vector<float> importance_, patch_, logits_;

  graph::Shape network_shape() const {
    if (!two_dimensional_) return {1, channels_, window_[2], window_[1], window_[0]};
    if (window_[2] != 1) throw core::InputError("a network of two dimensions needs a window of one slice, not {}", window_[2]);
    return {1, channels_, window_[1], window_[0]};
  }

  static PlanOptions with_channels_last(PlanOptions options) {
    options.output_layout = Layout::channels_last;
    return options;
  }

  void accumulate_row(std::int64_t from, std::int64_t to, std::int64_t shift, Scores& scores, std::vector<float>& weights) const {
    const std::int64_t first = std::max<std::int64_t>(0, -shift), last = std::min(window_[0], scores.size[0] - shift);
    for (std::int64_t x = first; x < last; ++x) {
      const float weight = importance_[static_cast<std::size_t>(from + x)];
      const float* logits = logits_.data() + (from + x) * classes_;
      float* sums = scores.values.data() + (to + x + shift) * classes_;
      for (std::int64_t c = 0; c < classes_; ++c) sums[c] += weight * logits[c];
      weights[static_cast<std::size_t>(to + x + shift)] += weight;
    }
  }
};

}  // namespace

std::vector<std::int64_t> window_starts(std::int64_t size, std::int64_t window, double step) {
  if (size < 1 || window < 1 || !(step > 0 && step <= 1))
    throw core::InputError("windows of {} with step {} cannot be laid over {} voxels", window, step, size);
  if (size <= window) return {0};
  const std::int64_t span = size - window;
  const auto count = static_cast<std::int64_t>(std::ceil(static_cast<double>(span) / (static_cast<double>(window) * step))) + 1;
  const double distance = static_cast<double>(span) / static_cast<double>(count - 1);
  std::vector<std::int64_t> starts;
  for (std::int64_t i = 0; i < count; ++i) starts.push_back(rounded(distance * static_cast<double>(i)));
  return starts;
}

std::vector<float> gaussian_importance(const Index3& window) {
  std::array<std::vector<double>, 3> axes;
  double peak = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    if (window[a] < 1) throw core::InputError("a window of {} x {} x {} voxels is empty", window[0], window[1], window[2]);
    axes[a] = impulse_response(window[a]);
    peak *= *std::max_element(axes[a].begin(), axes[a].end());
  }
  std::vector<float> map;
  map.reserve(static_cast<std::size_t>(window[0] * window[1] * window[2]));
  for (double z : axes[2])
    for (double y : axes[1])
      for (double x : axes[0]) map.push_back(static_cast<float>(x * y * z / peak));
  float smallest = std::numeric_limits<float>::infinity();
  for (float value : map)
    if (value > 0) smallest = std::min(smallest, value);
  std::replace(map.begin(), map.end(), 0.0f, smallest);
  return map;
}

Scores run_windows(const graph::Graph& graph, std::span<const float> input, std::int64_t channels, const Index3& size,
                   const WindowOptions& options, const core::Progress& progress) {
  if (graph.inputs.size() != 1)
    throw core::InputError("network '{}' has {} inputs; sliding windows need one", graph.name, graph.inputs.size());
  if (size[0] < 1 || size[1] < 1 || size[2] < 1 || input.size() != static_cast<std::size_t>(channels * size[0] * size[1] * size[2]))
    throw core::InputError("{} values do not make {} channels of {} x {} x {} voxels", input.size(), channels, size[0], size[1], size[2]);
  WindowRun run(graph, channels, options);
  const Padded volume = padded(input, channels, size, options.window);
  Scores scores{size, run.classes(), {}};
  scores.values.assign(static_cast<std::size_t>(size[0] * size[1] * size[2] * run.classes()), 0.0f);
  std::vector<float> weights(static_cast<std::size_t>(size[0] * size[1] * size[2]), 0.0f);

  std::array<std::vector<std::int64_t>, 3> starts;
  for (std::size_t a = 0; a < 3; ++a) starts[a] = window_starts(volume.size[a], options.window[a], options.step);
  const auto total = static_cast<double>(starts[0].size() * starts[1].size() * starts[2].size());
  double done = 0;
  for (std::int64_t z : starts[2])
    for (std::int64_t y : starts[1])
      for (std::int64_t x : starts[0]) {
        progress({"running the network", done / total});
        run.run_at(volume, {x, y, z});
        run.accumulate({x, y, z}, volume.before, scores, weights);
        ++done;
      }
  progress({"running the network", 1.0});
  core::parallel_for(static_cast<std::int64_t>(weights.size()), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t v = begin; v < end; ++v)
      for (std::int64_t c = 0; c < scores.classes; ++c)
        scores.values[static_cast<std::size_t>(v * scores.classes + c)] /= weights[static_cast<std::size_t>(v)];
  });
  return scores;
}

}  // namespace isocenter::engine
