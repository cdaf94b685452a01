#include "measures/surface.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "core/random.h"
#include "measures/overlap.h"
#include "measures/reference_cases.h"

namespace isocenter::measures {
namespace {

using testing_support::expect_value;
using testing_support::mask_of;

imaging::Mask empty_mask(const imaging::Index3& size, const imaging::Vector3& spacing_mm) {
  imaging::Geometry grid;
  grid.size = size;
  grid.spacing_mm = spacing_mm;
  return imaging::Mask(grid);
}

imaging::Mask ball(const imaging::Index3& size, const imaging::Vector3& spacing_mm, double radius_mm, const imaging::Vector3& centre_mm) {
  imaging::Mask mask = empty_mask(size, spacing_mm);
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i)
        mask.at(i, j, k) =
            std::hypot(i * spacing_mm[0] - centre_mm[0], j * spacing_mm[1] - centre_mm[1], k * spacing_mm[2] - centre_mm[2]) <= radius_mm;
  return mask;
}

imaging::Mask box(const imaging::Index3& size, const imaging::Vector3& spacing_mm, const imaging::Index3& low,
                  const imaging::Index3& high) {
  imaging::Mask mask = empty_mask(size, spacing_mm);
  for (std::int64_t k = low[2]; k < high[2]; ++k)
    for (std::int64_t j = low[1]; j < high[1]; ++j)
      for (std::int64_t i = low[0]; i < high[0]; ++i) mask.at(i, j, k) = 1;
  return mask;
}

TEST(SurfaceElements, OfABoxHaveItsAreaUpToItsEdges) {
  // Faces lie half a voxel outside of the outermost centres; edges and corners are cut off.
  const auto elements = surface_elements(box({20, 20, 20}, {1, 1, 1}, {4, 4, 4}, {14, 14, 14}));
  const double faces = 6 * 9 * 9, edges = 12 * 9 * std::sqrt(0.5), corners = 8 * std::sqrt(3.0) / 8;
  EXPECT_NEAR(elements.total(), faces + edges + corners, 1e-9);
}

TEST(SurfaceElements, OfABallHaveTwelvePercentMoreThanItsArea) {
  // Pieces through edge middles follow the voxel steps: a known bias, the same for both structures that are compared.
  const double area = surface_elements(ball({60, 60, 60}, {1, 1, 1}, 25, {30, 30, 30})).total();
  EXPECT_GT(area, 4 * M_PI * 25 * 25);
  EXPECT_LT(area, 1.15 * 4 * M_PI * 25 * 25);
}

TEST(SurfaceElements, DoNotDependOnWhatIsInside) {
  const auto areas = surface_areas_mm2({0.7, 1.3, 2.9});
  for (unsigned code = 0; code < 256; ++code) EXPECT_NEAR(areas[code], areas[255 - code], 1e-12) << code;
  EXPECT_NEAR(areas[1], std::hypot(1.3 * 2.9, 0.7 * 2.9, 0.7 * 1.3) / 8, 1e-12);
  EXPECT_NEAR(areas[0b00001111], 1.3 * 2.9, 1e-12) << "a plane across x";
}

TEST(Surface, AShiftedBoxLiesAsFarAsItWasShifted) {
  const auto a = box({30, 20, 20}, {1.5, 1, 1}, {5, 5, 5}, {15, 15, 15}), b = box({30, 20, 20}, {1.5, 1, 1}, {7, 5, 5}, {17, 15, 15});
  const auto distances = surface_distances(b, a);
  EXPECT_DOUBLE_EQ(*hausdorff(distances), 3);
  EXPECT_DOUBLE_EQ(*surface_dice(distances, 3), 1);
  EXPECT_LT(*surface_dice(distances, 2.9), 1);
  EXPECT_DOUBLE_EQ(*hausdorff(border_distances(b, a)), 3);
}

TEST(Surface, ConcentricBallsLieTheDifferenceOfTheirRadiiApart) {
  const auto inner = ball({64, 64, 64}, {1, 1, 1}, 18, {32, 32, 32}), outer = ball({64, 64, 64}, {1, 1, 1}, 23, {32, 32, 32});
  const auto distances = surface_distances(inner, outer);
  // Distances are between cells, and a layer of cells is one to 1.7 voxels thick, of which the nearest counts: up to a voxel too short.
  EXPECT_GT(*average_symmetric_surface_distance(distances), 4);
  EXPECT_LT(*average_symmetric_surface_distance(distances), 5);
  EXPECT_NEAR(*hausdorff(distances, 95), 5, 0.75);
}

TEST(Surface, EmptyStructuresAreDecided) {
  const auto some = box({8, 8, 8}, {1, 1, 1}, {2, 2, 2}, {5, 5, 5}), none = empty_mask({8, 8, 8}, {1, 1, 1});
  const auto both = surface_distances(none, none);
  EXPECT_FALSE(hausdorff(both) || surface_dice(both, 1) || average_symmetric_surface_distance(both));
  const auto one = surface_distances(none, some);
  EXPECT_EQ(*hausdorff(one, 95), INFINITY);
  EXPECT_EQ(*average_symmetric_surface_distance(one), INFINITY);
  EXPECT_EQ(*surface_dice(one, 1), 0);
  EXPECT_EQ(*hausdorff(border_distances(some, none)), INFINITY);
  EXPECT_FALSE(hausdorff(border_distances(none, none)));
}

imaging::Mask random_mask(int number, const imaging::Index3& size, double share) {
  core::Random random(31, number, "mask");
  imaging::Mask mask = empty_mask(size, {0.8, 1.1, 2.5});
  for (auto& voxel : mask.voxels) voxel = random.chance(share);
  return mask;
}

RC_GTEST_PROP(Surface, AgreesWithTheNaiveSearchAndIsSymmetric, ()) {
  const int seed = *rc::gen::inRange(0, 1000000);
  const imaging::Index3 size{*rc::gen::inRange(1, 9), *rc::gen::inRange(1, 9), *rc::gen::inRange(1, 9)};
  const auto a = random_mask(2 * seed, size, 0.3), b = random_mask(2 * seed + 1, size, 0.1);
  const auto distances = surface_distances(a, b), swapped = surface_distances(b, a);
  RC_ASSERT(distances.reference_to_prediction_mm == swapped.prediction_to_reference_mm);
  const auto from = surface_elements(b), to = surface_elements(a);
  if (from.cells.empty() || to.cells.empty()) return;
  std::vector<double> naive;
  for (const auto& p : from.cells) {
    double best = INFINITY;
    for (const auto& q : to.cells) {
      const double x = 0.8 * (p[0] - q[0]), y = 1.1 * (p[1] - q[1]), z = 2.5 * (p[2] - q[2]);
      best = std::min(best, x * x + y * y + z * z);
    }
    naive.push_back(std::sqrt(best));
  }
  std::sort(naive.begin(), naive.end());
  for (std::size_t i = 0; i < naive.size(); ++i) RC_ASSERT(std::abs(naive[i] - distances.reference_to_prediction_mm[i]) < 1e-12);
}

// The labels of a map, taken all at once, are what each gives alone.
TEST(Surface, ManyLabelsAtOnceAreEachLabelAlone) {
  imaging::LabelMap a(empty_mask({17, 13, 11}, {0.8, 1.1, 2.5}).geometry), b = a;
  core::Random random(5, 0, "labels");
  for (auto& voxel : a.voxels) voxel = static_cast<std::uint16_t>(random.integer(0, 3));
  for (auto& voxel : b.voxels) voxel = static_cast<std::uint16_t>(random.integer(0, 4));
  const auto all = surface_distances(a, b);
  ASSERT_EQ(all.size(), 4);
  for (const auto& [label, distances] : all) {
    imaging::Mask mask_a(a.geometry), mask_b(b.geometry);
    for (std::size_t i = 0; i < a.voxels.size(); ++i) mask_a.voxels[i] = a.voxels[i] == label, mask_b.voxels[i] = b.voxels[i] == label;
    const auto alone = surface_distances(mask_a, mask_b);
    EXPECT_EQ(alone.reference_to_prediction_mm, distances.reference_to_prediction_mm);
    EXPECT_EQ(alone.prediction_areas, distances.prediction_areas);
  }
}

TEST(SegmentationMeasuresReference, AgreeWithBothFamiliesOfTools) {
  const auto folder = core::shared_path("reference/metrics-segmentation");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/reference/metrics-segmentation is absent";
  const auto masks = core::read_npz(*folder / "masks.npz");
  int cases = 0;
  for (const auto& entry : testing_support::read_json(*folder / "expected.json")) {
    const std::string name = entry.at("name");
    SCOPED_TRACE(name);
    const std::vector<double> spacing = entry.at("spacing_mm");
    const auto reference = mask_of(masks.at(name + "_reference"), spacing), prediction = mask_of(masks.at(name + "_prediction"), spacing);
    const LabelCounts counts = count_mask(prediction.voxels, reference.voxels);
    EXPECT_EQ(counts.reference, entry.at("voxels_reference"));
    EXPECT_EQ(counts.prediction, entry.at("voxels_prediction"));
    EXPECT_EQ(counts.both, entry.at("voxels_both"));

    const auto& google = entry.at("surface_distance");
    const bool empty = counts.reference == 0 && counts.prediction == 0;
    expect_value(dice(counts), google.at("dice"), 1e-9, 0, "dice");
    const auto ours = surface_distances(prediction, reference);
    expect_value(average_distance_to_prediction(ours), google.at("average_surface_distance_reference_to_prediction"), 1e-6, 0,
                 "average, reference to prediction");
    expect_value(average_distance_to_reference(ours), google.at("average_surface_distance_prediction_to_reference"), 1e-6, 0,
                 "average, prediction to reference");
    for (const auto& [key, value] : google.items()) {
      if (key.starts_with("robust_hausdorff_")) {
        // Two empty masks: nothing here, infinity there; the header says why.
        if (!empty) expect_value(hausdorff(ours, std::stod(key.substr(17))), value, 1e-6, 0, key);
      } else if (key.starts_with("surface_dice_")) {
        expect_value(surface_dice(ours, std::stod(key.substr(13))), value, 1e-9, 0, key);
      } else if (key.starts_with("surface_overlap_")) {
        const auto overlap = surface_overlap(ours, std::stod(key.substr(16)));
        expect_value(overlap.first, value[0], 1e-9, 0, key + " reference");
        expect_value(overlap.second, value[1], 1e-9, 0, key + " prediction");
      }
    }
    const auto reference_surface = surface_elements(reference), prediction_surface = surface_elements(prediction);
    if (google.contains("total_surface_area_reference")) {
      expect_value(reference_surface.total(), google.at("total_surface_area_reference"), 1e-6, 1e-9, "area of the reference");
      expect_value(prediction_surface.total(), google.at("total_surface_area_prediction"), 1e-6, 1e-9, "area of the prediction");
      EXPECT_EQ(reference_surface.cells.size(), google.at("surface_elements_reference"));
      EXPECT_EQ(prediction_surface.cells.size(), google.at("surface_elements_prediction"));
    }

    const auto& medpy = entry.at("medpy");
    const bool one_empty = counts.reference == 0 || counts.prediction == 0;  // the tool raises then
    for (const auto& [key, value] : medpy.items()) {
      const auto at = key.rfind("_connectivity");
      if (at == std::string::npos || one_empty) continue;
      const auto distances = border_distances(prediction, reference, static_cast<Connectivity>(std::stoi(key.substr(at + 13))));
      const std::string measure = key.substr(0, at);
      if (measure == "hd") expect_value(hausdorff(distances), value, 1e-6, 0, key);
      if (measure == "hd95") expect_value(hausdorff(distances, 95), value, 1e-6, 0, key);
      if (measure == "assd") expect_value(average_symmetric_surface_distance(distances), value, 1e-6, 0, key);
      if (measure == "asd_prediction_to_reference") expect_value(average_distance_to_reference(distances), value, 1e-6, 0, key);
      if (measure == "asd_reference_to_prediction") expect_value(average_distance_to_prediction(distances), value, 1e-6, 0, key);
    }
    if (!one_empty) {
      auto unit_reference = reference, unit_prediction = prediction;
      unit_reference.geometry.spacing_mm = unit_prediction.geometry.spacing_mm = {1, 1, 1};
      const auto distances = border_distances(unit_prediction, unit_reference);
      expect_value(hausdorff(distances), medpy.at("hd_unit_spacing"), 1e-6, 0, "hd_unit_spacing");
      expect_value(hausdorff(distances, 95), medpy.at("hd95_unit_spacing"), 1e-6, 0, "hd95_unit_spacing");
      expect_value(average_symmetric_surface_distance(distances), medpy.at("assd_unit_spacing"), 1e-6, 0, "assd_unit_spacing");
      expect_value(intersection_over_union(counts), medpy.at("jc"), 1e-9, 0, "jc");
      expect_value(precision(counts), medpy.at("precision"), 1e-9, 0, "precision");
      expect_value(sensitivity(counts), medpy.at("recall"), 1e-9, 0, "recall");
      expect_value(relative_volume_error(counts), medpy.at("ravd"), 1e-9, 0, "ravd");
      // A reference that is everything: nothing here, 0 there; the header says why.
      const auto voxels = static_cast<std::int64_t>(reference.voxels.size());
      if (counts.reference < voxels) expect_value(specificity(counts, voxels), medpy.at("specificity"), 1e-9, 0, "specificity");
    }
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace isocenter::measures
