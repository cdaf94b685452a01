#include "reports/prior.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "reports/json.h"

namespace isocenter::reports {
namespace {

using ::testing::HasSubstr;

Findings small_findings() {
  Findings findings;
  findings.title = "Brain volumes";
  findings.patient = {"A-1", "Doe^Jane", "19700101", "F", "050Y"};
  findings.study.uid = "1.2.3";
  findings.study.date = "20240131";
  findings.manifest.model_name = "brain-any";
  findings.manifest.model_version = "1";
  findings.used.geometry.size = {10, 10, 10};
  for (const auto& [value, name, ml] : {std::tuple{17, "left hippocampus", 3.0}, {53, "right hippocampus", 3.2}}) {
    StructureFinding finding;
    finding.label.value = static_cast<std::uint16_t>(value);
    finding.label.name = name;
    finding.volume_ml = ml;
    findings.structures.push_back(finding);
  }
  findings.sums_ml = {{"brain", 1200}};
  return findings;
}

PriorReport prior_of(const Findings& findings) {
  const core::TemporaryFolder folder;
  core::write_text(folder.path() / "report.json", json(findings));
  return read_prior(folder.path() / "report.json");
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const core::InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Prior, fills_in_the_earlier_volumes) {
  Findings before = small_findings(), now = small_findings();
  before.study.date = "20220131";
  before.study.uid = "1.2.2";
  before.structures[0].volume_ml = 3.3;
  before.sums_ml[0].second = 1250;
  compare_with_prior(now, prior_of(before));
  EXPECT_DOUBLE_EQ(now.structures[0].prior_volume_ml.value(), 3.3);
  EXPECT_DOUBLE_EQ(now.structures[1].prior_volume_ml.value(), 3.2);
  EXPECT_DOUBLE_EQ(now.prior_sums_ml.at("brain"), 1250);
  EXPECT_EQ(now.prior_date, "2022-01-31");
  EXPECT_TRUE(now.flags.empty());
  const auto report = nlohmann::json::parse(json(now));
  EXPECT_NEAR(report["structures"][0]["change_ml"].get<double>(), -0.3, 1e-9);
  EXPECT_NEAR(report["structures"][0]["change_percent"].get<double>(), -9.09, 1e-9);
}

TEST(Prior, of_another_patient_is_refused_naming_both) {
  Findings before = small_findings(), now = small_findings();
  before.patient.id = "B-2";
  EXPECT_THAT(message_of([&] { compare_with_prior(now, prior_of(before)); }), ::testing::AllOf(HasSubstr("A-1"), HasSubstr("B-2")));
  before = small_findings();
  before.patient.birth_date = "19710101";
  EXPECT_THAT(message_of([&] { compare_with_prior(now, prior_of(before)); }), HasSubstr("born on 1971-01-01"));
}

TEST(Prior, weak_comparisons_are_flagged) {
  struct Case {
    const char* what;
    std::function<void(Findings& before, Findings& now)> change;
    const char* flag;
  };
  const std::vector<Case> cases = {
      {"no ID", [](Findings& before, Findings&) { before.patient.id = ""; }, "without proof"},
      {"another model", [](Findings& before, Findings&) { before.manifest.model_version = "0"; }, "another model"},
      {"the same study", [](Findings& before, Findings& now) { before.study.uid = now.study.uid; }, "same study"},
      {"a later date", [](Findings& before, Findings&) { before.study.date = "20250101"; }, "later date"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    Findings before = small_findings(), now = small_findings();
    before.study.uid = "1.2.2";
    before.study.date = "20220131";
    one.change(before, now);
    compare_with_prior(now, prior_of(before));
    ASSERT_EQ(now.flags.size(), 1u);
    EXPECT_THAT(now.flags[0].what, HasSubstr(one.flag));
    EXPECT_EQ(now.flags[0].rule, "prior");
  }
}

TEST(Prior, a_label_of_another_name_is_no_match) {
  Findings before = small_findings(), now = small_findings();
  before.structures[0].label.name = "liver";
  compare_with_prior(now, prior_of(before));
  EXPECT_FALSE(now.structures[0].prior_volume_ml);
  EXPECT_TRUE(now.structures[1].prior_volume_ml);
  before.structures.clear();
  EXPECT_THAT(message_of([&] { compare_with_prior(now, prior_of(before)); }), HasSubstr("no structure in common"));
}

TEST(Prior, what_is_no_report_is_refused_in_one_clear_line) {
  const core::TemporaryFolder folder;
  const auto file = folder.path() / "report.json";
  const std::string good = json(small_findings());
  struct Case {
    std::string text, message;
  };
  auto changed = [&](const std::function<void(nlohmann::json&)>& change) {
    auto report = nlohmann::json::parse(good);
    change(report);
    return report.dump();
  };
  const std::vector<Case> cases = {
      {"", "not JSON"},
      {"{\"a\": ", "not JSON"},
      {"[1, 2]", "not JSON"},
      {std::string(100000, '['), "not JSON"},
      {"{}", "no report of isocenter"},
      {changed([](auto& report) { report["schema"] = "something"; }), "no report of isocenter"},
      {changed([](auto& report) { report["schema_version"] = 99; }), "newer isocenter"},
      {changed([](auto& report) { report.erase("schema_version"); }), "version"},
      {changed([](auto& report) { report["patient"] = 3; }), "'patient'"},
      {changed([](auto& report) { report["manifest"].erase("model"); }), "'model'"},
      {changed([](auto& report) { report["structures"][0]["volume_ml"] = "much"; }), "volume"},
      {changed([](auto& report) { report["structures"][0]["volume_ml"] = -1; }), "volume"},
      {changed([](auto& report) { report["structures"][0]["label"] = 70000; }), "label value"},
      {changed([](auto& report) { report["structures"][0] = 7; }), "no object"},
      {changed([](auto& report) { report["sums"][0] = "brain"; }), "no object"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.text.substr(0, 60));
    core::write_text(file, one.text);
    const std::string message = message_of([&] { read_prior(file); });
    EXPECT_THAT(message, HasSubstr(one.message));
    EXPECT_THAT(message, HasSubstr(file.string()));
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
  EXPECT_THAT(message_of([&] { read_prior(folder.path() / "none"); }), HasSubstr("no such file"));
  std::filesystem::remove(file);
  EXPECT_THAT(message_of([&] { read_prior(folder.path()); }), HasSubstr("no report.json in it"));
}

}  // namespace
}  // namespace isocenter::reports
