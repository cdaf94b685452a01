// The whole walk, with a network that tells grey from white by the intensity alone: its right answer is known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/shared_data.h"
#include "formats/dicom/objects.h"
#include "formats/volume/volume_file.h"
#include "graph/builder.h"
#include "graph/onnx.h"
#include "reports/report.h"
#include "reports/study_input.h"
#include "reports/testing.h"

namespace isocenter::reports {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Scores 0, 40 x - 16 and 80 x - 46 of the scaled intensity x: background below 0.4, grey up to 0.75, white above.
void write_package(const fs::path& folder) {
  fs::create_directories(folder);
  graph::Builder net("thresholds");
  const std::string image = net.input("image", {1, 1, -1, -1, -1});
  graph::Graph graph = net.finish({net.name(net.convolution(image, "scores", {.outputs = 3, .kernel = {1, 1, 1}}), "logits")});
  graph.constants["scores.weight"] = graph::constant({3, 1, 1, 1, 1}, std::vector<float>{0, 40, 80});
  graph.constants["scores.bias"] = graph::constant({3}, std::vector<float>{0, -16, -46});
  graph::write_onnx(folder / "thresholds.onnx", graph);
  core::write_text(folder / "model.toml", R"(schema = 1
name = "thresholds"
version = "1.0.0"
title = "Head tissue volumes"
task = "segmentation"
license = "Apache-2.0"

[input]
modalities = ["MR"]
anatomy = ["head"]
spacing_mm = [4.0, 4.0, 4.0]
minimum_extent_mm = 100
intensity = "percentile"

[run]
window = [64, 64, 64]
size_multiple = 1

[network]
kind = "onnx"
file = "thresholds.onnx"

[[label]]
value = 0
name = "background"

[[label]]
value = 3
name = "grey matter"
code = { scheme = "SCT", value = "40146001", meaning = "Cerebral Gray Matter" }
color = [205, 92, 92]

[[label]]
value = 7
name = "white matter"
code = { scheme = "SCT", value = "68523003", meaning = "Cerebral White Matter" }
color = [235, 235, 215]

[[sum]]
name = "intracranial volume"
labels = ["grey matter", "white matter"]

[presence]
sum = "intracranial volume"
least_ml = 400
absent = "the field of view holds no brain"
)");
  core::write_text(folder / "card.json", R"({"limits": ["A limit from the card."]})");
}

class Pipeline : public ::testing::Test {
 protected:
  Pipeline() {
    write_package(folder_.path() / "models" / "thresholds");
    options_.model = (folder_.path() / "models" / "thresholds").string();
    options_.precision = engine::Precision::f32;
  }
  fs::path path(const std::string& name) const { return folder_.path() / name; }
  fs::path write_phantom(const std::string& name) const {
    imaging::Geometry grid = testing::thin_grid();
    grid.size = {60, 75, 64};
    grid.spacing_mm = {3, 3, 3};
    formats::write_volume(path(name), testing::head_phantom(grid).volume);
    return path(name);
  }
  std::string message_of(const std::vector<fs::path>& inputs) {
    try {
      report_study(inputs, path("out"), options_);
    } catch (const core::InputError& error) {
      EXPECT_FALSE(fs::exists(path("out")));
      const std::string message = error.what();
      EXPECT_EQ(message.find('\n'), std::string::npos);
      return message;
    }
    return "no error";
  }
  // Everything in the folder but what the test itself put there: nothing half-written may stay.
  std::vector<std::string> left_over() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      if (entry.path().filename().string().starts_with(".")) names.push_back(entry.path().filename());
    return names;
  }

  core::TemporaryFolder folder_;
  ReportOptions options_;
};

TEST_F(Pipeline, a_volume_file_becomes_a_report) {
  const Findings findings = report_study({write_phantom("head_T1.nii.gz")}, path("out"), options_);
  for (const char* file : {"report.html", "report.pdf", "report.json", "labels.nii.gz"})
    EXPECT_TRUE(fs::exists(path("out") / file)) << file;
  for (const char* file : {"segmentation.dcm", "measurements.dcm"}) EXPECT_FALSE(fs::exists(path("out") / file)) << file;
  EXPECT_THAT(left_over(), ::testing::IsEmpty());

  const auto report = nlohmann::json::parse(core::read_text(path("out") / "report.json"));
  EXPECT_EQ(report["source"], "volume file");
  EXPECT_EQ(report["series"]["files"], nlohmann::json::array({"head_T1.nii.gz"}));
  EXPECT_EQ(report["manifest"]["model"]["name"], "thresholds");
  EXPECT_EQ(report["manifest"]["model"]["sha256"].get<std::string>().size(), 64u);
  EXPECT_THAT(report["limits"].dump(), HasSubstr("A limit from the card."));
  EXPECT_THAT(report["flags"].dump(), HasSubstr("volume-file"));

  // The volume of the labels in the file is the one that is reported, up to the partial volume of 4 mm voxels.
  const imaging::LabelMap labels = formats::read_label_map(path("out") / "labels.nii.gz");
  const imaging::Volume volume = formats::read_volume(path("head_T1.nii.gz"));
  EXPECT_TRUE(imaging::same_grid(labels.geometry, volume.geometry));
  for (const StructureFinding& finding : findings.structures) {
    const auto count = std::ranges::count(labels.voxels, finding.label.value);
    EXPECT_GT(finding.volume_ml, 100);
    EXPECT_NEAR(static_cast<double>(count) * 0.027, finding.volume_ml, 0.1 * finding.volume_ml) << finding.label.name;
  }
}

TEST_F(Pipeline, twice_gives_the_same_findings_and_a_prior_report_no_change) {
  const fs::path head = write_phantom("head.nii");
  report_study({head}, path("first"), options_);
  options_.prior = path("first");
  const Findings again = report_study({head}, path("second"), options_);
  for (const StructureFinding& finding : again.structures) EXPECT_NEAR(finding.prior_volume_ml.value(), finding.volume_ml, 1e-4);
  EXPECT_EQ(core::read_bytes(path("first") / "labels.nii.gz"), core::read_bytes(path("second") / "labels.nii.gz"));
  EXPECT_THAT(core::read_text(path("second") / "report.html"), HasSubstr("change"));
}

TEST_F(Pipeline, of_several_files_one_is_chosen_and_the_others_are_explained) {
  fs::create_directories(path("study"));
  fs::copy(write_phantom("head_T1.nii"), path("study") / "head_T1.nii");
  fs::copy(path("head_T1.nii"), path("study") / "head_FLAIR.nii");
  fs::copy(path("head_T1.nii"), path("study") / "head_T1_seg.nii");
  const Findings findings = report_study({path("study")}, path("out"), options_);
  EXPECT_EQ(findings.used.description, "head_T1.nii");
  ASSERT_EQ(findings.left_aside.size(), 2u);
  EXPECT_THAT(findings.left_aside[0].reason, HasSubstr("T1 goes before T2, FLAIR"));
  EXPECT_THAT(findings.left_aside[1].reason, HasSubstr("label map"));
}

TEST(StudyInput, names_of_label_maps_are_known) {
  for (const char* name : {"a_seg.nii", "labels.nii.gz", "gif_labels.nii.gz", "aparc.a2009s+aseg.mgz", "sub-01_dseg.nii", "Mask.nrrd"})
    EXPECT_TRUE(looks_like_label_map(name)) << name;
  for (const char* name : {"head_T1.nii", "segundo.nii.gz", "unlabeled.nii", "masked.mgz", "norm.mgz"})
    EXPECT_FALSE(looks_like_label_map(name)) << name;
}

TEST_F(Pipeline, bad_input_is_refused_in_one_line_and_leaves_nothing) {
  EXPECT_THAT(message_of({path("none")}), HasSubstr("no such file or folder"));
  fs::create_directories(path("empty"));
  EXPECT_THAT(message_of({path("empty")}), HasSubstr("is empty"));
  fs::create_directories(path("texts"));
  core::write_text(path("texts") / "a.txt", "not an image\n");
  core::write_text(path("texts") / "b.txt", "nor this\n");
  EXPECT_THAT(message_of({path("texts")}), ::testing::AllOf(HasSubstr("none of 2 files"), HasSubstr("a.txt")));
  EXPECT_THAT(message_of({}), HasSubstr("no study was given"));

  imaging::Geometry small;
  small.size = {20, 20, 20};
  formats::write_volume(path("small.nii"), imaging::Volume(small, 1));
  EXPECT_THAT(message_of({path("small.nii")}), ::testing::AllOf(HasSubstr("small.nii"), HasSubstr("20 \u00d7 20 \u00d7 20 mm")));

  imaging::Geometry grid = small;
  grid.spacing_mm = {8, 8, 8};
  formats::write_volume(path("flat.nii"), imaging::Volume(grid, 5));
  EXPECT_THAT(message_of({path("flat.nii")}), HasSubstr("every voxel"));

  imaging::Volume empty(grid, 0);
  for (std::size_t n = 0; n < 40; ++n) empty.voxels[n * 200] = 1000;
  formats::write_volume(path("no-brain.nii"), empty);
  EXPECT_THAT(message_of({path("no-brain.nii")}), ::testing::AllOf(HasSubstr("no-brain.nii"), HasSubstr("holds no brain")));

  imaging::Volume ct(grid, -1000);
  for (std::size_t n = 0; n < ct.voxels.size() / 2; ++n) ct.voxels[n] = 40;
  formats::write_volume(path("ct.nii"), ct);
  EXPECT_THAT(message_of({path("ct.nii")}), HasSubstr("Hounsfield"));

  options_.model = "no-such-model";
  EXPECT_THAT(message_of({path("small.nii")}), HasSubstr("no-such-model"));
  EXPECT_THAT(left_over(), ::testing::IsEmpty());
}

TEST_F(Pipeline, a_folder_that_cannot_be_written_is_a_resource_error_and_leaves_nothing) {
  if (::geteuid() == 0) {
    // The superuser writes everywhere but where there is no file system to write to.
    EXPECT_THROW(report_study({write_phantom("head.nii")}, "/proc/isocenter-report", options_), core::ResourceError);
  } else {
    fs::create_directories(path("closed"));
    fs::permissions(path("closed"), fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_THROW(report_study({write_phantom("head.nii")}, path("closed") / "out", options_), core::ResourceError);
    EXPECT_TRUE(fs::is_empty(path("closed")));
    fs::permissions(path("closed"), fs::perms::owner_all);
  }
  core::write_text(path("file"), "x");
  EXPECT_THROW(report_study({path("head.nii")}, path("file"), options_), core::InputError);
  EXPECT_EQ(core::read_text(path("file")), "x");
}

TEST_F(Pipeline, a_wrong_prior_stops_the_run_before_anything_is_written) {
  const fs::path head = write_phantom("head.nii");
  core::write_text(path("prior.json"), "{}");
  options_.prior = path("prior.json");
  EXPECT_THAT(message_of({head}), HasSubstr("no report of isocenter"));
}

TEST_F(Pipeline, a_cohort_gives_one_report_each_and_a_table_and_goes_on_after_a_failure) {
  fs::create_directories(path("cohort") / "b-empty");
  fs::create_directories(path("cohort") / "c, \"quoted\"");
  const fs::path head = write_phantom("head.nii");
  fs::copy(head, path("cohort") / "a-loose.nii");
  fs::copy(head, path("cohort") / "c, \"quoted\"" / "head.nii");
  core::write_text(path("cohort") / "notes.txt", "ignored");
  const CohortResult result = report_cohort(path("cohort"), path("out"), options_);
  EXPECT_EQ(result.done, 2u);
  ASSERT_EQ(result.failed.size(), 1u);
  EXPECT_EQ(result.failed[0].first, "b-empty");
  EXPECT_TRUE(fs::exists(path("out") / "a-loose" / "report.html"));
  EXPECT_TRUE(fs::exists(path("out") / "c, \"quoted\"" / "report.pdf"));
  EXPECT_FALSE(fs::exists(path("out") / "b-empty"));
  const std::string csv = core::read_text(path("out") / "cohort.csv");
  EXPECT_THAT(csv, ::testing::StartsWith("study,status,reason,"));
  EXPECT_THAT(csv, HasSubstr("grey matter (ml)"));
  EXPECT_THAT(csv, HasSubstr("\"c, \"\"quoted\"\"\",done,"));
  EXPECT_THAT(csv, HasSubstr("b-empty,failed,"));
  EXPECT_EQ(std::ranges::count(csv, '\n'), 4);
  const auto table = nlohmann::json::parse(core::read_text(path("out") / "cohort.json"));
  EXPECT_EQ(table["done"], 2);
  EXPECT_EQ(table["studies"].size(), 3u);
  options_.prior = path("out");
  EXPECT_THROW(report_cohort(path("cohort"), path("again"), options_), core::InputError);
}

class PipelineData : public Pipeline {
 protected:
  void SetUp() override {
    study_ = core::shared_path("data/mr-brain-dicom");
    if (!study_) GTEST_SKIP() << "1 set absent: data/mr-brain-dicom";
  }
  std::optional<fs::path> study_;
};

TEST_F(PipelineData, dicom_studies_give_dicom_objects_that_read_back) {
  int reported = 0;
  for (const auto& entry : fs::directory_iterator(*study_)) {
    if (!entry.is_directory()) continue;
    const fs::path out = path("out-" + entry.path().filename().string());
    try {
      const Findings findings = report_study({entry.path()}, out, options_);
      ++reported;
      EXPECT_TRUE(findings.from_dicom);
      EXPECT_FALSE(findings.left_aside.empty()) << "a crop lies beside the head";
      for (const SeriesLeftAside& aside : findings.left_aside) EXPECT_THAT(aside.reason, HasSubstr("mm"));
      const imaging::LabelMap labels = formats::read_label_map(out / "labels.nii.gz");
      const formats::SegmentationObject object = formats::read_segmentation(out / "segmentation.dcm", findings.used.geometry);
      EXPECT_EQ(object.referenced_series_uid, findings.used.uid);
      std::size_t different = 0;
      for (std::size_t n = 0; n < labels.voxels.size(); ++n) {
        const std::uint16_t number = object.labels.voxels[n];
        different += labels.voxels[n] != (number == 0 ? 0 : number == 1 ? 3 : 7);
      }
      EXPECT_EQ(different, 0u);
      report_study({entry.path()}, path("again"), options_);
      for (const char* file : {"segmentation.dcm", "measurements.dcm"})
        EXPECT_EQ(core::read_bytes(out / file), core::read_bytes(path("again") / file)) << file;
    } catch (const core::InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("needs at least 100 mm")) << "only crops are refused";
      EXPECT_FALSE(fs::exists(out));
    }
  }
  EXPECT_GE(reported, 1);
}

TEST_F(PipelineData, several_patients_are_refused_naming_them) {
  const std::string message = message_of({*study_});
  EXPECT_THAT(message, ::testing::AllOf(HasSubstr("patients"), HasSubstr("--cohort")));
}

TEST_F(PipelineData, ct_is_refused_naming_it) {
  const auto ct = core::shared_path("data/ct-head-gantry-tilt");
  if (!ct) GTEST_SKIP() << "1 set absent: data/ct-head-gantry-tilt";
  EXPECT_THAT(message_of({*ct}), HasSubstr("CT"));
}

}  // namespace
}  // namespace isocenter::reports
