// A volume through a segmentation package: to the network's grid, intensities scaled, run, back to the volume's own grid.
//
//   const models::Package package = models::read_package(models::find_package("brain-any"));
//   const models::Segmentation result = models::segment(package, volume);
//   if (const auto why = models::absence(package, result)) throw core::InputError(*why);
//
// Throws core::InputError for a volume whose extent the package does not accept, or whose values are all the same.
#pragma once

#include <optional>
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
  int windows = 1;  // times the network ran
};

struct SegmentationOptions {
  engine::Precision precision = engine::Precision::automatic;
  bool flip = false;  // run on the mirror image too, sides exchanged, and average: twice the time
};

// The volume as the network sees it: on an LPS grid of the package's spacing, cropped to what is not background, scaled; and the grid.
imaging::Volume preprocess(const Package& package, const imaging::Volume& volume);

Segmentation segment(const Package& package, const imaging::Volume& volume, const SegmentationOptions& options,
                     const core::Progress& progress = core::no_progress());
Segmentation segment(const Package& package, const imaging::Volume& volume, engine::Precision precision = engine::Precision::automatic,
                     const core::Progress& progress = core::no_progress());

// Expected volume of a named sum, such as "intracranial volume". Throws std::logic_error where the package has none of this name.
double sum_ml(const Package& package, const Segmentation& segmentation, const std::string& sum);

// The sentence that says that what the model is for is not in the field of view, with the numbers; nothing when it is there.
std::optional<std::string> absence(const Package& package, const Segmentation& segmentation);

}  // namespace isocenter::models
