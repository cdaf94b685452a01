// For the tests of this room: expected values written by other programs, with their ways of saying "undefined".
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/file.h"
#include "core/npz.h"
#include "core/shared_data.h"
#include "imaging/image.h"

namespace isocenter::measures::testing_support {

inline nlohmann::json read_json(const std::filesystem::path& path) { return nlohmann::json::parse(core::read_text(path)); }

// Numbers, and the strings that stand for infinities and undefined values; NaN for those and for null.
inline double number(const nlohmann::json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) {
    const std::string text = value;
    if (text == "inf" || text == "Inf") return INFINITY;
    if (text == "-inf" || text == "-Inf") return -INFINITY;
  }
  return NAN;
}

inline std::vector<double> numbers(const nlohmann::json& array) {
  std::vector<double> values;
  for (const auto& value : array) values.push_back(number(value));
  return values;
}

// Equal within absolute + relative |expected|; both infinite alike, or undefined on both sides (an empty optional, a NaN), is equal too.
inline void expect_value(const std::optional<double>& ours, const nlohmann::json& expected, double absolute, double relative,
                         const std::string& what) {
  const double wanted = number(expected), got = ours.value_or(NAN);
  if (std::isnan(wanted) || std::isinf(wanted)) {
    EXPECT_TRUE(std::isnan(wanted) ? std::isnan(got) : got == wanted) << what << ": " << got << " where " << expected << " is expected";
    return;
  }
  EXPECT_NEAR(got, wanted, absolute + relative * std::abs(wanted)) << what;
}

// A mask from an array whose last index runs fastest; two-dimensional ones become one slice. The spacing is in the array's order.
inline imaging::Mask mask_of(const core::NumpyArray& array, std::vector<double> spacing_mm) {
  std::vector<std::int64_t> shape = array.shape;
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  if (spacing_mm.size() == 2) spacing_mm.insert(spacing_mm.begin(), 1);
  imaging::Mask mask;
  mask.geometry.size = {shape[2], shape[1], shape[0]};
  mask.geometry.spacing_mm = {spacing_mm[2], spacing_mm[1], spacing_mm[0]};
  for (std::int64_t value : array.as_integer()) mask.voxels.push_back(value != 0);
  return mask;
}

}  // namespace isocenter::measures::testing_support
