#include "formats/volume/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/error.h"

namespace isocenter::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Csv, ReadsQuotesLineBreaksAndByteOrderMark) {
  const Table table = parse_csv("\xef\xbb\xbfname, value\r\n\"a \"\"b\"\", c\",1.5\r\n\"two\nlines\",\r\n\r\n", "memory");
  EXPECT_THAT(table.columns, ElementsAre("name", "value"));
  ASSERT_EQ(table.rows.size(), 2);
  EXPECT_EQ(table.text(0, 0), "a \"b\", c");
  EXPECT_EQ(table.text(1, 0), "two\nlines");
  EXPECT_DOUBLE_EQ(table.number(0, table.column("value")), 1.5);
  EXPECT_FALSE(table.optional_number(1, 1));
}

TEST(Csv, RefusesWithTheLine) {
  auto refused = [](const char* text, const char* why) {
    EXPECT_THAT([&] { parse_csv(text, "t.csv"); }, ThrowsMessage<core::InputError>(HasSubstr(why)));
  };
  refused("", "is empty");
  refused("a,b\n1\n", "line 2: 1 fields, but 2 columns");
  refused("a,b\n1,2\n\"x\ny\",2,3\n", "line 3: 3 fields");
  refused("a,b\n\"1,2\n", "line 2: a quote is opened and never closed");
  refused("a,b\n\"1\"x,2\n", "behind a closing quote");
  refused("a,a\n", "'a' stands twice");
  const Table table = parse_csv("a,b\nx,nan\n", "t.csv");
  EXPECT_THAT([&] { table.column("c"); }, ThrowsMessage<core::InputError>(HasSubstr("its columns are: a, b")));
  EXPECT_THAT([&] { table.number(0, 0); }, ThrowsMessage<core::InputError>(HasSubstr("row 1, column 'a': 'x' is no number")));
  EXPECT_THROW(table.number(0, 1), core::InputError);
}

RC_GTEST_PROP(Csv, IsReadBackAsItWas, (const std::vector<std::pair<std::string, std::string>>& cells)) {
  Table table{{"first", "second"}, {}, "memory"};
  for (const auto& [first, second] : cells) table.rows.push_back({first, second});
  RC_ASSERT(parse_csv(format_csv(table), "memory").rows == table.rows);
}

RC_GTEST_PROP(Csv, AnyTextIsReadOrRefused, (const std::string& text)) {
  try {
    parse_csv(text, "memory");
  } catch (const core::InputError&) {
  }
}

}  // namespace
}  // namespace isocenter::formats
