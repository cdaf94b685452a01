// For tests: a head made of ellipsoids with the structures that a brain model measures, and the findings of it.
#pragma once

#include <string>
#include <vector>

#include "imaging/image.h"
#include "models/package.h"
#include "models/segmentation.h"
#include "reports/findings.h"

namespace isocenter::reports::testing {

// 1 mm cubes and 6.5 mm thick slices tilted by 11 degrees about the left-right axis.
imaging::Geometry thin_grid();
imaging::Geometry thick_tilted_grid();

struct Phantom {
  imaging::Volume volume;
  imaging::LabelMap labels;
};
Phantom head_phantom(const imaging::Geometry& grid);

models::Package phantom_package();  // labels and sums only, no network

// As the model would give it for the phantom; `confidence` for all structures.
models::Segmentation phantom_segmentation(const Phantom& phantom, double confidence = 0.93);

formats::Series phantom_series(const imaging::Geometry& grid);  // with patient and study, no files

// All of it with pictures, of a DICOM study.
Findings phantom_findings(const imaging::Geometry& grid);

}  // namespace isocenter::reports::testing
