#include "methods/generation/brain_id/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/shared_data.h"
#include "formats/volume/volume_file.h"
#include "methods/generation/brain_id/output_classes.h"
#include "methods/generation/brain_id/synthesize.h"

namespace isocenter::methods::brain_id {
namespace {

namespace fs = std::filesystem;

constexpr char small_table[] =
    "label,name,side,generation_class,contrast_class,output_label,topological_class\n"
    "0,background,none,0,0,0,0\n"
    "24,CSF,none,1,1,0,0\n"
    "516,\"skin, fat\",none,2,2,0,0\n"
    "14,3rd ventricle,none,1,1,14,1\n"
    "2,left cerebral white matter,left,3,3,2,4\n"
    "41,right cerebral white matter,right,4,3,41,4\n"
    "17,left hippocampus,left,5,4,17,5\n"
    "53,right hippocampus,right,6,4,53,5\n";

LabelTable table_of(const std::string& text) {
  const core::TemporaryFolder folder;
  core::write_text(folder.path() / "labels.csv", text);
  return read_label_table(folder.path() / "labels.csv");
}

// A head in a box of 41 voxels of 2 mm: skin round fluid round two halves of white matter; a hippocampus in the left one alone. The axes of
// the anatomy are LPS, so the patient's left is at large x.
AnatomySet boxes() {
  AnatomySet set;
  set.table = table_of(small_table);
  for (const auto& output : output_classes()) set.mirrored_class.push_back(output.partner);
  Anatomy anatomy;
  anatomy.name = "boxes";
  anatomy.geometry.size = {41, 41, 41};
  anatomy.geometry.spacing_mm = {2, 2, 2};
  anatomy.geometry.origin_lps_mm = {-40, -40, -40};
  for (int k = 0; k < 41; ++k)
    for (int j = 0; j < 41; ++j)
      for (int i = 0; i < 41; ++i) {
        const int edge = std::min({i, j, k, 40 - i, 40 - j, 40 - k});
        int label = edge < 2 ? 0 : edge < 5 ? 516 : edge < 8 ? 24 : i == 20 ? 14 : i > 20 ? 2 : 41;
        if (i >= 24 && i < 30 && j >= 14 && j < 20 && k >= 12 && k < 22) label = 17;
        anatomy.rows.push_back(set.table.row_of(label, "boxes"));
      }
  set.anatomies.push_back(anatomy);
  return set;
}

// No change of shape and no corruption.
GeneratorOptions still() {
  GeneratorOptions options;
  options.size = {41, 41, 41};
  options.spacing_mm = 2;
  options.flip = options.weighted_contrast = options.skull_removed = options.skull_partly_removed = options.thick_slices = 0;
  options.cropped_field = options.rotation_deg = options.scale = options.shear = options.shift_mm = options.deformation_mm = 0;
  options.bias_largest = options.noise_largest = options.gamma_deviation = options.blur_mm_largest = 0;
  return options;
}

TEST(OutputClasses, AreThirtyThreeAndThePartnersExchangeTheSides) {
  const auto classes = output_classes();
  ASSERT_EQ(classes.size(), 33u);
  std::set<int> numbers;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    EXPECT_TRUE(numbers.insert(classes[c].number).second);
    EXPECT_EQ(classes[classes[c].partner].partner, c);  // twice is the identity
    const std::string name = classes[c].name, other = classes[classes[c].partner].name;
    if (name.starts_with("left ")) {
      EXPECT_EQ(other, "right " + name.substr(5));
    } else if (!name.starts_with("right ")) {
      EXPECT_EQ(other, name);
    }
  }
  EXPECT_EQ(classes[0].number, 0);
  EXPECT_STREQ(classes[other_intracranial].name, "other intracranial");
  EXPECT_FALSE(class_of_output_label(99));
}

TEST(LabelTable, ReadsQuotedNamesAndSortsLabelsIntoClasses) {
  const LabelTable table = table_of(small_table);
  ASSERT_EQ(table.rows.size(), 8u);
  EXPECT_EQ(table.generation_classes, 7);
  EXPECT_EQ(table.rows[table.row_of(516, "")].name, "skin, fat");
  EXPECT_TRUE(table.rows[table.row_of(516, "")].extra_cerebral);
  EXPECT_EQ(table.rows[table.row_of(516, "")].output_class, 0);
  EXPECT_EQ(table.rows[table.row_of(24, "")].output_class, other_intracranial);
  EXPECT_FALSE(table.rows[table.row_of(24, "")].extra_cerebral);
  EXPECT_EQ(output_classes()[table.rows[table.row_of(53, "")].output_class].number, 53);
  EXPECT_EQ(table.rows[table.row_of(53, "")].side, LabelRow::Side::right);
}

TEST(LabelTable, NamesTheFault) {
  const auto message = [](const std::string& text) {
    try {
      table_of(text);
    } catch (const core::InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const std::string header = "label,name,side,generation_class,output_label\n";
  EXPECT_THAT(message("label,name\n"), testing::HasSubstr("column 'side' is missing"));
  EXPECT_THAT(message(header), testing::HasSubstr("holds no labels"));
  EXPECT_THAT(message(header + "2,white,left,1\n"), testing::HasSubstr(":2: 4 cells"));
  EXPECT_THAT(message(header + "two,white,left,1,2\n"), testing::HasSubstr("'two' is not a whole number"));
  EXPECT_THAT(message(header + "2,white,left,999,2\n"), testing::HasSubstr("generation class 999"));
  EXPECT_THAT(message(header + "2,white,left,1,77\n"), testing::HasSubstr("output label 77"));
  EXPECT_THAT(message(header + "2,white,left,1,2\n2,white,left,1,2\n"), testing::HasSubstr("label 2 stands twice"));
  EXPECT_THROW(table_of(header + "2,white,left,1,2\n").row_of(3, "map"), core::InputError);
}

TEST(Generator, WithoutAnySeverityTheLabelsAreTheAnatomys) {
  const Generator generator(boxes(), still());
  const auto expected = generator.upright(0);
  EXPECT_EQ(generator.draw(1, 2).classes.voxels, expected.voxels);
  EXPECT_GT(std::count(expected.voxels.begin(), expected.voxels.end(), *class_of_output_label(17)), 300);
}

TEST(Generator, AFlipExchangesTheSidesAndMirrorsTheHead) {
  GeneratorOptions options = still();
  options.flip = 1;
  const Generator generator(boxes(), options);
  const auto plain = generator.upright(0), flipped = generator.draw(1, 2).classes;
  const auto classes = output_classes();
  for (int k = 0; k < 41; ++k)
    for (int j = 0; j < 41; ++j)
      for (int i = 0; i < 41; ++i) ASSERT_EQ(flipped.at(i, j, k), classes[plain.at(40 - i, j, k)].partner) << i << " " << j << " " << k;
  EXPECT_EQ(std::count(flipped.voxels.begin(), flipped.voxels.end(), *class_of_output_label(17)), 0);
  EXPECT_GT(std::count(flipped.voxels.begin(), flipped.voxels.end(), *class_of_output_label(53)), 300);
}

TEST(Generator, RemovingTheHeadLeavesTheBrainOnAnEvenBackground) {
  GeneratorOptions options = still();
  options.skull_removed = 1;
  const Generator generator(boxes(), options);
  const auto upright = generator.upright(0);
  for (int index = 0; index < 8; ++index) {
    const Rendering rendering = generator.draw(3, index);
    std::int64_t structures = 0;
    for (std::size_t i = 0; i < upright.voxels.size(); ++i) {
      const auto got = rendering.classes.voxels[i];
      // The fluid may go with the head or stay with the brain; structures always stay.
      EXPECT_TRUE(got == upright.voxels[i] || (got == 0 && upright.voxels[i] == other_intracranial));
      structures += got != 0 && got != other_intracranial;
    }
    EXPECT_GT(structures, 5000);
    // Noise can make dark tissue darker than nothing, and the scaling begins at the darkest: even, but not always zero.
    for (std::size_t i = 0; i < 41; ++i) EXPECT_EQ(rendering.image.voxels[i], rendering.image.voxels[0]);
    EXPECT_LT(rendering.image.voxels[0], 0.2f);
  }
}

TEST(Generator, TheSameDrawIsTheSameWhateverElseRuns) {
  const Generator generator(boxes(), {.size = {32, 40, 32}, .spacing_mm = 2.5});
  std::vector<Rendering> alone, together(8);
  for (int n = 0; n < 8; ++n) alone.push_back(generator.draw(5, n));
  const int before = core::thread_count();
  core::set_thread_count(3);
  core::parallel_each(8, [&](std::int64_t n) { together[n] = generator.draw(5, n); });
  core::set_thread_count(before);
  for (int n = 0; n < 8; ++n) {
    EXPECT_EQ(alone[n].image.voxels, together[n].image.voxels);
    EXPECT_EQ(alone[n].classes.voxels, together[n].classes.voxels);
  }
  EXPECT_NE(alone[0].image.voxels, alone[1].image.voxels);
  EXPECT_NE(alone[0].image.voxels, generator.draw(6, 0).image.voxels);
}

TEST(Generator, EveryDrawIsFiniteScaledAndOfKnownClasses) {
  const Generator generator(boxes(), {.size = {32, 32, 24}, .spacing_mm = 3});
  for (int n = 0; n < 60; ++n) {
    const Rendering rendering = generator.draw(11, n);
    ASSERT_EQ(rendering.image.voxels.size(), 32u * 32 * 24);
    ASSERT_EQ(rendering.classes.voxels.size(), rendering.image.voxels.size());
    float largest = 0;
    for (const float value : rendering.image.voxels) {
      ASSERT_TRUE(std::isfinite(value) && value >= 0) << n;
      largest = std::max(largest, value);
    }
    EXPECT_GT(largest, 0.5f) << n;
    EXPECT_LT(largest, 1.6f) << n;  // 1.2 and the gamma of the draw
    for (const auto value : rendering.classes.voxels) ASSERT_LE(value, other_intracranial);
  }
}

TEST(GeneratorData, EveryPublishedMapIsUprightAndHoldsTheStructures) {
  const auto folder = core::shared_path("data/mr-brain-label-maps");
  if (!folder) GTEST_SKIP() << "0 label maps read: the shared folder data/mr-brain-label-maps is absent";
  std::vector<fs::path> maps;
  for (const auto& entry : fs::directory_iterator(*folder / "maps-2mm")) maps.push_back(entry.path());
  std::sort(maps.begin(), maps.end());
  ASSERT_FALSE(maps.empty());
  const Generator generator(load_anatomies(*folder / "labels.csv", maps), {.size = {96, 112, 96}, .spacing_mm = 2});
  const auto& table = generator.anatomies().table;
  for (const auto& row : table.rows)  // every label with a side has its counterpart, of the exchanged class
    if (row.side == LabelRow::Side::left) {
      const auto partner = std::find_if(table.rows.begin(), table.rows.end(),
                                        [&](const LabelRow& other) { return other.name == "right" + row.name.substr(4); });
      ASSERT_NE(partner, table.rows.end()) << row.name;
      EXPECT_EQ(output_classes()[row.output_class].partner, partner->output_class) << row.name;
    }
  for (std::size_t n = 0; n < maps.size(); ++n) {
    const auto labels = generator.upright(n);
    std::array<std::int64_t, 33> count{};
    std::array<std::array<double, 3>, 33> sum{};
    for (std::int64_t k = 0; k < 96; ++k)
      for (std::int64_t j = 0; j < 112; ++j)
        for (std::int64_t i = 0; i < 96; ++i) {
          const auto c = labels.at(i, j, k);
          ++count[c];
          sum[c][0] += static_cast<double>(i), sum[c][1] += static_cast<double>(j), sum[c][2] += static_cast<double>(k);
        }
    const auto centre = [&](int number, int axis) {
      const auto c = *class_of_output_label(number);
      return sum[c][axis] / static_cast<double>(count[c]);
    };
    for (int c = 1; c < 32; ++c) {
      const int partner = output_classes()[c].partner;
      if (partner > c && count[c] > 0 && count[partner] > 0) {  // x grows to the patient's left
        EXPECT_GT(centre(output_classes()[c].number, 0), centre(output_classes()[partner].number, 0)) << maps[n];
      }
    }
    EXPECT_GT(centre(3, 2), centre(16, 2)) << maps[n];  // cortex above the brain stem
    EXPECT_GT(centre(8, 1), centre(12, 1)) << maps[n];  // cerebellum behind the putamen
    const double white_ml = static_cast<double>(count[*class_of_output_label(2)] + count[*class_of_output_label(41)]) * 0.008;
    EXPECT_GT(white_ml, 250) << maps[n];
    EXPECT_LT(white_ml, 650) << maps[n];
  }
}

TEST(SynthesizeData, WritesImagesAndLabelsThatReadBack) {
  const auto shared = core::shared_path("data/mr-brain-label-maps");
  if (!shared) GTEST_SKIP() << "0 heads written: the shared folder data/mr-brain-label-maps is absent";
  SynthesisRequest request;
  request.label_table = *shared / "labels.csv";
  request.maps = {fs::directory_iterator(*shared / "maps-2mm")->path()};
  request.count = 2;
  request.options.size = {48, 64, 48};
  request.options.spacing_mm = 4;
  const core::TemporaryFolder folder;
  synthesize_heads(request, folder.path() / "heads");
  const auto image = formats::read_volume(folder.path() / "heads" / "images" / "head-0001.nii.gz");
  const auto labels = formats::read_label_map(folder.path() / "heads" / "labels" / "head-0001.nii.gz");
  EXPECT_TRUE(imaging::same_grid(image.geometry, labels.geometry));
  const Rendering expected = Generator(load_anatomies(request.label_table, request.maps), request.options).draw(request.seed, 1);
  EXPECT_EQ(image.voxels, expected.image.voxels);
  for (std::size_t i = 0; i < labels.voxels.size(); ++i) ASSERT_EQ(labels.voxels[i], output_classes()[expected.classes.voxels[i]].number);
  EXPECT_THAT(core::read_text(folder.path() / "heads" / "labels.csv"), testing::HasSubstr("17,left hippocampus,"));
  request.options.size = {48, 0, 48};
  EXPECT_THROW(synthesize_heads(request, folder.path() / "none"), core::InputError);
  request.options.size = {48, 64, 1'000'000};
  EXPECT_THROW(synthesize_heads(request, folder.path() / "none"), core::InputError);
  request.options.size = {48, 64, 48};
  request.count = 0;
  EXPECT_THROW(synthesize_heads(request, folder.path() / "none"), core::InputError);
  EXPECT_FALSE(fs::exists(folder.path() / "none"));
}

}  // namespace
}  // namespace isocenter::methods::brain_id
