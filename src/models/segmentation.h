// A volume through a segmentation package: to the network's grid, intensities scaled, run, back to the volume's own grid.
#pragma once

#include <string>
#include <vector>

#include "core/progress.h"
#include "engine/plan.h"
#include "imaging/image.h"
#include "models/package.h"

namespace isocenter::models {

struct LabelConfidence {
  std::uint16_t label = 0;
  double mean_probability = 0;  // of the winning class, over the label's voxels on the network's grid
};

struct Segmentation {
  imaging::LabelMap labels;                 // on the input's own grid
  std::vector<LabelConfidence> confidence;  // one a label that occurs
  std::vector<double> volume_ml;  // by channel: expected volume, the sum of probabilities on the network's grid times voxel volume
  std::vector<bool> cut;          // by channel: the structure touches the edge of the field of view
  imaging::Geometry network_grid;
  double seconds = 0;
  engine::Precision precision = engine::Precision::f32;
};

// The volume as the network sees it: reoriented, resampled to the package's spacing, scaled; and the grid.
imaging::Volume preprocess(const Package& package, const imaging::Volume& volume);

Segmentation segment(const Package& package, const imaging::Volume& volume, engine::Precision precision = engine::Precision::automatic,
                     const core::Progress& progress = core::no_progress());

}  // namespace isocenter::models
