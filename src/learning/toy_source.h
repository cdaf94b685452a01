// For tests: noisy images of a bright box and a brighter ball at random places; three classes.
#pragma once

#include <cmath>

#include "core/random.h"
#include "learning/sources.h"

namespace isocenter::learning {

class ToySource : public SampleSource {
 public:
  explicit ToySource(const SourceRequest& request) : request_(request) {}
  std::int64_t channels() const override { return 1; }
  std::vector<std::string> classes() const override { return {"background", "box", "ball"}; }
  Sample draw(std::uint64_t index) const override { return make(index, "training"); }
  Sample validation(std::uint64_t index) const override { return make(index, "validation"); }
  std::uint64_t validation_count() const override { return 2; }

 private:
  Sample make(std::uint64_t index, std::string_view purpose) const {
    core::Random random(request_.seed, index, purpose);
    Sample sample;
    sample.size = request_.size;
    double box[3], ball[3];
    for (int axis = 0; axis < 3; ++axis) {
      const double size = static_cast<double>(request_.size[axis]);
      box[axis] = random.uniform(0, size * 0.6);
      ball[axis] = random.uniform(size * 0.2, size * 0.8);
    }
    const double radius = 0.2 * static_cast<double>(request_.size[0]);
    for (std::int64_t z = 0; z < request_.size[2]; ++z)
      for (std::int64_t y = 0; y < request_.size[1]; ++y)
        for (std::int64_t x = 0; x < request_.size[0]; ++x) {
          const double at[3] = {static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)};
          double distance = 0;
          bool in_box = true;
          for (int axis = 0; axis < 3; ++axis) {
            distance += (at[axis] - ball[axis]) * (at[axis] - ball[axis]);
            in_box = in_box && at[axis] >= box[axis] && at[axis] < box[axis] + 0.4 * static_cast<double>(request_.size[axis]);
          }
          const std::uint8_t label = distance < radius * radius ? 2 : in_box ? 1 : 0;
          sample.labels.push_back(label);
          sample.image.push_back(static_cast<float>(label + 0.3 * random.normal()));
        }
    return sample;
  }

  SourceRequest request_;
};

}  // namespace isocenter::learning
