#include "methods/catalogue.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/shared_data.h"

namespace isocenter::methods {
namespace {

TEST(Catalogue, HoldsEveryNumberOnceAndInOrder) {
  int expected = 1;
  std::set<std::string> names;
  for (const auto& method : catalogue()) {
    EXPECT_EQ(method.number, expected++);
    EXPECT_TRUE(names.insert(method.name).second) << method.name;
    EXPECT_FALSE(method.title.empty() || method.family.empty() || method.verb.empty()) << method.name;
    EXPECT_EQ(method.command.empty(), method.state == State::none) << method.name;
  }
  EXPECT_EQ(expected, 88);
}

TEST(Catalogue, FindsByNameAndNumber) {
  ASSERT_NE(find_method("31"), nullptr);
  EXPECT_EQ(find_method("31"), find_method("brain-id"));
  EXPECT_EQ(find_method("no-such"), nullptr);
}

TEST(CatalogueReference, HasARowForEveryDigest) {
  const auto folder = core::shared_path("papers");
  if (!folder) GTEST_SKIP() << "no shared papers; 1 check skipped";
  int digests = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string stem = entry.path().stem().string();
    if (stem.size() < 4 || !std::isdigit(static_cast<unsigned char>(stem[0])) || stem[2] != '-') continue;
    ++digests;
    const Method* method = find_method(stem.substr(3));
    ASSERT_NE(method, nullptr) << stem;
    EXPECT_EQ(method->number, std::stoi(stem));
  }
  EXPECT_GT(digests, 0);
}

}  // namespace
}  // namespace isocenter::methods
