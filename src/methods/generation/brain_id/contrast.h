// What each tissue looks like in one simulated scan: a Gaussian a generation class, of random means (any contrast), or near the order that
// T1, T2, FLAIR and proton-density weighting give (so that common contrasts are met often).
#pragma once

#include <vector>

#include "core/random.h"
#include "methods/generation/brain_id/label_table.h"

namespace isocenter::methods::brain_id {

struct TissueIntensity {
  float mean = 0, deviation = 0;
};

// By row of the table; values in about [0, 1]. `weighted`: probability of a contrast near T1, T2, FLAIR or proton density instead of a
// random one.
std::vector<TissueIntensity> draw_contrast(const LabelTable& table, double weighted, core::Random& random);

}  // namespace isocenter::methods::brain_id
