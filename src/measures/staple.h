// A consensus of several observers' masks: STAPLE (Warfield, Zou and Wells, IEEE TMI 23 (2004) 903) and majority vote.
//
// Masks are on one grid. Throws core::InputError for fewer than two observers, different grids, and when nobody marks anything (or
// everybody everything), where the observers cannot be told apart.
#pragma once

#include <vector>

#include "imaging/image.h"

namespace isocenter::measures {

struct Staple {
  imaging::Image<double> probability;            // of each voxel being inside
  std::vector<double> sensitivity, specificity;  // of each observer
  double prior = 0;
  int iterations = 0;
  imaging::Mask consensus() const;  // probability of at least one half
};

// The prior is the share of all decisions that say inside; the first estimate is the mean vote; it ends when the sum of probabilities
// changes by at most `tolerance`.
Staple staple(const std::vector<imaging::Mask>& observers, double tolerance = 1e-7, int most_iterations = 1000);

// Inside where more than half of the observers say so.
imaging::Mask majority_vote(const std::vector<imaging::Mask>& observers);

}  // namespace isocenter::measures
