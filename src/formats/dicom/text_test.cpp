// Names in every character set come out in UTF-8, and descriptions say what there is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/shared_data.h"
#include "formats/dicom/content_uid.h"
#include "formats/dicom/describe.h"
#include "formats/dicom/dicom_builder.h"
#include "formats/dicom/dicom_file.h"
#include "formats/dicom/mosaic.h"
#include "formats/dicom/structure.h"

namespace isocenter::formats {
namespace {

using nlohmann::json;

constexpr std::size_t any_length = 100000;

TEST(CharsetData, TextIsUtf8) {
  const auto root = core::shared_path("data/dicom-charset");
  if (!root) GTEST_SKIP() << "../shared/data/dicom-charset is absent: 0 files checked";
  int values = 0;
  for (const auto& entry : json::parse(core::read_text(*root / "index.json"))) {
    SCOPED_TRACE(entry["file"].get<std::string>());
    const DicomFile file(*root / entry["file"].get<std::string>());
    const auto texts = file.data().by_keyword(any_length);
    const auto expected_text = entry.value("expected_text", json::object());
    for (const auto& [keyword, expected] : expected_text.items()) {
      EXPECT_EQ(texts.contains(keyword) ? texts.at(keyword) : "", expected.get<std::string>()) << keyword;
      ++values;
    }
    const auto nested_text = entry.value("expected_nested_text", json::object());
    for (const auto& [place, expected] : nested_text.items()) {
      const auto dot = place.find('.');
      ASSERT_EQ(place.substr(0, dot), "RequestedProcedureCodeSequence[0]");
      const auto nested = file.data().item(Tag{0x0032, 0x1064}).by_keyword(any_length);
      const auto keyword = place.substr(dot + 1);
      EXPECT_EQ(nested.contains(keyword) ? nested.at(keyword) : "", expected.get<std::string>()) << place;
      ++values;
    }
  }
  EXPECT_GT(values, 20);
}

TEST(DescribeData, OneRowASeries) {
  const auto root = core::shared_path("data/mr-brain-dicom");
  if (!root) GTEST_SKIP() << "../shared/data/mr-brain-dicom is absent";
  const auto description = describe_dicom(*root);
  ASSERT_FALSE(description.series.empty());
  const auto text = to_text(description);
  for (const auto& row : description.series) {
    EXPECT_TRUE(row.usable) << row.remark;
    EXPECT_THAT(text, testing::HasSubstr(row.size));
  }
  EXPECT_THAT(text, testing::HasSubstr("not DICOM"));
}

TEST(Builder, NumbersFitADecimalString) {
  for (const double value : {0.0, 1.0, -1.0, 0.1, 1.0 / 3, -1.0 / 3, 1e-9 / 3, 1e20 / 3, -123456789.123456789, 0.6875, 6.5}) {
    const auto text = decimal_string(value);
    EXPECT_LE(text.size(), 16u) << text;
    EXPECT_NEAR(std::stod(text), value, 1e-9 * std::abs(value)) << text;
  }
  EXPECT_EQ(decimal_string(0.6875), "0.6875");
}

TEST(Builder, TextIsCutAtCharactersNotBytes) {
  EXPECT_EQ(limited("Grüße", 3), "Grü");
  EXPECT_EQ(limited("a\\b", 64), "a/b");
}

TEST(ContentUid, IsAUuidInDecimal) {
  EXPECT_EQ(content_uid("a"), content_uid("a"));
  EXPECT_NE(content_uid("a"), content_uid("b"));
  EXPECT_THAT(content_uid("a"), testing::MatchesRegex("2\\.25\\.[1-9][0-9]*"));
  EXPECT_LE(content_uid("a").size(), 44u);
}

TEST(Mosaic, HeadersThatLieAboutLengthsGiveNothing) {
  std::vector<std::uint8_t> header(16 + 84 + 16, 0);
  std::copy_n("SV10", 4, header.begin());
  header[8] = 1;
  std::copy_n("Name", 4, header.begin() + 16);
  header[16 + 76] = 1;         // one item
  header[16 + 84 + 4] = 0xFF;  // of 255 bytes, which are not there
  EXPECT_TRUE(csa_values(header, "Name").empty());
  header[16 + 84 + 4] = 2;
  header.insert(header.end(), {'4', '2', 0, 0});
  EXPECT_EQ(csa_values(header, "Name"), (std::vector<std::string>{"42"}));
  EXPECT_TRUE(csa_values(header, "Other").empty());
}

// Explicit VR little endian without preamble: `depth` sequences in one another, of undefined length.
std::vector<std::uint8_t> nested(int depth) {
  std::vector<std::uint8_t> bytes{0x08, 0, 0x05, 0, 'C', 'S', 2, 0, 'A', ' '};
  for (int level = 0; level < depth; ++level)
    for (const int byte : {0x40, 0, 0x30, 0xA7, 0x53, 0x51, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF})
      bytes.push_back(static_cast<std::uint8_t>(byte));
  for (int level = 0; level < depth; ++level)
    for (const int byte : {0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0})
      bytes.push_back(static_cast<std::uint8_t>(byte));
  return bytes;
}

TEST(Structure, DeepNestingIsRefusedBeforeItIsParsed) {
  const core::TemporaryFolder folder;
  const auto path = folder.path() / "nested";
  core::write_bytes(path, nested(20));
  EXPECT_EQ(structural_fault(path), "");
  for (const int depth : {1000, 1000000}) {
    core::write_bytes(path, nested(depth));
    EXPECT_THAT(structural_fault(path), testing::HasSubstr("nested")) << depth;
    EXPECT_THROW(DicomFile file(path), core::InputError);
  }
}

}  // namespace
}  // namespace isocenter::formats
