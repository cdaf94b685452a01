#include "measures/gamma.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "measures/reference_cases.h"

namespace isocenter::measures {
namespace {

using nlohmann::json;
using testing_support::expect_value;

// Array axes come slowest first; ours fastest first.
imaging::Volume dose_of(const std::map<std::string, core::NumpyArray>& arrays, const std::string& name) {
  const core::NumpyArray& dose = arrays.at(name + "_dose");
  imaging::Volume volume;
  const int axes = static_cast<int>(dose.shape.size());
  volume.geometry.size = {1, 1, 1};
  for (int axis = 0; axis < axes; ++axis) {
    const auto places = arrays.at(name + "_axis" + std::to_string(axis) + "_mm").as_double();
    const int ours = axes - 1 - axis;
    volume.geometry.size[ours] = static_cast<std::int64_t>(places.size());
    volume.geometry.origin_lps_mm[ours] = places[0];
    volume.geometry.spacing_mm[ours] = places[1] - places[0];
  }
  volume.voxels = dose.as_float();
  return volume;
}

TEST(GammaReference, AgreesWithThePublishedTool) {
  const auto folder = core::shared_path("reference/metrics-gamma");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-gamma is absent";
  const auto arrays = core::read_npz(*folder / "doses.npz");
  int cases = 0;
  const auto all_expected = testing_support::read_json(*folder / "expected.json");
  for (const auto& [name, expected] : all_expected.items()) {
    SCOPED_TRACE(name);
    const std::string fields = name.substr(0, name.find('_'));
    GammaCriteria criteria;
    criteria.dose_percent = std::stod(name.substr(name.find('_') + 1));
    criteria.distance_mm = std::stod(name.substr(name.find("pct_") + 4));
    criteria.local = name.find("local") != std::string::npos;
    if (name.find("cut10") != std::string::npos) criteria.lower_cutoff_percent = 10;
    if (name.find("max2") != std::string::npos) criteria.maximum = 2;
    const GammaResult ours = gamma_index(dose_of(arrays, fields + "_evaluation"), dose_of(arrays, fields + "_reference"), criteria);
    EXPECT_EQ(ours.points, expected.at("points"));
    expect_value(ours.pass_rate_percent, expected.at("pass_rate_percent"), 1.0, 0, "pass rate");
    expect_value(ours.mean, expected.at("mean"), 0.05, 0, "mean");
    expect_value(ours.median, expected.at("median"), 0.05, 0, "median");
    expect_value(ours.maximum, expected.at("max"), 0.05, 0, "maximum");
    const auto map = arrays.at(fields + "_gamma" + name.substr(name.find('_'))).as_double();
    ASSERT_EQ(map.size(), ours.map.voxels.size());
    for (std::size_t i = 0; i < map.size(); ++i) {
      ASSERT_EQ(std::isnan(map[i]), std::isnan(ours.map.voxels[i])) << i;
      if (std::isnan(map[i])) continue;
      EXPECT_NEAR(ours.map.voxels[i], map[i], 0.05) << i;
    }
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

imaging::Volume ramp(double shift_mm, double factor) {
  imaging::Volume dose;
  dose.geometry.size = {60, 1, 1};
  dose.geometry.spacing_mm = {2, 1, 1};
  for (int i = 0; i < 60; ++i) dose.voxels.push_back(static_cast<float>(factor * (2 * i - shift_mm)));
  return dose;
}

TEST(Gamma, OfAShiftedOrScaledRampHasItsClosedForm) {
  // Dose 1 a millimetre, maximum 118: a shift of s mm is gamma = s / sqrt(distance^2 + (dose criterion)^2), here with 3.54 and 3 mm.
  const GammaResult shifted = gamma_index(ramp(1.5, 1), ramp(0, 1));
  EXPECT_NEAR(shifted.median, 1.5 / std::hypot(3, 3.54), 0.01);
  EXPECT_EQ(gamma_index(ramp(0, 1), ramp(0, 1)).maximum, 0);
  EXPECT_EQ(shifted.pass_rate_percent, 100);
}

TEST(Gamma, RefusesWhatItCannotUse) {
  EXPECT_THROW(gamma_index(ramp(0, 1), ramp(0, 0)), core::InputError);
  EXPECT_THROW(gamma_index(ramp(0, 1), ramp(0, 1), {0, 3}), core::InputError);
  auto turned = ramp(0, 1);
  turned.geometry.direction = {{{-1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  EXPECT_THROW(gamma_index(turned, ramp(0, 1)), core::InputError);
}

}  // namespace
}  // namespace isocenter::measures
