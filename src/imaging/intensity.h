// Intensities of images without a unit (MR) brought to a common range, the same way for training and for use.
#pragma once

#include <cstdint>

#include "imaging/image.h"

namespace isocenter::imaging {

// Maps the 0.5th percentile of all values to 0 and the 99th percentile of the foreground to 1, clipped to [0, 1.2]. Foreground is what lies
// above the 0.5th percentile by more than 5 % of the way to the 99.5th: it leaves out air and the zeros of a skull-stripped or padded
// image, so that the amount of background does not change the brain's values. Values of a constant image become 0, and so do values that
// are not finite. Percentiles are those of at most 2^19 evenly taken values, to 1/4096 of the range.
void scale_percentile(float* values, std::int64_t count);
inline void scale_percentile(Volume& volume) { scale_percentile(volume.voxels.data(), static_cast<std::int64_t>(volume.voxels.size())); }

}  // namespace isocenter::imaging
