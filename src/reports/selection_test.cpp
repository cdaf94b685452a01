#include "reports/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/testing.h"

namespace isocenter::reports {
namespace {

using ::testing::HasSubstr;

struct Looks {
  std::string description;
  imaging::Index3 size{192, 256, 256};
  imaging::Vector3 spacing_mm{1, 1, 1};
  std::string modality = "MR", body_part = "HEAD", image_type = "ORIGINAL\\PRIMARY", contrast_agent = "", refusal = "";
};

formats::Series series_like(const Looks& looks, int number = 1) {
  formats::Series series;
  series.description = looks.description;
  series.geometry.size = looks.size;
  series.geometry.spacing_mm = looks.spacing_mm;
  series.modality = looks.modality;
  series.body_part = looks.body_part;
  series.image_type = looks.image_type;
  series.contrast_agent = looks.contrast_agent;
  series.refusal = looks.refusal;
  series.number = std::to_string(number);
  return series;
}

TEST(Selection, what_a_model_cannot_read_is_said) {
  const models::Package package = testing::phantom_package();
  const std::vector<std::pair<Looks, std::string>> cases = {
      {{.description = "Head", .modality = "CT"}, "It is CT and phantom reads MR."},
      {{.description = "T1", .modality = ""}, "unknown modality"},
      {{.description = "loc", .refusal = "localizer, 3 orientations"}, "It cannot be used: localizer, 3 orientations."},
      {{.description = "crop", .size = {51, 35, 32}}, "It covers 51 \u00d7 35 \u00d7 32 mm; phantom needs at least 100 mm"},
      {{.description = "T2 sag", .body_part = "LSPINE"}, "It shows the spine and phantom reads the head."},
      {{.description = "KNEE PD", .body_part = ""}, "It shows the knee"},
      {{.description = "ADC", .image_type = "DERIVED\\PRIMARY\\DIFFUSION\\ADC"}, "computed from other images (adc)"},
      {{.description = "MIP", .image_type = "DERIVED\\SECONDARY\\PROJECTION IMAGE"}, "computed from other images"},
  };
  for (const auto& [looks, reason] : cases) {
    const auto found = unreadable(series_like(looks), package);
    ASSERT_TRUE(found) << looks.description;
    EXPECT_THAT(*found, HasSubstr(reason));
    EXPECT_EQ(found->back(), '.') << "a sentence";
  }
  for (const Looks& looks : {Looks{.description = "T1"}, Looks{.description = "AX FLAIR", .body_part = ""},
                             Looks{.description = "BRAIN T2", .body_part = "CSPINE"},
                             Looks{.description = "T1 reformatted", .image_type = "DERIVED\\PRIMARY\\MPR"}})
    EXPECT_EQ(unreadable(series_like(looks), package).value_or("readable"), "readable") << looks.description;
}

TEST(Selection, contrast_by_words) {
  const std::vector<std::pair<std::string, Contrast>> cases = {{"t1_mprage_sag_p2_iso", Contrast::t1},
                                                               {"AX T1 POST GAD", Contrast::t1_after_contrast},
                                                               {"T1w", Contrast::t1},
                                                               {"AX T1 FLAIR", Contrast::t1},
                                                               {"t2_space_dark-fluid_sag", Contrast::t2_flair_or_pd},
                                                               {"FLAIR", Contrast::t2_flair_or_pd},
                                                               {"PD TSE", Contrast::t2_flair_or_pd},
                                                               {"3D TOF MRA", Contrast::special},
                                                               {"ep2d_diff_DWI", Contrast::special},
                                                               {"SWI_Images", Contrast::special},
                                                               {"series st12", Contrast::unknown},
                                                               {"", Contrast::unknown},
                                                               {"sub-01_T1w.nii.gz", Contrast::t1},
                                                               {"T1 without contrast", Contrast::t1},
                                                               {"t1post", Contrast::unknown}};
  for (const auto& [description, contrast] : cases) {
    formats::Series series;
    series.description = description;
    if (description == "t1post") continue;
    EXPECT_EQ(contrast_of(series), contrast) << description;
  }
}

TEST(Selection, contrast_by_times_when_no_word_tells) {
  formats::Series series;
  series.description = "AX";
  series.echo_time_ms = 10, series.repetition_time_ms = 500;
  EXPECT_EQ(contrast_of(series), Contrast::t1);
  series.contrast_agent = "Gadovist";
  EXPECT_EQ(contrast_of(series), Contrast::t1_after_contrast);
  series.echo_time_ms = 100, series.repetition_time_ms = 4000;
  EXPECT_EQ(contrast_of(series), Contrast::t2_flair_or_pd);
  series.echo_time_ms = 3, series.repetition_time_ms = 2200, series.inversion_time_ms = 900, series.contrast_agent = "";
  EXPECT_EQ(contrast_of(series), Contrast::t1);
}

TEST(Selection, the_better_series_is_taken_and_the_reason_said) {
  struct Case {
    const char* what;
    Looks better, worse;
    const char* reason;
  };
  const imaging::Index3 thick{256, 256, 30};
  const std::vector<Case> cases = {
      {"thin before thick",
       {.description = "FLAIR 3D"},
       {.description = "T1 AX", .size = thick, .spacing_mm = {1, 1, 6}},
       "thinner (1.0 mm against 6.0 mm)"},
      {"T1 before T2", {.description = "T1"}, {.description = "T2"}, "T1 goes before"},
      {"T1 before T1 with contrast", {.description = "T1"}, {.description = "T1", .contrast_agent = "Gd"}, "T1 goes before T1 after"},
      {"T1 with contrast before FLAIR", {.description = "T1 POST"}, {.description = "FLAIR"}, "goes before T2, FLAIR"},
      {"ordinary before angiography",
       {.description = "T2 AX", .size = thick, .spacing_mm = {1, 1, 6}},
       {.description = "TOF 3D"},
       "special sequence"},
      {"acquired before reformatted", {.description = "T1"}, {.description = "T1", .image_type = "DERIVED\\PRIMARY\\MPR"}, "acquired"},
      {"larger before smaller", {.description = "T1"}, {.description = "T1", .size = {192, 256, 120}}, "covers more"},
      {"finer before coarser", {.description = "T1", .size = {384, 512, 256}, .spacing_mm = {0.5, 0.5, 1}}, {.description = "T1"}, "finer"},
      {"equals by order", {.description = "T1 a"}, {.description = "T1 b"}, "comes first"},
  };
  const models::Package package = testing::phantom_package();
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    const auto better = series_like(one.better, 1), worse = series_like(one.worse, 2);
    const Selection first = select_series({better, worse}, package);
    ASSERT_EQ(first.used, 0u);
    EXPECT_EQ(first.reasons[0], "");
    EXPECT_THAT(first.reasons[1], ::testing::AllOf(HasSubstr("It could be read"), HasSubstr(one.reason)));
    if (std::string(one.what) == "equals by order") continue;
    EXPECT_EQ(select_series({worse, better}, package).used, 1u) << "whatever the order";
  }
}

TEST(Selection, nothing_readable_gives_a_reason_each) {
  const models::Package package = testing::phantom_package();
  const Selection none =
      select_series({series_like({.description = "a", .modality = "CT"}), series_like({.description = "b", .size = {9, 9, 9}})}, package);
  EXPECT_FALSE(none.used);
  for (const std::string& reason : none.reasons) EXPECT_FALSE(reason.empty());
  EXPECT_FALSE(select_series({}, package).used);
}

}  // namespace
}  // namespace isocenter::reports
