// The fixture of testing.h, and that it is what it says.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "measures/structure_volumes.h"
#include "reports/acquisition.h"
#include "reports/figures.h"
#include "reports/measure.h"
#include "reports/quality.h"
#include "reports/testing.h"

namespace isocenter::reports {
namespace testing {
namespace {

struct Ellipsoid {
  std::uint16_t label;
  imaging::Vector3 centre_mm, radius_mm;  // about the middle of the head: left, back, up
  float intensity;
};

// Painted in this order; x of a right-sided one is negative (LPS: x grows to the left).
const std::vector<Ellipsoid>& ellipsoids() {
  static const std::vector<Ellipsoid> all = [] {
    std::vector<Ellipsoid> shapes = {{0, {0, 0, -10}, {80, 104, 100}, 620},  // scalp
                                     {0, {0, 0, -8}, {75, 98, 94}, 60},      // bone
                                     {99, {0, 0, 0}, {70, 88, 70}, 110}};    // fluid round the brain
    const auto both = [&](std::uint16_t left, imaging::Vector3 centre, imaging::Vector3 radius, float intensity) {
      shapes.push_back({left, centre, radius, intensity});
      centre[0] = -centre[0];
      shapes.push_back({static_cast<std::uint16_t>(left + 100), centre, radius, intensity});
    };
    both(3, {33, 0, 4}, {31, 82, 58}, 380);                   // cortex
    both(2, {32, 0, 4}, {25, 74, 50}, 560);                   // white matter
    both(8, {24, 52, -45}, {26, 26, 18}, 390);                // cerebellar cortex
    both(7, {20, 50, -45}, {15, 15, 10}, 540);                // cerebellar white matter
    both(4, {11, 0, 16}, {7, 34, 9}, 90);                     // lateral ventricle
    both(11, {17, -18, 12}, {6, 12, 10}, 430);                // caudate
    both(12, {26, -4, 6}, {7, 17, 11}, 440);                  // putamen
    both(10, {12, 12, 6}, {9, 14, 9}, 450);                   // thalamus
    both(17, {27, 14, -18}, {6, 18, 6}, 410);                 // hippocampus
    both(18, {24, -10, -20}, {7, 8, 7}, 415);                 // amygdala
    shapes.push_back({16, {0, 18, -38}, {11, 11, 28}, 530});  // brain stem
    shapes.push_back({14, {0, 4, 6}, {2.5, 14, 9}, 85});      // third ventricle
    return shapes;
  }();
  return all;
}

}  // namespace

imaging::Geometry thin_grid() {
  imaging::Geometry grid;
  grid.size = {176, 224, 192};
  grid.origin_lps_mm = {-87.5, -111.5, -85.5};
  return grid;
}

imaging::Geometry thick_tilted_grid() {
  imaging::Geometry grid;
  grid.size = {256, 256, 26};
  grid.spacing_mm = {0.86, 0.86, 6.5};
  const double angle = 11 * 3.14159265358979323846 / 180, c = std::cos(angle), s = std::sin(angle);
  grid.direction = {{{1, 0, 0}, {0, c, -s}, {0, s, c}}};
  const imaging::Vector3 half = {255 * 0.86 / 2, 255 * 0.86 / 2, 25 * 6.5 / 2};
  grid.origin_lps_mm = {-half[0], -(c * half[1] - s * half[2]), -(s * half[1] + c * half[2]) + 6};
  return grid;
}

Phantom head_phantom(const imaging::Geometry& grid) {
  Phantom head{imaging::Volume(grid), imaging::LabelMap(grid)};
  std::size_t voxel = 0;
  for (std::int64_t k = 0; k < grid.size[2]; ++k)
    for (std::int64_t j = 0; j < grid.size[1]; ++j)
      for (std::int64_t i = 0; i < grid.size[0]; ++i, ++voxel) {
        const imaging::Vector3 at = grid.point_mm({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
        float value = 12;
        for (const Ellipsoid& shape : ellipsoids()) {
          double distance = 0;
          for (int a = 0; a < 3; ++a) distance += std::pow((at[a] - shape.centre_mm[a]) / shape.radius_mm[a], 2);
          if (distance > 1) continue;
          value = shape.intensity;
          if (shape.label != 0 || distance <= 1) head.labels.voxels[voxel] = shape.label;
        }
        // A little texture, so that the window is not two-valued.
        head.volume.voxels[voxel] = value + static_cast<float>(14 * std::sin(0.7 * at[0]) * std::cos(0.9 * at[1] + 0.4 * at[2]));
      }
  return head;
}

models::Package phantom_package() {
  models::Package package;
  package.name = "phantom";
  package.version = "1.0.0";
  package.title = "Brain volumes";
  package.task = "segmentation";
  package.license = "Apache-2.0";
  package.weights_sha256 = std::string(64, 'a');
  package.input.modalities = {"MR"};
  package.input.anatomy = {"head"};
  package.input.spacing_mm = {2, 2, 2};
  package.input.minimum_extent_mm = 100;
  package.labels.push_back({0, "background", "background", models::Side::none, {}, {}, false, 0, 0});
  const auto both = [&](std::uint16_t value, const std::string& name, const char* code, const char* meaning,
                        std::array<std::uint8_t, 3> color, double low, double high) {
    package.labels.push_back({value, "left " + name, name, models::Side::left, {"SCT", code, meaning}, color, true, low, high});
    package.labels.push_back({static_cast<std::uint16_t>(value + 100),
                              "right " + name,
                              name,
                              models::Side::right,
                              {"SCT", code, meaning},
                              color,
                              true,
                              low,
                              high});
  };
  both(2, "cerebral white matter", "68523003", "Cerebral White Matter", {235, 235, 215}, 120, 400);
  both(3, "cerebral cortex", "40146001", "Cerebral Gray Matter", {205, 92, 92}, 100, 400);
  both(4, "lateral ventricle", "66720007", "Lateral Ventricle", {120, 60, 220}, 2, 60);
  both(7, "cerebellar white matter", "33060004", "Cerebellar White Matter", {220, 200, 130}, 4, 30);
  both(8, "cerebellar cortex", "25991003", "Cerebellar Cortex", {230, 148, 34}, 20, 80);
  both(10, "thalamus", "119406000", "Thalamus", {0, 170, 70}, 3, 12);
  both(11, "caudate nucleus", "11000004", "Caudate Nucleus", {122, 186, 220}, 1.5, 7);
  both(12, "putamen", "89278009", "Putamen", {236, 13, 176}, 2, 9);
  both(17, "hippocampus", "5366008", "Hippocampus", {240, 220, 40}, 1.2, 6);
  both(18, "amygdala", "4958002", "Amygdala", {80, 240, 240}, 0.5, 3.5);
  package.labels.push_back(
      {16, "brain stem", "brain stem", models::Side::none, {"SCT", "119238007", "Brain Stem"}, {119, 159, 176}, true, 10, 40});
  package.labels.push_back({14,
                            "third ventricle",
                            "third ventricle",
                            models::Side::none,
                            {"SCT", "49841001", "Third ventricle"},
                            {204, 182, 142},
                            true,
                            0.2,
                            6});
  package.labels.push_back({99, "other intracranial", "other intracranial", models::Side::none, {}, {60, 60, 60}, false, 0, 0});
  std::vector<std::string> all = {"intracranial volume"}, brain = {"brain"};
  for (const models::Label& label : package.labels) {
    if (label.value == 0) continue;
    all.push_back(label.name);
    if (label.measured && label.structure.find("ventricle") == std::string::npos) brain.push_back(label.name);
  }
  package.sums = {all, brain};
  package.presence = models::Presence{"intracranial volume", 400, "the field of view holds no brain"};
  return package;
}

models::Segmentation phantom_segmentation(const Phantom& phantom, double confidence) {
  const models::Package package = phantom_package();
  models::Segmentation segmentation;
  segmentation.labels = phantom.labels;
  const auto volumes = measures::structure_volumes(phantom.labels);
  for (const models::Label& label : package.labels) {
    const auto found = volumes.find(label.value);
    const bool present = found != volumes.end() && label.value != 0;
    segmentation.volume_ml.push_back(present ? found->second.volume_ml : 0);
    segmentation.cut.push_back(false);
    if (present) segmentation.confidence.push_back({label.value, confidence});
  }
  segmentation.network_grid = phantom.labels.geometry;
  return segmentation;
}

formats::Series phantom_series(const imaging::Geometry& grid) {
  formats::Series series;
  series.patient = {"DEMO-0017", "Sample^Ada^^Dr", "19620414", "F", "061Y"};
  series.study = {"1.2.826.0.1.3680043.10.1.1", "S1",           "20240131", "142530",
                  "MR head with contrast",      "ACC-2024-117", "",         "Example Hospital"};
  series.uid = "1.2.826.0.1.3680043.10.1.2";
  series.modality = "MR";
  series.description = "T1 MPRAGE";
  series.number = "3";
  series.date = "20240131";
  series.time = "143001";
  series.manufacturer = "SIEMENS";
  series.manufacturer_model = "Espree";
  series.magnetic_field_t = 1.5;
  series.repetition_time_ms = 2200;
  series.echo_time_ms = 2.9;
  series.inversion_time_ms = 900;
  series.flip_angle_deg = 8;
  series.slice_thickness_mm = grid.spacing_mm[2] > 3 ? 5 : grid.spacing_mm[2];
  series.geometry = grid;
  return series;
}

Findings phantom_findings(const imaging::Geometry& grid) {
  const Phantom head = head_phantom(grid);
  const models::Package package = phantom_package();
  models::Segmentation segmentation = phantom_segmentation(head);
  for (models::LabelConfidence& confidence : segmentation.confidence) confidence.mean_probability -= 0.0013 * (confidence.label % 100);
  for (std::size_t channel = 0; channel < package.labels.size(); ++channel) {
    if (package.labels[channel].name == "left amygdala")
      for (models::LabelConfidence& confidence : segmentation.confidence)
        if (confidence.label == package.labels[channel].value) confidence.mean_probability = 0.58;
    if (package.labels[channel].name == "brain stem") segmentation.cut[channel] = true;
    if (package.labels[channel].name == "right hippocampus") segmentation.volume_ml[channel] *= 0.82;
  }
  const formats::Series series = phantom_series(grid);
  Findings findings;
  findings.title = package.title;
  findings.patient = series.patient;
  findings.study = series.study;
  findings.from_dicom = true;
  findings.used = describe_series(series);
  findings.left_aside = {
      {"HCropVolume (series 13)", "MR", "It covers 51 \u00d7 35 \u00d7 32 mm; phantom needs at least 100 mm along every axis."},
      {"localizer (series 1)", "MR", "It cannot be used: localizer, 3 orientations."}};
  measure(findings, package, segmentation);
  judge_quality(findings);
  findings.method = "The series was resampled to 2.0 mm in the patient's axes and segmented.";
  findings.limits = {"The volumes are not compared with those of a population.", "Lesions are not recognised."};
  findings.files = {{"report.pdf", "this report for printing"}, {"labels.nii.gz", "the label map"}};
  findings.manifest.program_version = "0.1.0";
  findings.manifest.model_name = package.name;
  findings.manifest.model_version = package.version;
  findings.manifest.model_sha256 = package.weights_sha256;
  findings.manifest.model_license = package.license;
  findings.manifest.precision = "f32";
  findings.manifest.processor = "Example processor";
  findings.manifest.created = "2024-02-01T08:00:00Z";
  findings.manifest.threads = 2;
  findings.manifest.seconds = {{"reading", 0.4}, {"segmenting", 3.1}, {"measuring and drawing", 0.6}};
  findings.manifest.peak_memory_mb = 412;
  findings.figures = draw_figures(head.volume, head.labels, package.labels);
  return findings;
}

}  // namespace testing

namespace {

TEST(Phantom, has_every_structure_of_its_package) {
  for (const imaging::Geometry& grid : {testing::thin_grid(), testing::thick_tilted_grid()}) {
    EXPECT_EQ(imaging::problem(grid), "");
    const auto volumes = measures::structure_volumes(testing::head_phantom(grid).labels);
    for (const models::Label& label : testing::phantom_package().labels)
      if (label.value != 0) {
        EXPECT_GT(volumes.at(label.value).volume_ml, 0.1) << label.name;
      }
  }
}

TEST(Phantom, left_structures_lie_to_the_left) {
  const testing::Phantom head = testing::head_phantom(testing::thin_grid());
  double left_x = 0;
  std::int64_t count = 0;
  const imaging::Geometry& grid = head.labels.geometry;
  for (std::int64_t k = 0; k < grid.size[2]; ++k)
    for (std::int64_t j = 0; j < grid.size[1]; ++j)
      for (std::int64_t i = 0; i < grid.size[0]; ++i)
        if (head.labels.at(i, j, k) == 17) left_x += grid.point_mm({double(i), double(j), double(k)})[0], ++count;
  EXPECT_GT(left_x / static_cast<double>(count), 20);
}

}  // namespace
}  // namespace isocenter::reports
