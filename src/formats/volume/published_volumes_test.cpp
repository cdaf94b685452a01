// Over ../shared/data: published files of all formats, each with what must be read from it or that it must be refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "core/error.h"
#include "core/file.h"
#include "core/shared_data.h"
#include "formats/volume/affine.h"
#include "formats/volume/volume_file.h"

namespace isocenter::formats {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

struct Case {
  fs::path path;
  json entry;
};

// The index was written with bare NaN and Infinity, which are no JSON: they are put in quotes.
std::string quoted_not_finite(const std::string& text) {
  static const std::regex bare("([:,\\[]\\s*)(NaN|-?Infinity)(?=\\s*[,\\]}])");
  return std::regex_replace(text, bare, "$1\"$2\"");
}

std::vector<Case> cases(const std::string& verdict) {
  std::vector<Case> found;
  const auto folder = core::shared_path("data/formats-volume");
  if (!folder) return found;
  for (const json& entry : json::parse(quoted_not_finite(core::read_text(*folder / "index.json"))))
    if (entry.at("verdict") == verdict) found.push_back({*folder / entry.at("file").get<std::string>(), entry});
  return found;
}

// The data half of a pair is read through its header; raw files belong to headers of other formats.
bool is_data_half(const fs::path& path) { return path.extension() == ".raw" || path.extension() == ".img"; }

double number(const json& value) {
  if (value.is_null()) return std::nan("");
  return value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>();
}

void expect_affine(const json& rows, Affine ours, double tolerance_mm) {
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 4; ++c) EXPECT_NEAR(ours[r][c], rows[r][c].get<double>(), tolerance_mm) << "row " << r << " column " << c;
}

// RAS rows of zeros are what the peer makes of a file that states no orientation.
bool states_affine(const json& rows) { return rows[0][0] != 0 || rows[0][1] != 0 || rows[0][2] != 0; }

bool is_sheared(const json& expected) {
  if (!expected.contains("affine_ras")) return false;
  const json& m = expected["affine_ras"];
  for (int a = 0; a < 3; ++a)
    for (int b = a + 1; b < 3; ++b) {
      double product = 0, squares_a = 0, squares_b = 0;
      for (int r = 0; r < 3; ++r) {
        const double first = m[r][a], second = m[r][b];
        product += first * second, squares_a += first * first, squares_b += second * second;
      }
      if (std::abs(product) > 1e-2 * std::sqrt(squares_a * squares_b)) return true;
    }
  return false;
}

void check_values(const json& expected, const imaging::Volume& volume) {
  double low = INFINITY, high = -INFINITY, sum = 0;
  std::int64_t numbers = 0;
  for (float value : volume.voxels) {
    if (std::isnan(value)) continue;
    low = std::min<double>(low, value);
    high = std::max<double>(high, value);
    sum += value;
    ++numbers;
  }
  const double scale = std::max({1.0, std::abs(number(expected.at("max"))), std::abs(number(expected.at("min")))});
  if (std::isinf(scale)) {
    EXPECT_TRUE(std::isinf(high));
    return;
  }
  EXPECT_NEAR(low, number(expected.at("min")), 1e-6 * scale);
  EXPECT_NEAR(high, number(expected.at("max")), 1e-6 * scale);
  EXPECT_NEAR(sum / static_cast<double>(numbers), number(expected.at("mean")), 1e-5 * scale);
}

void check_case(const Case& item, bool geometry) {
  SCOPED_TRACE(item.path.filename());
  const VolumeHeader header = read_volume_header(item.path);
  const json expected = item.entry.value("expected", json::object());
  const auto& size = header.geometry.size;
  if (expected.contains("shape")) {
    std::vector<std::int64_t> shape = expected["shape"];
    shape.resize(std::max<std::size_t>(shape.size(), 3), 1);
    EXPECT_EQ(size, (imaging::Index3{shape[0], shape[1], shape[2]}));
    std::int64_t channels = 1;
    for (std::size_t axis = 3; axis < shape.size(); ++axis) channels *= shape[axis];
    EXPECT_EQ(header.channels, channels);
  }
  if (expected.contains("stored_dtype") && !header.voxel_type.starts_with("rgb")) {
    EXPECT_EQ(header.voxel_type, expected["stored_dtype"].get<std::string>());
  }
  if (geometry && expected.contains("affine_ras") && states_affine(expected["affine_ras"])) {
    double to_mm = 1;  // the peer leaves the numbers in the file's own unit
    if (item.path.filename().string().starts_with("units_micron")) to_mm = 1000;
    Affine ras = turn_ras_lps(affine_of(header.geometry));
    for (auto& row : ras)
      for (double& value : row) value *= to_mm;
    expect_affine(expected["affine_ras"], ras, 1e-3);
  }
  if (expected.contains("affine_lps")) expect_affine(expected["affine_lps"], affine_of(header.geometry), 1e-3);

  // The peer's figures are over all channels.
  imaging::Volume all;
  for (std::int64_t channel = 0; channel < header.channels; ++channel) {
    const imaging::Volume volume = read_volume(item.path, channel, NonFinite::keep);
    ASSERT_EQ(volume.voxels.size(), static_cast<std::size_t>(header.geometry.voxel_count()));
    all.voxels.insert(all.voxels.end(), volume.voxels.begin(), volume.voxels.end());
    if (channel > 0) continue;
    for (const json& probe : expected.value("probes", json::array())) {
      const std::vector<std::int64_t> at = probe.at("index");
      if (at.size() > 3 || !probe.contains("value")) continue;
      const double value = number(probe["value"]);
      if (!std::isfinite(value)) continue;
      EXPECT_NEAR(volume.at(at[0], at[1], at[2]), value, 1e-6 * std::max(1.0, std::abs(value)));
    }
  }
  if (expected.contains("scaled"))
    check_values(expected["scaled"], all);
  else if (expected.contains("mean"))
    check_values(expected, all);
}

TEST(PublishedVolumesData, WhatMustBeReadIsReadRight) {
  const auto all = cases("must read");
  if (all.empty()) GTEST_SKIP() << "0 cases: ../shared/data/formats-volume is absent";
  int read = 0;
  for (const Case& item : all) {
    if (is_data_half(item.path)) continue;
    if (is_sheared(item.entry["expected"])) {  // no box of voxels: a Geometry cannot say it, so it is refused and the reason given
      EXPECT_THAT([&] { read_volume(item.path); }, testing::ThrowsMessage<core::InputError>(testing::HasSubstr("sheared"))) << item.path;
      continue;
    }
    EXPECT_NO_THROW(check_case(item, true)) << item.path;
    EXPECT_TRUE(is_volume_file(item.path)) << item.path;
    ++read;
  }
  EXPECT_GT(read, 20);
}

TEST(PublishedVolumesData, WhatMustBeRefusedIsRefusedWithItsName) {
  const auto all = cases("must refuse");
  if (all.empty()) GTEST_SKIP() << "0 cases: ../shared/data/formats-volume is absent";
  for (const Case& item : all) {
    try {
      read_volume(item.path);
      ADD_FAILURE() << item.path << " was read, although: " << item.entry.value("reason", "");
    } catch (const core::InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(item.path.string()));
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("\n")));
    }
  }
}

TEST(PublishedVolumesData, WhatMayBeRefusedIsReadRightOrRefused) {
  const auto all = cases("may refuse");
  if (all.empty()) GTEST_SKIP() << "0 cases: ../shared/data/formats-volume is absent";
  int read = 0;
  for (const Case& item : all) {
    if (is_data_half(item.path)) continue;
    try {
      check_case(item, false);
      ++read;
    } catch (const core::InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(item.path.filename().string()));
    }
  }
  EXPECT_GT(read, 0);
}

TEST(PublishedVolumesData, ValuesNotFiniteAreRefusedWithTheirNumber) {
  const auto path = core::shared_path("data/formats-volume/derived/nan_inf.nii.gz");
  if (!path) GTEST_SKIP() << "0 cases: ../shared/data/formats-volume is absent";
  try {
    read_volume(*path);
    ADD_FAILURE() << "was read";
  } catch (const core::InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("1 NaNs and 1 infinities"));
  }
}

// Every label map of the sets with labelled heads: labels are whole numbers, and the hippocampi have a hippocampus's size.
TEST(PublishedVolumesData, FreeSurferLabelsHaveTheirKnownVolumes) {
  const auto path = core::shared_path("data/mr-head-labels/t1-freesurfer/aparc.a2009s+aseg.mgz");
  if (!path) GTEST_SKIP() << "0 cases: ../shared/data/mr-head-labels is absent";
  const imaging::LabelMap labels = read_label_map(*path);
  EXPECT_EQ(labels.geometry.size, (imaging::Index3{256, 256, 256}));
  std::map<int, std::int64_t> count;
  for (std::uint16_t label : labels.voxels) ++count[label];
  // The set's README: 3800 and 3904 mm3.
  EXPECT_EQ(count[17], 3800);
  EXPECT_EQ(count[53], 3904);
  // Left (17) has the larger x in LPS.
  double x[2] = {0, 0};
  for (std::int64_t k = 0; k < 256; ++k)
    for (std::int64_t j = 0; j < 256; ++j)
      for (std::int64_t i = 0; i < 256; ++i) {
        const int label = labels.at(i, j, k);
        if (label != 17 && label != 53) continue;
        const auto& g = labels.geometry;
        x[label == 53] += g.origin_lps_mm[0] + g.direction[0][0] * g.spacing_mm[0] * i + g.direction[0][1] * g.spacing_mm[1] * j +
                          g.direction[0][2] * g.spacing_mm[2] * k;
      }
  EXPECT_GT(x[0] / 3800, x[1] / 3904 + 30);
}

TEST(PublishedVolumesData, EveryLabelledHeadIsReadWithItsImageOnOneGrid) {
  int maps = 0, images = 0;
  for (const char* set : {"data/mr-head-labels", "data/reg-brain", "data/mr-brain-label-maps"}) {
    const auto folder = core::shared_path(set);
    if (!folder) continue;
    for (const auto& entry : fs::recursive_directory_iterator(*folder)) {
      if (!is_volume_file(entry.path())) continue;
      const std::string name = entry.path().filename().string();
      const bool labels = name.find("label") != std::string::npos || name.find("aseg") != std::string::npos ||
                          entry.path().string().find("maps-") != std::string::npos;
      if (labels) {
        const imaging::LabelMap map = read_label_map(entry.path());
        EXPECT_GT(*std::max_element(map.voxels.begin(), map.voxels.end()), 0) << entry.path();
        ++maps;
      } else {
        EXPECT_NO_THROW(read_volume(entry.path())) << entry.path();
        ++images;
      }
    }
  }
  if (maps == 0) GTEST_SKIP() << "0 cases: the labelled heads of ../shared/data are absent";
  EXPECT_GE(maps, 17);
  EXPECT_GE(images, 2);
}

}  // namespace
}  // namespace isocenter::formats
