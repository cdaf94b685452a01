#include "models/segmentation.h"

#include <algorithm>
#include <array>
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
  imaging::Vector3 centre{};    // of the box, in voxels
  std::array<bool, 6> faces{};  // low and high of x, y, z: whether it stands against them
};

// Where the structures that the presence sum counts (without one: all) were found; nothing when there are none.
std::optional<Found> found_structures(const Package& package, const imaging::Geometry& grid, const std::vector<std::uint16_t>& winners) {
  std::vector<bool> counted(package.labels.size(), !package.presence);
  if (package.presence)
    for (std::size_t c : package.channels_of_sum(package.presence->sum)) counted[c] = true;
  counted[0] = false;
  const Index3& size = grid.size;
  std::array<std::vector<std::int64_t>, 3> planes;
  for (std::size_t a = 0; a < 3; ++a) planes[a].assign(static_cast<std::size_t>(size[a]), 0);
  std::size_t v = 0;
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i, ++v)
        if (counted[winners[v]]) {
          ++planes[0][static_cast<std::size_t>(i)];
          ++planes[1][static_cast<std::size_t>(j)];
          ++planes[2][static_cast<std::size_t>(k)];
        }
  Found found;
  for (std::size_t a = 0; a < 3; ++a) {
    const std::int64_t least = std::max<std::int64_t>(1, grid.voxel_count() / size[a] / 500);  // fewer in a plane are specks
    const auto filled = [&](std::int64_t count) { return count >= least; };
    const auto first = std::find_if(planes[a].begin(), planes[a].end(), filled);
    if (first == planes[a].end()) return {};
    const auto last = std::find_if(planes[a].rbegin(), planes[a].rend(), filled);
    const std::int64_t low = first - planes[a].begin(), high = planes[a].rend() - last;
    found.centre[a] = 0.5 * static_cast<double>(low + high);
    found.faces[2 * a] = low == 0;
    found.faces[2 * a + 1] = high == size[a];
  }
  return found;
}

// A volume larger than the window, with structures that fit into it: one window about them, as in training, instead of many each of which
// sees a part. Begins where the brain of a head is (in the middle, at the top of what is not air) and follows what it finds; gives up, with
// nothing, when it finds nothing or cannot get the structures free of the window's faces.
std::optional<ProbabilityMap> run_about_structures(const Package& package, NetworkRun& network, const imaging::Volume& image) {
  const Index3 &size = image.geometry.size, &window = package.window;
  imaging::Vector3 centre{0.5 * static_cast<double>(size[0]), 0.5 * static_cast<double>(size[1]),
                          static_cast<double>(size[2]) - 0.5 * static_cast<double>(std::min(size[2], window[2]))};
  for (int attempt = 0; attempt < 3; ++attempt) {
    const imaging::Volume part = part_about(image, centre, window);
    ProbabilityMap map = softmax(network.run(part), part.geometry);
    const auto found = found_structures(package, part.geometry, winners(map));
    if (!found) return {};
    const imaging::Vector3 first = image.geometry.index_of(part.geometry.origin_lps_mm);
    bool free = true;
    imaging::Vector3 next;
    for (std::size_t a = 0; a < 3; ++a) {
      const bool more_below = first[a] > 0.5,
                 more_above = first[a] + static_cast<double>(part.geometry.size[a]) < static_cast<double>(size[a]) - 0.5;
      free = free && !(found->faces[2 * a] && more_below) && !(found->faces[2 * a + 1] && more_above);
      next[a] = first[a] + found->centre[a];
    }
    if (free) return map;
    if (std::abs(next[0] - centre[0]) + std::abs(next[1] - centre[1]) + std::abs(next[2] - centre[2]) < 1) return {};
    centre = next;
  }
  return {};
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
  const imaging::Volume image = preprocess(package, volume);
  NetworkRun network(package, options, progress);
  std::optional<ProbabilityMap> about;
  if (package.recentre && network.count(image.geometry.size) > 1) about = run_about_structures(package, network, image);
  ProbabilityMap map = about ? std::move(*about) : softmax(network.run(image), image.geometry);
  std::vector<std::uint16_t> classes = winners(map);
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
