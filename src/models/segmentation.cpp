#include "models/segmentation.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/error.h"
#include "models/probability_map.h"

namespace isocenter::models {
namespace {

using imaging::Index3;

// Channels with left and right exchanged: what the network says of a mirror image.
std::vector<std::size_t> mirrored_channels(const Package& package) {
  std::vector<std::size_t> partner(package.labels.size());
  for (std::size_t c = 0; c < partner.size(); ++c) {
    partner[c] = c;
    const Label& label = package.labels[c];
    if (label.side == Side::none) continue;
    for (std::size_t other = 0; other < partner.size(); ++other) {
      const Label& candidate = package.labels[other];
      if (candidate.structure == label.structure && candidate.side != label.side && candidate.side != Side::none) partner[c] = other;
    }
  }
  return partner;
}

std::vector<float> mirrored(const imaging::Volume& volume) {
  std::vector<float> values(volume.voxels.size());
  const std::int64_t width = volume.geometry.size[0];
  for (std::size_t row = 0; row < values.size(); row += static_cast<std::size_t>(width))
    std::reverse_copy(volume.voxels.begin() + static_cast<std::ptrdiff_t>(row),
                      volume.voxels.begin() + static_cast<std::ptrdiff_t>(row) + width, values.begin() + static_cast<std::ptrdiff_t>(row));
  return values;
}

// scores = mean of scores and of the mirror image's, mirrored back.
void average_with_mirror(engine::Scores& scores, const engine::Scores& mirror, const std::vector<std::size_t>& partner) {
  const std::int64_t width = scores.size[0], rows = scores.size[1] * scores.size[2];
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t i = 0; i < width; ++i) {
      float* own = scores.values.data() + (row * width + i) * scores.classes;
      const float* other = mirror.values.data() + (row * width + width - 1 - i) * scores.classes;
      for (std::size_t c = 0; c < partner.size(); ++c) own[c] = 0.5f * (own[c] + other[partner[c]]);
    }
}

class NetworkRun {
 public:
  NetworkRun(const Package& package, const SegmentationOptions& options, const core::Progress& progress)
      : package_(package), options_(options), progress_(progress) {
    window_.window = package.window;
    window_.step = package.window_step;
    window_.plan.precision = options.precision;
  }

  engine::Scores run(const imaging::Volume& image) {
    engine::Scores scores = engine::run_windows(package_.graph, image.voxels, 1, image.geometry.size, window_, progress_);
    if (options_.flip)
      average_with_mirror(scores, engine::run_windows(package_.graph, mirrored(image), 1, image.geometry.size, window_, progress_),
                          mirrored_channels(package_));
    windows_ += count(image.geometry.size) * (options_.flip ? 2 : 1);
    return scores;
  }
  int windows() const { return windows_; }
  int count(const Index3& size) const {
    std::size_t product = 1;
    for (std::size_t a = 0; a < 3; ++a) product *= engine::window_starts(size[a], package_.window[a], package_.window_step).size();
    return static_cast<int>(product);
  }

 private:
  const Package& package_;
  const SegmentationOptions& options_;
  const core::Progress& progress_;
  engine::WindowOptions window_{};
  int windows_ = 0;
};

// The part of `image` that a window about `centre` covers; where the image ends, the window does.
imaging::Volume part_about(const imaging::Volume& image, const imaging::Vector3& centre, const Index3& window) {
  const Index3& size = image.geometry.size;
  Index3 first, length;
  for (std::size_t a = 0; a < 3; ++a) {
    length[a] = std::min(window[a], size[a]);
    first[a] = std::clamp<std::int64_t>(std::llround(centre[a] - 0.5 * static_cast<double>(window[a])), 0, size[a] - length[a]);
  }
  imaging::Geometry grid = image.geometry;
  grid.size = length;
  grid.origin_lps_mm =
      image.geometry.point_mm({static_cast<double>(first[0]), static_cast<double>(first[1]), static_cast<double>(first[2])});
  imaging::Volume part(grid);
  for (std::int64_t k = 0; k < length[2]; ++k)
    for (std::int64_t j = 0; j < length[1]; ++j) std::copy_n(&image.at(first[0], first[1] + j, first[2] + k), length[0], &part.at(0, j, k));
  return part;
}

struct Found {
  imaging::Vector3 centre{};
  Index3 extent{};
};

// Centre and size of what is not background, by the presence sum where there is one.
std::optional<Found> found_structures(const Package& package, const ProbabilityMap& map, const std::vector<std::uint16_t>& winners) {
  std::vector<bool> counted(package.labels.size(), !package.presence);
  if (package.presence)
    for (std::size_t c : package.channels_of_sum(package.presence->sum)) counted[c] = true;
  counted[0] = false;
  const Index3& size = map.grid.size;
  Index3 low = size, high{-1, -1, -1};
  std::size_t v = 0;
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i, ++v) {
        if (!counted[winners[v]]) continue;
        const Index3 at{i, j, k};
        for (std::size_t a = 0; a < 3; ++a) {
          low[a] = std::min(low[a], at[a]);
          high[a] = std::max(high[a], at[a]);
        }
      }
  if (high[0] < 0) return {};
  Found found;
  for (std::size_t a = 0; a < 3; ++a) {
    found.centre[a] = 0.5 * static_cast<double>(low[a] + high[a] + 1);
    found.extent[a] = high[a] - low[a] + 1;
  }
  return found;
}

std::vector<LabelConfidence> confidences(const Package& package, const ProbabilityMap& map, const std::vector<std::uint16_t>& winners) {
  std::vector<double> sum(package.labels.size(), 0.0), count(package.labels.size(), 0.0);
  for (std::size_t v = 0; v < winners.size(); ++v) {
    sum[winners[v]] += map.at(static_cast<std::int64_t>(v))[winners[v]];
    ++count[winners[v]];
  }
  std::vector<LabelConfidence> result;
  for (std::size_t c = 1; c < count.size(); ++c)
    if (count[c] > 0) result.push_back({package.labels[c].value, sum[c] / count[c]});
  return result;
}

// By channel: whether it stands in a border plane of the grid. `classes` holds channels.
std::vector<bool> cut_by_the_edge(const std::vector<std::uint16_t>& classes, const imaging::Geometry& grid, std::size_t channels) {
  std::vector<bool> cut(channels, false);
  const Index3& size = grid.size;
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j) {
      const bool whole_row = j == 0 || k == 0 || j == size[1] - 1 || k == size[2] - 1;
      const std::int64_t step = whole_row ? 1 : std::max<std::int64_t>(1, size[0] - 1);
      for (std::int64_t i = 0; i < size[0]; i += step) cut[classes[static_cast<std::size_t>(grid.offset(i, j, k))]] = true;
    }
  cut[0] = false;
  return cut;
}

}  // namespace

Segmentation segment(const Package& package, const imaging::Volume& volume, const SegmentationOptions& options,
                     const core::Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  progress({"preparing the image", 0});
  imaging::Volume image = preprocess(package, volume);
  NetworkRun network(package, options, progress);
  ProbabilityMap map = softmax(network.run(image), image.geometry);
  std::vector<std::uint16_t> classes = winners(map);

  // Several windows saw the structures each from another place; one that holds them all sees them as in training.
  if (package.recentre && network.count(image.geometry.size) > 1) {
    const auto found = found_structures(package, map, classes);
    const bool fits =
        found && found->extent[0] <= package.window[0] && found->extent[1] <= package.window[1] && found->extent[2] <= package.window[2];
    if (fits) {
      image = part_about(image, found->centre, package.window);
      map = {};
      map = softmax(network.run(image), image.geometry);
      classes = winners(map);
    }
  }
  if (package.largest_component) {
    std::vector<bool> measured;
    for (const Label& label : package.labels) measured.push_back(label.measured);
    keep_largest_components(map, measured, classes);
  }

  Segmentation result;
  result.volume_ml = expected_volumes_ml(map);
  result.confidence = confidences(package, map, classes);
  result.network_grid = map.grid;
  result.windows = network.windows();
  progress({"bringing the labels to the image's grid", 0});
  result.labels.geometry = volume.geometry;
  result.labels.voxels = resampled_winners(map, classes, volume.geometry);
  result.cut = cut_by_the_edge(result.labels.voxels, volume.geometry, package.labels.size());
  std::vector<std::uint16_t> value_of;
  for (const Label& label : package.labels) value_of.push_back(label.value);
  for (std::uint16_t& voxel : result.labels.voxels) voxel = value_of[voxel];
  progress({"bringing the labels to the image's grid", 1});
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

Segmentation segment(const Package& package, const imaging::Volume& volume, engine::Precision precision, const core::Progress& progress) {
  SegmentationOptions options;
  options.precision = precision;
  return segment(package, volume, options, progress);
}

double sum_ml(const Package& package, const Segmentation& segmentation, const std::string& sum) {
  double total = 0;
  for (std::size_t channel : package.channels_of_sum(sum)) total += segmentation.volume_ml.at(channel);
  return total;
}

std::optional<std::string> absence(const Package& package, const Segmentation& segmentation) {
  if (!package.presence) return {};
  const double found = sum_ml(package, segmentation, package.presence->sum);
  if (found >= package.presence->least_ml) return {};
  return fmt::format("{}: {} {:.0f} ml where {:.0f} ml at least are needed", package.presence->absent, package.presence->sum, found,
                     package.presence->least_ml);
}

}  // namespace isocenter::models
