// A network over a volume larger than its window: overlapping windows, Gaussian-weighted, averaged (nnU-Net's rule for positions and
// weights).
#pragma once

#include <cstdint>
#include <vector>

#include "core/progress.h"
#include "engine/plan.h"
#include "graph/graph.h"
#include "imaging/geometry.h"

namespace isocenter::engine {

// First positions of the windows along one axis: ceil((size - window) / (window * step)) + 1 of them, evenly spread, rounded half to even.
std::vector<std::int64_t> window_starts(std::int64_t size, std::int64_t window, double step = 0.5);

// A unit impulse at window / 2 blurred with sigma = window / 8 an axis, peak 1, zeros replaced by the smallest value above zero. x fastest.
std::vector<float> gaussian_importance(const imaging::Index3& window);

struct WindowOptions {
  imaging::Index3 window;  // x, y, z; the volume is padded with zeros to at least this, half in front
  double step = 0.5;
  PlanOptions plan = {};
};

// `input`: channels of the volume one after the other, each x fastest, size x * y * z. Returns scores channels-last: [voxel][class],
// averaged logits of the graph's first output.
struct Scores {
  imaging::Index3 size{};
  std::int64_t classes = 0;
  std::vector<float> values;
};
Scores run_windows(const graph::Graph& graph, std::span<const float> input, std::int64_t channels, const imaging::Index3& size,
                   const WindowOptions& options, const core::Progress& progress = core::no_progress());

}  // namespace isocenter::engine
