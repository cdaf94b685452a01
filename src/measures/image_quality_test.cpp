#include "measures/image_quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "measures/reference_cases.h"

namespace isocenter::measures {
namespace {

using nlohmann::json;
using testing_support::expect_value;

imaging::Volume volume_of(const core::NumpyArray& array) {
  imaging::Volume volume;
  std::vector<std::int64_t> shape = array.shape;
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  volume.geometry.size = {shape[2], shape[1], shape[0]};
  volume.voxels = array.as_float();
  return volume;
}

// The tool makes its window in single precision.
SsimWindow single_precision_window() {
  SsimWindow window;
  float sum = 0;
  std::vector<float> weights;
  for (int i = -5; i <= 5; ++i) weights.push_back(std::exp(-static_cast<float>(i * i) / (2 * 1.5f * 1.5f)));
  for (float weight : weights) sum += weight;
  for (float weight : weights) window.weights.push_back(weight / sum);
  return window;
}

TEST(ImageQualityReference, AgreesWithThePublishedTools) {
  const auto folder = core::shared_path("reference/metrics-image");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-image is absent";
  const auto images = core::read_npz(*folder / "images.npz");
  int cases = 0;
  const auto all_expected = testing_support::read_json(*folder / "expected.json");
  for (const auto& [name, expected] : all_expected.items()) {
    if (!expected.contains("data_range")) continue;
    SCOPED_TRACE(name);
    const imaging::Volume reference = volume_of(images.at(name + "_reference")), test = volume_of(images.at(name + "_test"));
    const double range = expected.at("data_range");
    const std::map<std::string, double> ours{{"mse", mean_squared_error(test, reference)},
                                             {"mae", mean_absolute_error(test, reference)},
                                             {"psnr", peak_signal_to_noise_db(test, reference, range)},
                                             {"nrmse_euclidean", normalised_rmse(test, reference)},
                                             {"nrmse_minmax", normalised_rmse(test, reference, Normalisation::range)},
                                             {"nrmse_mean", normalised_rmse(test, reference, Normalisation::mean)},
                                             {"nmi", normalised_mutual_information(test, reference)},
                                             {"ssim_uniform7", ssim(test, reference, range, uniform_window(7))},
                                             {"ssim_uniform11", ssim(test, reference, range, uniform_window(11))},
                                             {"ssim_gaussian_wang", ssim(test, reference, range)}};
    for (const auto& [key, value] : ours) expect_value(value, expected.at(key), 1e-8, 1e-10, key);
    expect_value(ssim(test, reference, range, single_precision_window()), expected.at("pytorch_ssim_gaussian11_valid"), 1e-6, 0,
                 "ssim of the other tool");
    if (expected.contains("pytorch_ms_ssim_5_scales"))
      expect_value(multi_scale_ssim(test, reference, range, single_precision_window()), expected["pytorch_ms_ssim_5_scales"], 1e-6, 0,
                   "multi-scale ssim");
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

imaging::Volume noise(int seed, const imaging::Index3& size) {
  imaging::Geometry grid;
  grid.size = size;
  imaging::Volume volume(grid);
  core::Random random(9, seed, "image");
  for (float& voxel : volume.voxels) voxel = static_cast<float>(random.normal());
  return volume;
}

TEST(ImageQuality, KnowsEqualOppositeAndUnrelatedImages) {
  const auto a = noise(1, {40, 40, 1}), b = noise(2, {40, 40, 1});
  auto opposite = a;
  for (float& voxel : opposite.voxels) voxel = -voxel;
  EXPECT_NEAR(ssim(a, a, 6), 1, 1e-12);
  EXPECT_NEAR(normalised_cross_correlation(a, a), 1, 1e-12);
  EXPECT_NEAR(normalised_cross_correlation(a, opposite), -1, 1e-12);
  EXPECT_NEAR(normalised_cross_correlation(a, b), 0, 0.1);
  EXPECT_EQ(peak_signal_to_noise_db(a, a, 6), INFINITY);
  EXPECT_NEAR(normalised_mutual_information(a, a), 2, 1e-12);
  EXPECT_LT(normalised_mutual_information(a, b, 8), 1.1);
}

TEST(ImageQuality, MasksLeaveTheRestOut) {
  auto a = noise(1, {30, 30, 1}), b = a;
  imaging::Mask left(a.geometry), none(a.geometry);
  for (int j = 0; j < 30; ++j)
    for (int i = 0; i < 15; ++i) left.at(i, j, 0) = 1;
  for (int j = 0; j < 30; ++j) b.at(29, j, 0) += 100;
  EXPECT_EQ(*masked_mean_absolute_error(a, b, left), 0);
  EXPECT_NEAR(*masked_ssim(a, b, left, 6), 1, 1e-12);
  EXPECT_FALSE(masked_mean_squared_error(a, b, none));
}

TEST(ImageQuality, RefusesWhatItCannotUse) {
  const auto a = noise(1, {8, 8, 1}), b = noise(1, {8, 9, 1});
  EXPECT_THROW(mean_squared_error(a, b), core::InputError);
  EXPECT_THROW(ssim(a, a, 1), core::InputError) << "the window of 11 is wider than the image";
  EXPECT_THROW(ssim(a, a, 0, uniform_window(7)), core::InputError);
  auto bad = a;
  bad.voxels[3] = NAN;
  EXPECT_THROW(mean_squared_error(a, bad), core::InputError);
}

}  // namespace
}  // namespace isocenter::measures
