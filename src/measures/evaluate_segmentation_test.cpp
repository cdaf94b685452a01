#include "measures/evaluate_segmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"

namespace isocenter::measures {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Label maps for these tests are text files: one digit a voxel.
imaging::LabelMap read_digits(const fs::path& path) {
  imaging::LabelMap map;
  for (char digit : core::read_text(path)) map.voxels.push_back(static_cast<std::uint16_t>(digit - '0'));
  map.geometry.size = {static_cast<std::int64_t>(map.voxels.size()), 1, 1};
  map.geometry.spacing_mm = {10, 10, 10};
  return map;
}

bool any_file(const fs::path&) { return true; }

struct Folders {
  core::TemporaryFolder folder;
  fs::path prediction = folder.path() / "prediction", reference = folder.path() / "reference";
  Folders() {
    fs::create_directory(prediction);
    fs::create_directory(reference);
  }
  void add(const std::string& name, const std::string& predicted, const std::string& wanted) {
    core::write_text(prediction / name, predicted);
    core::write_text(reference / name, wanted);
  }
};

TEST(EvaluateSegmentation, GivesDiceAndVolumesPerCaseAndLabelAndTheirMeans) {
  Folders folders;
  folders.add("a.nii.gz", "0112", "0122");
  folders.add("b.nii", "0110", "0110");
  const auto evaluation = evaluate_segmentation(pair_files(folders.prediction, folders.reference, any_file), read_digits);
  ASSERT_EQ(evaluation.cases.size(), 2);
  EXPECT_EQ(evaluation.cases[0].name, "a");
  EXPECT_DOUBLE_EQ(*evaluation.cases[0].labels[0].dice, 2.0 / 3);
  EXPECT_DOUBLE_EQ(evaluation.cases[0].labels[0].prediction_ml, 2);
  EXPECT_DOUBLE_EQ(*evaluation.cases[0].labels[0].volume_error_percent, 100);
  EXPECT_FALSE(evaluation.cases[1].labels[1].dice) << "label 2 is absent on both sides of case b";
  EXPECT_EQ(evaluation.labels[1].cases, 1);
  EXPECT_DOUBLE_EQ(evaluation.labels[0].dice->estimate, (2.0 / 3 + 1) / 2);
  EXPECT_LE(evaluation.labels[0].dice->low, evaluation.labels[0].dice->high);
  EXPECT_DOUBLE_EQ(evaluation.mean_dice->estimate, (2.0 / 3 + 1) / 2);
  EXPECT_EQ(case_table(evaluation).rows.size(), 4);
  EXPECT_EQ(label_table(evaluation).rows.back()[0], "mean");
  EXPECT_THAT(format_table(label_table(evaluation)), HasSubstr("0.8333"));
}

TEST(EvaluateSegmentation, RefusesWhatCannotBePaired) {
  Folders folders;
  EXPECT_THAT([&] { pair_files(folders.prediction, folders.reference, any_file); },
              ThrowsMessage<core::InputError>(HasSubstr("holds no label maps")));
  folders.add("a.nii", "01", "01");
  core::write_text(folders.reference / "b.nii", "01");
  EXPECT_THAT([&] { pair_files(folders.prediction, folders.reference, any_file); },
              ThrowsMessage<core::InputError>(HasSubstr("no prediction for 1 of 2 references: b")));
  core::write_text(folders.prediction / "b.nii", "01");
  core::write_text(folders.prediction / "b.nii.gz", "01");
  EXPECT_THAT([&] { pair_files(folders.prediction, folders.reference, any_file); },
              ThrowsMessage<core::InputError>(HasSubstr("same name")));
  EXPECT_THAT([&] { pair_files(folders.prediction, folders.reference / "b.nii", any_file); },
              ThrowsMessage<core::InputError>(HasSubstr("two files or two folders")));
  EXPECT_THAT([&] { pair_files(folders.prediction / "none", folders.reference, any_file); },
              ThrowsMessage<core::InputError>(HasSubstr("no such file")));
}

TEST(EvaluateSegmentation, RefusesOtherGridsAndLabelsOnOneSide) {
  Folders folders;
  folders.add("a.nii", "011", "01");
  EXPECT_THAT([&] { evaluate_segmentation(pair_files(folders.prediction, folders.reference, any_file), read_digits); },
              ThrowsMessage<core::InputError>(testing::AllOf(HasSubstr("a.nii"), HasSubstr("3 against 2 voxels along axis x"))));
  folders.add("a.nii", "013", "012");
  const auto pairs = pair_files(folders.prediction, folders.reference, any_file);
  EXPECT_THAT([&] { evaluate_segmentation(pairs, read_digits); }, ThrowsMessage<core::InputError>(HasSubstr("predictions only: 3")));
  SegmentationEvaluationOptions options;
  options.allow_labels_on_one_side = true;
  EXPECT_DOUBLE_EQ(*evaluate_segmentation(pairs, read_digits, options).cases[0].mean_dice, 1.0 / 3);
  options = {};
  options.labels = {1};
  EXPECT_DOUBLE_EQ(*evaluate_segmentation(pairs, read_digits, options).cases[0].mean_dice, 1);
  folders.add("a.nii", "000", "000");
  EXPECT_THAT([&] { evaluate_segmentation(pairs, read_digits); }, ThrowsMessage<core::InputError>(HasSubstr("all maps are empty")));
}

}  // namespace
}  // namespace isocenter::measures
