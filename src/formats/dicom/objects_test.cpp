// Segmentations and reports written for real series: read back bit for bit, accepted by the conformance checker, the same object when
// written twice.
#include "formats/dicom/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "core/file.h"
#include "core/shared_data.h"
#include "formats/dicom/dicom_file.h"

namespace isocenter::formats {
namespace {

namespace filesystem = std::filesystem;
using nlohmann::json;

bool installed(const std::string& program) { return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0; }

std::string output_of(const std::string& command) {
  std::string output;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>&1").c_str(), "r"), pclose);
  std::array<char, 4096> buffer{};
  while (pipe && std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) output += buffer.data();
  return output;
}

// Three made-up structures: a ball, a slab in a few slices, and one that lies nowhere.
imaging::LabelMap made_labels(const imaging::Geometry& grid) {
  imaging::LabelMap labels(grid);
  const auto& size = grid.size;
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i) {
        const double x = (i - 0.4 * size[0]) / (0.2 * size[0]), y = (j - 0.5 * size[1]) / (0.2 * size[1]),
                     z = (k - 0.5 * size[2]) / (0.3 * size[2]);
        if (x * x + y * y + z * z < 1) labels.at(i, j, k) = 17;
        if (k == size[2] / 2 && i > 0.8 * size[0]) labels.at(i, j, k) = 53;
      }
  return labels;
}

std::vector<Segment> made_segments() {
  const DicomCode structure{"91723000", "SCT", "Anatomical Structure"};
  return {{17, "left hippocampus", structure, {"5251007", "SCT", "Hippocampus"}, DicomCode{"7771000", "SCT", "Left"}, {220, 216, 20}},
          {999, "nowhere", structure, {"39607008", "SCT", "Lung"}, std::nullopt, {1, 2, 3}},
          {53, "right hippocampus", structure, {"5251007", "SCT", "Hippocampus"}, DicomCode{"24028007", "SCT", "Right"}, {10, 200, 240}}};
}

Creator made_creator() {
  Creator creator;
  creator.version = "0.1.0";
  creator.algorithm_name = "brain-any";
  creator.algorithm_version = "1";
  creator.content_date = "20260101";
  creator.content_time = "120000";
  return creator;
}

MeasurementReport made_report(const std::string& segmentation_uid) {
  MeasurementReport report;
  report.procedure = {"24590-2", "LN", "MR Brain"};
  report.segmentation_uid = segmentation_uid;
  const DicomCode ml{"ml", "UCUM", "milliliter"}, volume{"118565006", "SCT", "Volume"};
  MeasurementGroup group;
  group.tracking_id = "left hippocampus";
  group.finding = {"91723000", "SCT", "Anatomical Structure"};
  group.finding_site = DicomCode{"5251007", "SCT", "Hippocampus"};
  group.laterality = DicomCode{"7771000", "SCT", "Left"};
  group.segment_number = segmentation_uid.empty() ? std::optional<int>() : 1;
  group.measurements = {{volume, 10.0 / 3, ml, std::nullopt}};
  report.groups.push_back(group);
  report.evaluations = {{{"363679005", "SCT", "Imaging procedure"}, {"371885002", "SCT", "Good"}}};
  report.comments = {"Grüße: not for clinical use"};
  return report;
}

// Every usable series of the folders a study may lie in.
std::vector<Series> real_series() {
  std::vector<Series> all;
  for (const char* folder : {"data/mr-brain-dicom", "data/series-geometry/base/mr_oblique_19", "data/dicom-multiframe"}) {
    const auto root = core::shared_path(folder);
    if (!root) continue;
    for (auto& series : find_series({*root}).series)
      if (series.refusal.empty()) all.push_back(std::move(series));
  }
  return all;
}

// No complaint of the checker's but those about UIDs that the source itself brings along.
void expect_conformant(const filesystem::path& path, const Series& source) {
  if (!installed("dciodvfy")) return;
  std::istringstream lines(output_of("dciodvfy " + path.string()));
  for (std::string line; std::getline(lines, line);) {
    const auto names = [&](const std::string& uid) { return !uid.empty() && line.find("\"" + uid + "\"") != std::string::npos; };
    const bool inherited =
        names(source.uid) || names(source.study.uid) || names(source.frame_of_reference_uid) ||
        std::any_of(source.slices.begin(), source.slices.end(), [&](const auto& slice) { return names(slice.sop_instance_uid); });
    if (!inherited) {
      EXPECT_THAT(line, testing::Not(testing::HasSubstr("Error")));
    }
  }
}

TEST(ObjectsData, SegmentationComesBackBitForBit) {
  const auto all = real_series();
  if (all.empty()) GTEST_SKIP() << "../shared/data is absent: 0 series checked";
  const core::TemporaryFolder folder;
  const auto path = folder.path() / "segmentation.dcm";
  for (const auto& series : all) {
    SCOPED_TRACE(series.slices.front().file.string() + " " + series.description);
    const auto labels = made_labels(series.geometry);
    const auto uid = write_segmentation(path, series, labels, made_segments(), made_creator());
    expect_conformant(path, series);
    const auto back = read_segmentation(path, series.geometry);
    EXPECT_EQ(back.sop_instance_uid, uid);
    EXPECT_EQ(back.referenced_series_uid, series.uid);
    const auto numbers = segment_numbers(labels, made_segments());
    auto expected = labels.voxels;
    for (auto& label : expected) label = label == 0 ? 0 : static_cast<std::uint16_t>(numbers.at(label));
    EXPECT_EQ(back.labels.voxels, expected);
    EXPECT_EQ(back.overlapping_voxels, 0);
    ASSERT_EQ(back.segments.size(), numbers.size());
    for (const auto& segment : made_segments()) {
      const auto number = numbers.find(segment.label_value);
      if (number == numbers.end()) continue;
      const auto& read = back.segments.at(static_cast<std::size_t>(number->second) - 1);
      EXPECT_EQ(read.label, segment.label);
      EXPECT_EQ(read.category.value, segment.category.value);
      EXPECT_EQ(read.type.meaning, segment.type.meaning);
      EXPECT_EQ(read.laterality->value, segment.laterality->value);
      EXPECT_EQ(read.color, segment.color);
    }
    // Alone it knows its place too.
    const auto alone = read_segmentation(path);
    for (const double k : {0.0, static_cast<double>(alone.labels.geometry.size[2] - 1)}) {
      const auto index = series.geometry.index_of(alone.labels.geometry.point_mm({0, 0, k}));
      EXPECT_NEAR(index[2], std::round(index[2]), 0.05);
    }
  }
}

TEST(ObjectsData, WrittenTwiceIsOneObject) {
  const auto all = real_series();
  if (all.empty()) GTEST_SKIP() << "../shared/data is absent: 0 series checked";
  const core::TemporaryFolder folder;
  const auto labels = made_labels(all.front().geometry);
  const auto first = folder.path() / "a.dcm", second = folder.path() / "b.dcm";
  const auto uid = write_segmentation(first, all.front(), labels, made_segments(), made_creator());
  EXPECT_EQ(write_segmentation(second, all.front(), labels, made_segments(), made_creator()), uid);
  EXPECT_EQ(core::read_bytes(first), core::read_bytes(second));
  auto other = labels;
  other.voxels[static_cast<std::size_t>(other.geometry.offset(1, 1, 0))] = 17;
  EXPECT_NE(write_segmentation(second, all.front(), other, made_segments(), made_creator()), uid);
  const auto report_uid = write_measurement_report(first, all.front(), made_report(uid), made_creator());
  EXPECT_EQ(write_measurement_report(second, all.front(), made_report(uid), made_creator()), report_uid);
  EXPECT_EQ(core::read_bytes(first), core::read_bytes(second));
}

TEST(ObjectsData, ReportsConformAndNameTheirEvidence) {
  const auto all = real_series();
  if (all.empty()) GTEST_SKIP() << "../shared/data is absent: 0 series checked";
  const core::TemporaryFolder folder;
  const auto path = folder.path() / "measurements.dcm";
  for (const auto& series : all) {
    SCOPED_TRACE(series.slices.front().file.string() + " " + series.description);
    for (const std::string segmentation : {"2.25.123", ""}) {
      write_measurement_report(path, series, made_report(segmentation), made_creator());
      expect_conformant(path, series);
      const DicomFile file(path);
      const auto study = file.data().item(tag::current_requested_procedure_evidence_sequence);
      EXPECT_EQ(study.text(tag::study_instance_uid), series.study.uid);
      EXPECT_EQ(study.items(tag::referenced_series_sequence).size(), segmentation.empty() ? 1u : 2u);
      if (!installed("dsrdump")) continue;
      const auto dump = output_of("dsrdump " + path.string());
      EXPECT_THAT(dump, testing::HasSubstr("<contains NUM:(,,\"Volume\")=\"3.33333333333333\" (ml,UCUM,\"milliliter\")>"));
      EXPECT_THAT(dump, testing::HasSubstr("Laterality"));
      EXPECT_THAT(dump, testing::HasSubstr("Grüße"));
      EXPECT_THAT(dump, testing::Not(testing::HasSubstr("E: ")));
    }
  }
}

// Objects of other programs, against the stated number of pixels of each segment in each slice.
TEST(ObjectsData, SegmentationsOfOthersSayWhatIsStated) {
  const auto root = core::shared_path("data/dicom-seg-sr-meta");
  if (!root) GTEST_SKIP() << "../shared/data/dicom-seg-sr-meta is absent: 0 objects checked";
  int objects = 0;
  for (const auto& entry : json::parse(core::read_text(*root / "index.json"))) {
    const std::string what = entry["what"];
    const std::string words = "segments and frames of ";
    if (what.rfind(words, 0) != 0) continue;
    const auto relative = what.substr(words.size(), what.find(' ', words.size()) - words.size());
    const auto path = core::shared_path("data/" + relative);
    ASSERT_TRUE(path) << relative;
    SCOPED_TRACE(relative);
    const auto content = json::parse(core::read_text(*root / entry["file"].get<std::string>()));
    const auto object = read_segmentation(*path);
    ++objects;
    ASSERT_EQ(object.segments.size(), content["segments"].size());
    int highest = 0;
    for (const auto& segment : object.segments) {
      const auto& stated = content["segments"][std::to_string(segment.label_value)];
      EXPECT_EQ(segment.label, stated["label"].get<std::string>());
      EXPECT_EQ(segment.type.value, stated["type"]["value"].get<std::string>());
      EXPECT_EQ(segment.category.meaning, stated["category"]["meaning"].get<std::string>());
      highest = std::max<int>(highest, segment.label_value);
    }
    if (content["type"] != "BINARY") continue;
    const auto& size = object.labels.geometry.size;
    for (const auto& frame : content["frames"]) {
      const auto& position = frame["position"];
      const auto index = object.labels.geometry.index_of({position[0], position[1], position[2]});
      const auto slice = std::lround(index[2]);
      EXPECT_NEAR(index[2], static_cast<double>(slice), 0.05);
      const int number = frame["segment"];
      const auto* first = object.labels.voxels.data() + slice * size[0] * size[1];
      const auto count = std::count(first, first + size[0] * size[1], number);
      // Where segments overlap, only the highest number keeps all of its voxels.
      if (object.overlapping_voxels == 0 || number == highest) {
        EXPECT_EQ(count, frame["set_pixels"].get<std::int64_t>()) << "segment " << number << ", slice " << slice;
      } else {
        EXPECT_LE(count, frame["set_pixels"].get<std::int64_t>());
      }
    }
  }
  EXPECT_GT(objects, 3);
}

TEST(ObjectsData, EverySegmentationIsReadOrRefused) {
  int read = 0;
  for (const char* set : {"dicom-objects", "dicom-seg-sr"}) {
    const auto root = core::shared_path(std::string("data/") + set);
    if (!root) GTEST_SKIP() << "../shared/data/" << set << " is absent";
    for (const auto& file : filesystem::recursive_directory_iterator(*root)) {
      if (!file.is_regular_file() || !is_dicom_file(file.path())) continue;
      try {
        const auto object = read_segmentation(file.path());
        EXPECT_FALSE(object.segments.empty()) << file.path();
        EXPECT_TRUE(std::any_of(object.labels.voxels.begin(), object.labels.voxels.end(), [](auto label) { return label != 0; }))
            << file.path();
        ++read;
      } catch (const core::InputError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr(file.path().filename().string()));
      }
    }
  }
  EXPECT_GT(read, 10);
}

TEST(Objects, RefuseWhatDoesNotFit) {
  Series series;
  series.geometry.size = {4, 4, 2};
  series.slices.resize(2);
  imaging::Geometry other = series.geometry;
  other.origin_lps_mm[2] = 5;
  const core::TemporaryFolder folder;
  const auto path = folder.path() / "segmentation.dcm";
  EXPECT_THROW(write_segmentation(path, series, imaging::LabelMap(other, 17), made_segments(), made_creator()), std::logic_error);
  EXPECT_THROW(write_segmentation(path, series, imaging::LabelMap(series.geometry), made_segments(), made_creator()), core::InputError);
  EXPECT_FALSE(filesystem::exists(path));
}

}  // namespace
}  // namespace isocenter::formats
