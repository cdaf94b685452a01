#include "reports/dicom_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "reports/terminology.h"
#include "reports/testing.h"

namespace isocenter::reports {
namespace {

using ::testing::HasSubstr;

Findings findings_without_pictures() {
  static const Findings findings = testing::phantom_findings(testing::thick_tilted_grid());
  return findings;
}

std::map<std::uint16_t, int> numbers_of(const std::vector<formats::Segment>& segments) {
  std::map<std::uint16_t, int> numbers;
  for (const formats::Segment& segment : segments) numbers[segment.label_value] = static_cast<int>(numbers.size()) + 1;
  return numbers;
}

TEST(DicomObjects, every_measured_structure_is_a_segment_with_its_code_and_side) {
  const auto segments = segments_of(findings_without_pictures());
  EXPECT_EQ(segments.size(), 22u) << "the helper class is none";
  for (const formats::Segment& segment : segments) {
    EXPECT_EQ(segment.category.value, "91723000");
    EXPECT_TRUE(find_code(segment.type.scheme, segment.type.value)) << segment.label << ": a code of the table";
    EXPECT_EQ(segment.laterality.has_value(), segment.label.starts_with("left") || segment.label.starts_with("right"));
    if (segment.laterality) {
      EXPECT_EQ(segment.laterality->meaning, segment.label.starts_with("left") ? "Left" : "Right");
    }
  }
}

TEST(DicomObjects, a_structure_without_a_code_gets_a_private_one_that_fits) {
  Findings findings = findings_without_pictures();
  findings.structures[0].label.code = {};
  findings.structures[0].label.structure = "a structure with a very long name of its own that goes on beyond sixty-four letters";
  const formats::DicomCode code = segments_of(findings)[0].type;
  EXPECT_EQ(code.scheme, "99ISOCENTER");
  EXPECT_LE(code.value.size(), 16u);
  EXPECT_LE(code.meaning.size(), 64u);
}

TEST(DicomObjects, the_report_measures_each_segment_and_each_sum) {
  const Findings findings = findings_without_pictures();
  const auto numbers = numbers_of(segments_of(findings));
  const formats::MeasurementReport report = measurement_report(findings, numbers, "1.2.3");
  EXPECT_EQ(report.procedure.scheme, "LN");
  EXPECT_EQ(report.segmentation_uid, "1.2.3");
  ASSERT_EQ(report.groups.size(), findings.sums_ml.size() + numbers.size());
  std::set<std::string> tracked;
  for (const formats::MeasurementGroup& group : report.groups) {
    EXPECT_TRUE(tracked.insert(group.tracking_id).second);
    ASSERT_FALSE(group.measurements.empty());
    EXPECT_EQ(group.measurements[0].quantity.value, "118565006");
    EXPECT_EQ(group.measurements[0].unit.value, "cm3");
    EXPECT_GT(group.measurements[0].value, 0);
  }
  for (const StructureFinding& finding : findings.structures) {
    if (!finding.label.measured) continue;
    const auto group = std::ranges::find(report.groups, finding.label.name, &formats::MeasurementGroup::tracking_id);
    ASSERT_NE(group, report.groups.end());
    EXPECT_EQ(group->segment_number, numbers.at(finding.label.value));
    EXPECT_NEAR(group->measurements[0].value, finding.volume_ml, 0.0005);
  }
  EXPECT_THAT(report.comments[0], HasSubstr("Not for clinical use"));
  EXPECT_EQ(report.comments.size(), 1 + findings.flags.size() + findings.limits.size());
  ASSERT_EQ(report.evaluations.size(), 1u);
  EXPECT_EQ(report.evaluations[0].answer.value, "flagged");
}

TEST(DicomObjects, a_structure_without_voxels_has_no_group) {
  const Findings findings = findings_without_pictures();
  EXPECT_EQ(measurement_report(findings, {}, "").groups.size(), findings.sums_ml.size());
}

TEST(DicomObjects, dates_are_those_of_the_series) {
  const formats::Series series = testing::phantom_series(testing::thin_grid());
  const formats::Creator creator = creator_of(findings_without_pictures(), series);
  EXPECT_EQ(creator.content_date, "20240131");
  EXPECT_EQ(creator.content_time, "143001");
  EXPECT_EQ(creator.algorithm_name, "phantom");
}

}  // namespace
}  // namespace isocenter::reports
