// Series found in real folders: order, geometry and values against what the headers say, refusals against the published verdicts.
#include "formats/dicom/series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/shared_data.h"

namespace isocenter::formats {
namespace {

namespace filesystem = std::filesystem;
using nlohmann::json;

constexpr std::array<std::string_view, 2> deliberate{"gantry tilt", "localizer"};

json read_json(const filesystem::path& path) { return json::parse(core::read_text(path)); }

// The case's files under the names they are to have, in a folder of their own.
std::vector<filesystem::path> lay_out(const json& entry, const filesystem::path& root, const filesystem::path& folder) {
  std::vector<filesystem::path> copies;
  for (const auto& file : entry["files"]) {
    const auto to = folder / file["copy_as"].get<std::string>();
    filesystem::copy_file(root / file["file"].get<std::string>(), to);
    copies.push_back(to);
  }
  return copies;
}

std::vector<const Series*> usable(const StudyFolder& folder) {
  std::vector<const Series*> all;
  for (const auto& series : folder.series)
    if (series.refusal.empty()) all.push_back(&series);
  return all;
}

std::string hash_as_uint16(const imaging::Volume& volume) {
  std::vector<std::uint8_t> bytes;
  for (const float value : volume.voxels) {
    const auto whole = static_cast<std::uint16_t>(static_cast<std::int32_t>(value));
    bytes.push_back(static_cast<std::uint8_t>(whole));
    bytes.push_back(static_cast<std::uint8_t>(whole >> 8));
  }
  return core::sha256_hex(bytes);
}

void expect_affine(const imaging::Geometry& geometry, const json& affine) {
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t axis = 0; axis < 3; ++axis)
      EXPECT_NEAR(geometry.direction[row][axis] * geometry.spacing_mm[axis], affine[row][axis].get<double>(), 2e-3) << row << "," << axis;
    EXPECT_NEAR(geometry.origin_lps_mm[row], affine[row][3].get<double>(), 1e-4);
  }
}

// Every probe of another converter's volume is found in ours, at the same place in the patient; up to one factor, since that converter
// applies a manufacturer's private scale where there is one.
bool probes_agree(const imaging::Volume& volume, const json& probes) {
  double factor = 0;
  for (const auto& probe : probes) {
    const auto& ras = probe["ras_mm"];
    const auto index = volume.geometry.index_of({-ras[0].get<double>(), -ras[1].get<double>(), ras[2].get<double>()});
    const imaging::Index3 nearest{std::lround(index[0]), std::lround(index[1]), std::lround(index[2])};
    if (!volume.geometry.contains(nearest)) return false;
    const double ours = volume.at(nearest[0], nearest[1], nearest[2]), theirs = probe["value"];
    if (factor == 0 && ours != 0) factor = theirs / ours;
    if (std::abs(ours * factor - theirs) > 1e-3 * (1 + std::abs(theirs))) return false;
  }
  return factor != 0;
}

void check_case(const json& entry, const filesystem::path& root) {
  SCOPED_TRACE(entry["name"].get<std::string>() + ": " + entry["reason"].get<std::string>());
  const core::TemporaryFolder folder;
  const auto files = lay_out(entry, root, folder.path());
  const std::string verdict = entry["verdict"];
  StudyFolder found;
  try {
    found = find_series({folder.path()});
  } catch (const core::InputError& error) {
    EXPECT_NE(verdict, "must read") << error.what();
    return;
  }
  const auto good = usable(found);
  for (const auto& series : found.series) {
    if (series.refusal.empty()) continue;
    EXPECT_THROW(read_series(series), core::InputError);
  }
  if (verdict == "must refuse") {
    EXPECT_TRUE(good.empty()) << good.front()->description;
    return;
  }
  if (verdict == "may refuse" && good.empty()) return;
  // Refused on purpose, whatever else the folder holds: docs/dicom.md says why.
  const auto on_purpose = [](const Series& series) {
    return std::any_of(deliberate.begin(), deliberate.end(), [&](auto words) { return series.refusal.find(words) != std::string::npos; });
  };
  if (!found.series.empty() && std::all_of(found.series.begin(), found.series.end(), on_purpose)) return;
  ASSERT_FALSE(good.empty()) << (found.series.empty() ? "nothing found" : found.series.front().refusal);
  if (entry["expected"].contains("volumes")) {
    EXPECT_EQ(good.size(), entry["expected"]["volumes"].get<std::size_t>());
  }
  if (entry.contains("from_headers")) {
    const auto& truth = entry["from_headers"];
    ASSERT_EQ(good.size(), 1u);
    const auto volume = read_series(*good.front());
    const std::array<std::int64_t, 3> size{truth["shape_kji"][2], truth["shape_kji"][1], truth["shape_kji"][0]};
    EXPECT_EQ(volume.geometry.size, size);
    expect_affine(volume.geometry, truth["affine_lps_ijk"]);
    EXPECT_EQ(*std::max_element(volume.voxels.begin(), volume.voxels.end()), truth["max"].get<float>());
    EXPECT_EQ(*std::min_element(volume.voxels.begin(), volume.voxels.end()), truth["min"].get<float>());
    if (truth["dtype"] == "uint16" || truth["dtype"] == "int16") {
      EXPECT_EQ(hash_as_uint16(volume), truth["sha256_values_kji_little_endian"].get<std::string>());
    }
  }
  if (verdict != "must read" || entry.contains("note")) return;  // the note says that the other converter is wrong here
  std::vector<imaging::Volume> volumes;
  for (const auto* series : good) volumes.push_back(read_series(*series));
  for (const auto& other : entry["dcm2niix"]["volumes"]) {
    const bool found_again = std::any_of(volumes.begin(), volumes.end(),
                                         [&](const auto& volume) { return probes_agree(volume, other["probes_at_voxel_centres"]); });
    EXPECT_TRUE(found_again) << other["name"];
  }
}

TEST(SeriesGeometryData, EveryCaseHasItsVerdictAndItsGeometry) {
  const auto root = core::shared_path("data/series-geometry");
  if (!root) GTEST_SKIP() << "../shared/data/series-geometry is absent: 0 cases checked";
  const auto cases = read_json(*root / "cases.json")["cases"];
  for (const auto& entry : cases) check_case(entry, *root);
  RecordProperty("cases", static_cast<int>(cases.size()));
}

}  // namespace
}  // namespace isocenter::formats
