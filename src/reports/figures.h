// The pictures of a report: slices through the patient with the outlines of the structures found.
//
// Radiological convention: axial slices are seen from the feet and coronal ones from the front, so that the patient's right is on the left
// of the picture; sagittal ones have the front on the left. All pictures of a report have the same scale and a square frame; what lies
// outside the field of view is black. The planes are those of the acquisition (a tilted stack is shown as it was acquired and its tilt is
// stated); across thick slices the grey values are interpolated (Catmull-Rom).
#pragma once

#include <vector>

#include "imaging/image.h"
#include "models/package.h"
#include "reports/findings.h"

namespace isocenter::reports {

struct FigureOptions {
  int pixels = 640;  // width and height of a picture
  int slices_a_view = 2;
  double margin_mm = 22;  // shown round the structures
};

// First the best axial, coronal and sagittal slice, then the second ones. `labels` must be on the volume's grid (std::logic_error
// otherwise). With nothing segmented: the middle slices.
std::vector<Figure> draw_figures(const imaging::Volume& volume, const imaging::LabelMap& labels,
                                 const std::vector<models::Label>& package_labels, const FigureOptions& options = {});

struct GreyWindow {
  float low = 0, high = 1;
};
// Black and white for the structures' tissue: the 1st percentile and somewhat more than the 99th of the voxels that have a label (of all
// when none has).
GreyWindow grey_window(const imaging::Volume& volume, const imaging::LabelMap& labels);

}  // namespace isocenter::reports
