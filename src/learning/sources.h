// Where training samples come from. A source is a function of (seed, index): sample 7 is the same whenever and by whichever thread it is
// drawn, so that a resumed run sees what an uninterrupted one would have seen.
//
// A recipe names a source (docs/training.md lists them); rooms above this one bring theirs in before the recipe is run:
//   learning::register_source("brain-id", [](const learning::SourceRequest& request) { ... });
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "learning/settings.h"

namespace isocenter::learning {

// One patch. x runs fastest, then y, then z, then the channel.
struct Sample {
  std::array<std::int64_t, 3> size{1, 1, 1};  // x, y, z
  std::int64_t channels = 1;
  std::vector<float> image;          // channels * voxels
  std::vector<std::uint8_t> labels;  // voxels; class indices 0 ... classes - 1
};

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual std::int64_t channels() const = 0;
  virtual std::vector<std::string> classes() const = 0;  // names by class index, background first

  // Both may be called by several threads at once.
  virtual Sample draw(std::uint64_t index) const = 0;
  // Of subjects that `draw` never uses; index 0 ... validation_count() - 1, always the same.
  virtual Sample validation(std::uint64_t index) const = 0;
  virtual std::uint64_t validation_count() const = 0;
};

// What a stage of a recipe asks of its source.
struct SourceRequest {
  std::array<std::int64_t, 3> size{1, 1, 1};  // of every sample, x, y, z
  std::array<double, 3> spacing_mm{1, 1, 1};
  std::uint64_t seed = 0;
  Settings settings;  // the recipe's [source] table, without its kind
};

using SourceFactory = std::function<std::unique_ptr<SampleSource>(const SourceRequest& request)>;

void register_source(const std::string& name, SourceFactory factory);
// Throws core::InputError listing the known names, or for settings that the source does not know.
std::unique_ptr<SampleSource> make_source(const std::string& name, const SourceRequest& request);
std::vector<std::string> source_names();

}  // namespace isocenter::learning
