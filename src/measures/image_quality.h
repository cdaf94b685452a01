// How near an image comes to a reference, voxel by voxel and in structure.
//
// Images are volumes on one grid; one of a single slice (size[2] = 1) is treated as two-dimensional. Throws core::InputError for different
// grids, values not finite, a data range that is not positive, and windows larger than the image. Everything is computed in double
// precision.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "imaging/image.h"

namespace isocenter::measures {

double mean_absolute_error(const imaging::Volume& image, const imaging::Volume& reference);
double mean_squared_error(const imaging::Volume& image, const imaging::Volume& reference);
double root_mean_squared_error(const imaging::Volume& image, const imaging::Volume& reference);
// The same over the mask alone; nothing when the mask is empty.
std::optional<double> masked_mean_absolute_error(const imaging::Volume& image, const imaging::Volume& reference, const imaging::Mask& mask);
std::optional<double> masked_mean_squared_error(const imaging::Volume& image, const imaging::Volume& reference, const imaging::Mask& mask);

// 10 log10(range^2 / MSE) in dB; infinite for equal images.
double peak_signal_to_noise_db(const imaging::Volume& image, const imaging::Volume& reference, double data_range);
std::optional<double> masked_peak_signal_to_noise_db(const imaging::Volume& image, const imaging::Volume& reference,
                                                     const imaging::Mask& mask, double data_range);

// RMSE over the reference's root mean square, range, or mean.
enum class Normalisation { euclidean, range, mean };
double normalised_rmse(const imaging::Volume& image, const imaging::Volume& reference,
                       Normalisation normalisation = Normalisation::euclidean);

// Pearson's correlation of the values; NaN when one image is constant.
double normalised_cross_correlation(const imaging::Volume& image, const imaging::Volume& reference);
// (H(a) + H(b)) / H(a, b) of a joint histogram over each image's own range: 1 (nothing in common) to 2; Studholme et al., Pattern
// Recognition 32 (1999) 71.
double normalised_mutual_information(const imaging::Volume& image, const imaging::Volume& reference, int bins = 32);

// Structural similarity (Wang et al., IEEE TIP 13 (2004) 600). Windows lie wholly inside of the image.
struct SsimWindow {
  std::vector<double> weights;     // along each axis; odd length, sum 1
  bool sample_covariance = false;  // n / (n - 1) times the windowed moments
};
SsimWindow gaussian_window(double sigma = 1.5, int width = 11);
SsimWindow uniform_window(int width = 7);  // with sample covariance, as scikit-image's default

double ssim(const imaging::Volume& image, const imaging::Volume& reference, double data_range,
            const SsimWindow& window = gaussian_window());
// Mean over the windows whose centre lies in the mask, as SynthRAD2023 (Thummerer et al., Medical Physics 50 (2023) 4664); nothing when
// none does.
std::optional<double> masked_ssim(const imaging::Volume& image, const imaging::Volume& reference, const imaging::Mask& mask,
                                  double data_range, const SsimWindow& window = uniform_window());
// The value at each window's centre, and the grid of those centres.
imaging::Image<double> ssim_map(const imaging::Volume& image, const imaging::Volume& reference, double data_range,
                                const SsimWindow& window = gaussian_window());

// Over five scales, halved by 2 x 2 means, contrast terms below 0 counting as 0 (Wang, Simoncelli and Bovik, Asilomar 2003; their weights).
double multi_scale_ssim(const imaging::Volume& image, const imaging::Volume& reference, double data_range,
                        const SsimWindow& window = gaussian_window());

}  // namespace isocenter::measures
