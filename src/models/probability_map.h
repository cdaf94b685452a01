// Probabilities of every class on the network's grid, and what is read off them.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/sliding_window.h"
#include "imaging/image.h"

namespace isocenter::models {

struct ProbabilityMap {
  imaging::Geometry grid;
  std::int64_t classes = 0;
  std::vector<float> values;  // [voxel][class]

  const float* at(std::int64_t voxel) const { return values.data() + voxel * classes; }
};

// Softmax over the classes; the scores' memory is taken over.
ProbabilityMap softmax(engine::Scores&& scores, const imaging::Geometry& grid);

// The class of the largest probability a voxel; the first of equals.
std::vector<std::uint16_t> winners(const ProbabilityMap& map);

// Of every class named, only the largest piece (connected by faces) may keep its voxels: elsewhere its probability becomes zero and the
// others take its share. `winners` is brought up to date.
void keep_largest_components(ProbabilityMap& map, const std::vector<bool>& classes, std::vector<std::uint16_t>& winners);

// Probabilities brought to `target` by linear interpolation, and the winning class there; outside of the map's grid (by more than half a
// voxel) 0. Never holds more than one voxel's probabilities at a time.
std::vector<std::uint16_t> resampled_winners(const ProbabilityMap& map, const std::vector<std::uint16_t>& winners,
                                             const imaging::Geometry& target);

// Sum of probabilities times voxel volume, in ml, by class.
std::vector<double> expected_volumes_ml(const ProbabilityMap& map);

}  // namespace isocenter::models
