#include "reports/quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "reports/measure.h"
#include "reports/testing.h"

namespace isocenter::reports {
namespace {

using ::testing::HasSubstr;

// A sound study: 1 mm cubes, plausible volumes, high confidence.
Findings sound() {
  Findings findings;
  findings.used.geometry.size = {180, 220, 180};
  for (int n = 0; n < 8; ++n) {
    StructureFinding finding;
    finding.label.value = static_cast<std::uint16_t>(n + 1);
    finding.label.name = finding.label.structure = "part " + std::to_string(n + 1);
    finding.label.volume_ml_low = 2;
    finding.label.volume_ml_high = 8;
    finding.volume_ml = 5;
    finding.confidence = 0.9;
    findings.structures.push_back(finding);
  }
  findings.sums_ml = {{"intracranial volume", 1450}};
  return findings;
}

TEST(Quality, a_sound_study_raises_nothing) {
  Findings findings = sound();
  judge_quality(findings);
  EXPECT_THAT(findings.flags, ::testing::IsEmpty());
}

TEST(Quality, each_rule_raises_its_flag) {
  struct Case {
    std::function<void(Findings&)> change;
    std::string rule, text, structure;
    Severity severity;
  };
  const std::vector<Case> cases = {
      {[](Findings& f) { f.structures[0].cut = true; }, "cut", "lower bound", "part 1", Severity::warning},
      {[](Findings& f) { f.structures[0].confidence = 0.6; }, "low-confidence", "60", "part 1", Severity::warning},
      {[](Findings& f) { f.structures[0].confidence = 0.3; }, "low-confidence", "do not use", "part 1", Severity::serious},
      {[](Findings& f) { f.structures[0].confidence = 0, f.structures[0].volume_ml = 0; }, "not-found", "not found", "part 1",
       Severity::warning},
      {[](Findings& f) { f.structures[0].volume_ml = 9; }, "implausible-volume", "2.00 to 8.00 ml", "part 1", Severity::warning},
      {[](Findings& f) { f.structures[0].volume_ml = 1; }, "implausible-volume", "1.00 ml", "part 1", Severity::warning},
      {[](Findings& f) { f.sums_ml[0].second = 700; }, "intracranial-volume", "700", "", Severity::warning},
      {[](Findings& f) {
         f.used.geometry.spacing_mm = {1, 1, 3.3};
       },
       "thick-slices", "3.3 mm", "", Severity::note},
      {[](Findings& f) {
         f.used.geometry.spacing_mm = {1, 1, 6.5};
       },
       "thick-slices", "6.5 mm", "", Severity::warning},
      {[](Findings& f) { f.used.warnings = {"gap of 1.5 mm between slices"}; }, "geometry", "gap of 1.5 mm", "", Severity::warning},
  };
  for (const Case& one : cases) {
    Findings findings = sound();
    one.change(findings);
    judge_quality(findings);
    ASSERT_EQ(findings.flags.size(), 1u) << one.rule;
    EXPECT_EQ(findings.flags[0].rule, one.rule);
    EXPECT_EQ(findings.flags[0].severity, one.severity) << one.rule;
    EXPECT_EQ(findings.flags[0].structure, one.structure);
    EXPECT_THAT(findings.flags[0].what, HasSubstr(one.text));
    EXPECT_EQ(findings.flags[0].what.back(), '.');
  }
}

TEST(Quality, a_cut_structure_is_not_also_called_too_small) {
  Findings findings = sound();
  findings.structures[0].cut = true;
  findings.structures[0].volume_ml = 1;
  judge_quality(findings);
  ASSERT_EQ(findings.flags.size(), 1u);
  EXPECT_EQ(findings.flags[0].rule, "cut");
}

TEST(Quality, many_structures_under_one_rule_make_one_flag_that_names_them) {
  Findings findings = sound();
  for (int n = 0; n < 6; ++n) findings.structures[n].cut = true;
  judge_quality(findings);
  ASSERT_EQ(findings.flags.size(), 1u);
  EXPECT_THAT(findings.flags[0].what, ::testing::AllOf(HasSubstr("6 structures"), HasSubstr("part 1"), HasSubstr("part 6")));
  EXPECT_EQ(findings.flags[0].structures.size(), 6u);
}

TEST(Quality, helper_classes_are_not_judged) {
  Findings findings = sound();
  findings.structures[0].label.measured = false;
  findings.structures[0].confidence = 0.1;
  judge_quality(findings);
  EXPECT_THAT(findings.flags, ::testing::IsEmpty());
}

TEST(Measure, sums_shares_and_asymmetry) {
  const testing::Phantom head = testing::head_phantom(testing::thick_tilted_grid());
  const models::Package package = testing::phantom_package();
  const models::Segmentation segmentation = testing::phantom_segmentation(head);
  Findings findings;
  measure(findings, package, segmentation);
  EXPECT_EQ(findings.structures.size(), package.labels.size() - 1);
  double total = 0, shares = 0;
  for (const StructureFinding& finding : findings.structures) {
    total += finding.volume_ml;
    shares += finding.share_of_intracranial.value();
    EXPECT_DOUBLE_EQ(finding.confidence, 0.93) << finding.label.name;
  }
  EXPECT_NEAR(sum_ml(findings, "intracranial volume"), total, 1e-9);
  EXPECT_NEAR(shares, 1, 1e-9);
  EXPECT_LT(sum_ml(findings, "brain"), total);
  EXPECT_EQ(findings.asymmetries.size(), 10u);
  for (const Asymmetry& asymmetry : findings.asymmetries) EXPECT_NEAR(asymmetry.index_percent, 0, 12) << asymmetry.structure;
}

}  // namespace
}  // namespace isocenter::reports
