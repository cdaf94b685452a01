// Cubic B-spline coefficients: with them the spline passes through the samples. Mirror boundaries without repeating the edge sample.
// Source: M. Unser, "Splines: a perfect fit for signal and image processing", IEEE Signal Processing Magazine 16 (1999), box 2.
#pragma once

#include "imaging/image.h"

namespace isocenter::imaging {

// In place, along each axis that has more than one sample. Values must be finite.
void to_bspline_coefficients(Volume& volume);

// Weights of the four coefficients at floor(x) - 1 ... floor(x) + 2 for a position x with the fraction `t`.
inline void cubic_bspline_weights(float t, float weights[4]) {
  const float u = 1 - t;
  weights[0] = u * u * u / 6;
  weights[1] = 2.0f / 3 - t * t * (2 - t) / 2;
  weights[2] = 2.0f / 3 - u * u * (2 - u) / 2;
  weights[3] = t * t * t / 6;
}

}  // namespace isocenter::imaging
