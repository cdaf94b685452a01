#include "measures/image_quality.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/error.h"
#include "core/parallel.h"
#include "measures/grid_check.h"

namespace isocenter::measures {
using core::InputError;
namespace {

using Doubles = imaging::Image<double>;

void check(const imaging::Volume& image, const imaging::Volume& reference) {
  require_same_grid(image.geometry, reference.geometry, "image", "reference");
  for (const imaging::Volume* volume : {&image, &reference})
    for (std::size_t i = 0; i < volume->voxels.size(); ++i)
      if (!std::isfinite(volume->voxels[i]))
        throw InputError("voxel {} of the {} is {}", i, volume == &image ? "image" : "reference", volume->voxels[i]);
}

void check_range(double data_range) {
  if (!(data_range > 0) || !std::isfinite(data_range)) throw InputError("the data range is {}; it must be positive", data_range);
}

// The mean of f(image, reference) over all voxels, or over those of the mask.
std::optional<double> mean_of(const imaging::Volume& image, const imaging::Volume& reference, const imaging::Mask* mask,
                              const std::function<double(double, double)>& f) {
  check(image, reference);
  if (mask) require_same_grid(mask->geometry, reference.geometry, "mask", "reference");
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < image.voxels.size(); ++i) {
    if (mask && !mask->voxels[i]) continue;
    sum += f(image.voxels[i], reference.voxels[i]);
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

double absolute_difference(double a, double b) { return std::abs(a - b); }
double squared_difference(double a, double b) { return (a - b) * (a - b); }

double psnr(double mean_squared, double data_range) {
  check_range(data_range);
  return mean_squared == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(data_range * data_range / mean_squared);
}

// Correlation with the weights along one axis, only where all of them lie inside.
Doubles along(const Doubles& source, int axis, const std::vector<double>& weights) {
  const auto width = static_cast<std::int64_t>(weights.size());
  Doubles result;
  result.geometry = source.geometry;
  result.geometry.size[axis] -= width - 1;
  result.voxels.assign(result.geometry.voxel_count(), 0.0);
  const auto& size = result.geometry.size;
  const std::int64_t step = axis == 0 ? 1 : axis == 1 ? source.geometry.size[0] : source.geometry.size[0] * source.geometry.size[1];
  core::parallel_for(size[1] * size[2], [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const double* from = source.voxels.data() + source.geometry.offset(0, row % size[1], row / size[1]);
      double* to = result.voxels.data() + result.geometry.offset(0, row % size[1], row / size[1]);
      for (std::int64_t w = 0; w < width; ++w)
        for (std::int64_t i = 0; i < size[0]; ++i) to[i] += weights[w] * from[i + w * step];
    }
  });
  return result;
}

int axes_of(const imaging::Geometry& geometry) { return geometry.size[2] == 1 ? 2 : 3; }

Doubles windowed(Doubles image, const std::vector<double>& weights) {
  const int axes = axes_of(image.geometry);
  for (int axis = 0; axis < axes; ++axis) image = along(image, axis, weights);
  return image;
}

Doubles product(const Doubles& a, const Doubles& b) {
  Doubles result = a;
  for (std::size_t i = 0; i < result.voxels.size(); ++i) result.voxels[i] *= b.voxels[i];
  return result;
}

Doubles doubles(const imaging::Volume& volume) {
  Doubles result;
  result.geometry = volume.geometry;
  result.voxels.assign(volume.voxels.begin(), volume.voxels.end());
  return result;
}

struct SimilarityMaps {
  Doubles similarity, contrast;  // contrast: without the factor of luminance
};
SimilarityMaps similarity(const Doubles& image, const Doubles& reference, double data_range, const SsimWindow& window) {
  const int axes = axes_of(reference.geometry);
  for (int axis = 0; axis < axes; ++axis)
    if (reference.geometry.size[axis] < static_cast<std::int64_t>(window.weights.size()))
      throw InputError("the window of {} is wider than the image ({} voxels along axis {})", window.weights.size(),
                       reference.geometry.size[axis], "xyz"[axis]);
  const double c1 = std::pow(0.01 * data_range, 2), c2 = std::pow(0.03 * data_range, 2);
  const double voxels = std::pow(static_cast<double>(window.weights.size()), axes),
               factor = window.sample_covariance ? voxels / (voxels - 1) : 1;
  const Doubles a = windowed(image, window.weights), b = windowed(reference, window.weights);
  const Doubles aa = windowed(product(image, image), window.weights), bb = windowed(product(reference, reference), window.weights),
                ab = windowed(product(image, reference), window.weights);
  SimilarityMaps maps{a, a};
  for (std::size_t i = 0; i < a.voxels.size(); ++i) {
    const double ma = a.voxels[i], mb = b.voxels[i];
    const double va = factor * (aa.voxels[i] - ma * ma), vb = factor * (bb.voxels[i] - mb * mb), vab = factor * (ab.voxels[i] - ma * mb);
    maps.contrast.voxels[i] = (2 * vab + c2) / (va + vb + c2);
    maps.similarity.voxels[i] = (2 * ma * mb + c1) / (ma * ma + mb * mb + c1) * maps.contrast.voxels[i];
  }
  return maps;
}

double mean(const Doubles& image) {
  double sum = 0;
  for (double value : image.voxels) sum += value;
  return sum / static_cast<double>(image.voxels.size());
}

// Means of 2 x 2 (x 2) voxels; an odd axis is padded by one zero at both ends first, which then count as voxels.
Doubles halved(const Doubles& source) {
  const int axes = axes_of(source.geometry);
  Doubles result;
  result.geometry = source.geometry;
  for (int axis = 0; axis < axes; ++axis) result.geometry.size[axis] = (source.geometry.size[axis] + 1) / 2;
  result.voxels.assign(result.geometry.voxel_count(), 0.0);
  const auto &from = source.geometry.size, &to = result.geometry.size;
  for (std::int64_t k = 0; k < from[2]; ++k)
    for (std::int64_t j = 0; j < from[1]; ++j)
      for (std::int64_t i = 0; i < from[0]; ++i) {
        const imaging::Index3 place{(i + from[0] % 2) / 2, (j + from[1] % 2) / 2, axes == 2 ? 0 : (k + from[2] % 2) / 2};
        if (place[0] < to[0] && place[1] < to[1] && place[2] < to[2])
          result.at(place[0], place[1], place[2]) += source.at(i, j, k) / (axes == 2 ? 4 : 8);
      }
  return result;
}

double entropy(const std::vector<double>& counts, double total) {
  double sum = 0;
  for (double count : counts)
    if (count > 0) sum -= count / total * std::log(count / total);
  return sum;
}

// The bin of a value among `bins` equal ones from low to high; the highest value belongs to the last one.
struct Bins {
  std::vector<double> edges;
  Bins(double low, double high, int bins) {
    if (low == high) low -= 0.5, high += 0.5;
    const double step = (high - low) / bins;
    for (int i = 0; i < bins; ++i) edges.push_back(i * step + low);
    edges.push_back(high);
  }
  std::size_t of(double value) const {
    if (value >= edges.back()) return edges.size() - 2;
    return static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), value) - edges.begin()) - 1;
  }
};

}  // namespace

double mean_absolute_error(const imaging::Volume& image, const imaging::Volume& reference) {
  return *mean_of(image, reference, nullptr, absolute_difference);
}
double mean_squared_error(const imaging::Volume& image, const imaging::Volume& reference) {
  return *mean_of(image, reference, nullptr, squared_difference);
}
double root_mean_squared_error(const imaging::Volume& image, const imaging::Volume& reference) {
  return std::sqrt(mean_squared_error(image, reference));
}
std::optional<double> masked_mean_absolute_error(const imaging::Volume& image, const imaging::Volume& reference,
                                                 const imaging::Mask& mask) {
  return mean_of(image, reference, &mask, absolute_difference);
}
std::optional<double> masked_mean_squared_error(const imaging::Volume& image, const imaging::Volume& reference, const imaging::Mask& mask) {
  return mean_of(image, reference, &mask, squared_difference);
}

double peak_signal_to_noise_db(const imaging::Volume& image, const imaging::Volume& reference, double data_range) {
  return psnr(mean_squared_error(image, reference), data_range);
}
std::optional<double> masked_peak_signal_to_noise_db(const imaging::Volume& image, const imaging::Volume& reference,
                                                     const imaging::Mask& mask, double data_range) {
  const auto error = masked_mean_squared_error(image, reference, mask);
  if (!error) return std::nullopt;
  return psnr(*error, data_range);
}

double normalised_rmse(const imaging::Volume& image, const imaging::Volume& reference, Normalisation normalisation) {
  const double error = root_mean_squared_error(image, reference);
  const auto [low, high] = std::minmax_element(reference.voxels.begin(), reference.voxels.end());
  double sum = 0, squares = 0;
  for (float value : reference.voxels) sum += value, squares += static_cast<double>(value) * value;
  const double count = static_cast<double>(reference.voxels.size());
  switch (normalisation) {
    case Normalisation::euclidean:
      return error / std::sqrt(squares / count);
    case Normalisation::range:
      return error / (static_cast<double>(*high) - *low);
    case Normalisation::mean:
      return error / (sum / count);
  }
  throw std::logic_error("a normalisation without a kind");
}

double normalised_cross_correlation(const imaging::Volume& image, const imaging::Volume& reference) {
  check(image, reference);
  const double count = static_cast<double>(image.voxels.size());
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < image.voxels.size(); ++i) mean_a += image.voxels[i] / count, mean_b += reference.voxels[i] / count;
  for (std::size_t i = 0; i < image.voxels.size(); ++i) {
    const double a = image.voxels[i] - mean_a, b = reference.voxels[i] - mean_b;
    aa += a * a, bb += b * b, ab += a * b;
  }
  return ab / std::sqrt(aa * bb);
}

double normalised_mutual_information(const imaging::Volume& image, const imaging::Volume& reference, int bins) {
  check(image, reference);
  if (bins < 1) throw InputError("{} bins; at least 1 is needed", bins);
  auto bins_of = [&](const imaging::Volume& volume) {
    const auto [low, high] = std::minmax_element(volume.voxels.begin(), volume.voxels.end());
    return Bins(*low, *high, bins);
  };
  const Bins a = bins_of(image), b = bins_of(reference);
  std::vector<double> joint(static_cast<std::size_t>(bins) * bins, 0.0), first(bins, 0.0), second(bins, 0.0);
  for (std::size_t i = 0; i < image.voxels.size(); ++i) {
    const std::size_t p = a.of(image.voxels[i]), q = b.of(reference.voxels[i]);
    ++joint[p * bins + q], ++first[p], ++second[q];
  }
  const double total = static_cast<double>(image.voxels.size());
  return (entropy(first, total) + entropy(second, total)) / entropy(joint, total);
}

SsimWindow gaussian_window(double sigma, int width) {
  if (!(sigma > 0) || width < 1 || width % 2 == 0)
    throw InputError("a Gaussian window of sigma {} and width {} makes no sense; the width is odd", sigma, width);
  SsimWindow window;
  double sum = 0;
  for (int i = -(width / 2); i <= width / 2; ++i)
    window.weights.push_back(std::exp(-i * i / (2 * sigma * sigma))), sum += window.weights.back();
  for (double& weight : window.weights) weight /= sum;
  return window;
}

SsimWindow uniform_window(int width) {
  if (width < 1 || width % 2 == 0) throw InputError("a window of width {}; the width is odd", width);
  return {std::vector<double>(width, 1.0 / width), true};
}

imaging::Image<double> ssim_map(const imaging::Volume& image, const imaging::Volume& reference, double data_range,
                                const SsimWindow& window) {
  check(image, reference);
  check_range(data_range);
  imaging::Image<double> map = similarity(doubles(image), doubles(reference), data_range, window).similarity;
  const double half = static_cast<double>(window.weights.size() / 2);
  map.geometry.origin_lps_mm = reference.geometry.point_mm({half, half, axes_of(reference.geometry) == 2 ? 0 : half});
  return map;
}

double ssim(const imaging::Volume& image, const imaging::Volume& reference, double data_range, const SsimWindow& window) {
  return mean(ssim_map(image, reference, data_range, window));
}

std::optional<double> masked_ssim(const imaging::Volume& image, const imaging::Volume& reference, const imaging::Mask& mask,
                                  double data_range, const SsimWindow& window) {
  require_same_grid(mask.geometry, reference.geometry, "mask", "reference");
  const auto map = ssim_map(image, reference, data_range, window);
  const auto half = static_cast<std::int64_t>(window.weights.size() / 2);
  const std::int64_t half_z = axes_of(reference.geometry) == 2 ? 0 : half;
  double sum = 0, count = 0;
  for (std::int64_t k = 0; k < map.geometry.size[2]; ++k)
    for (std::int64_t j = 0; j < map.geometry.size[1]; ++j)
      for (std::int64_t i = 0; i < map.geometry.size[0]; ++i)
        if (mask.at(i + half, j + half, k + half_z)) sum += map.at(i, j, k), ++count;
  if (count == 0) return std::nullopt;
  return sum / count;
}

double multi_scale_ssim(const imaging::Volume& image, const imaging::Volume& reference, double data_range, const SsimWindow& window) {
  check(image, reference);
  check_range(data_range);
  constexpr double weights[] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
  Doubles a = doubles(image), b = doubles(reference);
  double product = 1;
  for (int scale = 0; scale < 5; ++scale) {
    const SimilarityMaps maps = similarity(a, b, data_range, window);
    const double value = mean(scale < 4 ? maps.contrast : maps.similarity);
    product *= std::pow(std::max(0.0, value), weights[scale]);
    if (scale < 4) a = halved(a), b = halved(b);
  }
  return product;
}

}  // namespace isocenter::measures
