// Exact Euclidean distances in millimetres between voxel centres, on grids of any spacing.
//
// Source: P. Felzenszwalb, D. Huttenlocher, "Distance transforms of sampled functions", Theory of Computing 8 (2012): lower envelopes of
// parabolas, one axis after the other; linear in the number of voxels.
#pragma once

#include "imaging/image.h"

namespace isocenter::imaging {

// From every voxel to the nearest voxel of the mask: 0 within it; infinity everywhere when the mask is empty.
Volume distance_to(const Mask& mask);

// Outside the distance to the mask; inside minus the distance to what is not mask. What lies beyond the image counts as neither.
Volume signed_distance(const Mask& mask);

}  // namespace isocenter::imaging
