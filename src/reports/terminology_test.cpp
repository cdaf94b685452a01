#include "reports/terminology.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

namespace isocenter::reports {
namespace {

bool is_number(std::string_view text) {
  for (const char letter : text)
    if (!std::isdigit(static_cast<unsigned char>(letter))) return false;
  return !text.empty();
}

// The last digit of a SNOMED CT identifier is a check digit (Verhoeff's, over the dihedral group of ten elements).
bool verhoeff_holds(std::string_view digits) {
  static constexpr int product[10][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
                                          {3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                          {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
                                          {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
  static constexpr int turn[8][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
                                      {8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
                                      {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};
  int check = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) check = product[check][turn[i % 8][digits[digits.size() - 1 - i] - '0']];
  return check == 0;
}

TEST(Terminology, keys_and_codes_stand_once) {
  std::set<std::string> keys, codes;
  for (const Term& entry : terms()) {
    EXPECT_TRUE(keys.insert(std::string(entry.key)).second) << entry.key;
    EXPECT_TRUE(codes.insert(std::string(entry.scheme) + " " + std::string(entry.value)).second) << entry.value;
  }
}

TEST(Terminology, every_code_has_the_shape_of_its_scheme) {
  for (const Term& entry : terms()) {
    SCOPED_TRACE(entry.key);
    EXPECT_FALSE(entry.meaning.empty());
    EXPECT_LE(entry.meaning.size(), 64u) << "a code meaning is an LO";
    EXPECT_LE(entry.value.size(), 16u) << "a code value is an SH";
    EXPECT_LE(entry.scheme.size(), 16u) << "a coding scheme designator is an SH";
    if (entry.scheme == "SCT") {
      EXPECT_TRUE(is_number(entry.value));
      EXPECT_TRUE(verhoeff_holds(entry.value)) << entry.value;
    } else if (entry.scheme == "DCM") {
      EXPECT_TRUE(is_number(entry.value));
      EXPECT_EQ(entry.value.size(), 6u);
    } else if (entry.scheme == "LN") {
      EXPECT_EQ(entry.value[entry.value.size() - 2], '-') << "LOINC ends in a dash and a check digit";
    } else if (entry.scheme != "UCUM") {
      EXPECT_EQ(entry.scheme, "99ISOCENTER");
      EXPECT_EQ(entry.context_group, 0) << "a private code is in no context group";
    }
    if (entry.scheme == "SCT" || entry.scheme == "DCM" || entry.scheme == "LN" || entry.scheme == "UCUM") {
      EXPECT_GT(entry.context_group, 0);
    }
  }
}

TEST(Terminology, a_mistyped_digit_is_noticed_by_the_shape_test) {
  EXPECT_TRUE(verhoeff_holds("12738006"));
  EXPECT_FALSE(verhoeff_holds("12738007"));
  EXPECT_FALSE(verhoeff_holds("12783006"));
}

TEST(Terminology, terms_are_found_by_key_and_by_code) {
  EXPECT_EQ(term("left").value, "7771000");
  EXPECT_EQ(find_code("SCT", "66720007")->key, "lateral-ventricle");
  EXPECT_FALSE(find_code("SCT", "1"));
  EXPECT_THROW(term("no such key"), std::logic_error);
}

}  // namespace
}  // namespace isocenter::reports
