#include "models/package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/error.h"
#include "graph/array.h"
#include "models/check.h"
#include "models/testing.h"

namespace isocenter::models {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string error_of(const std::filesystem::path& folder) {
  try {
    read_package(folder);
    return "";
  } catch (const core::InputError& error) {
    return error.what();
  }
}

void replace(const std::filesystem::path& file, const std::string& what, const std::string& by) {
  std::string text = core::read_text(file);
  const auto at = text.find(what);
  ASSERT_NE(at, std::string::npos) << what;
  core::write_text(file, text.replace(at, what.size(), by));
}

TEST(Package, ReadsWhatItsFilesSay) {
  core::TemporaryFolder folder;
  testing::write_unet_package(folder.path());
  const Package package = read_package(folder.path());
  EXPECT_EQ(package.name, "made-for-a-test");
  EXPECT_EQ(package.license, "Apache-2.0");
  EXPECT_EQ(package.network_kind, "plain_conv_unet");
  EXPECT_EQ(package.weights_sha256, testing::file_hash(folder.path() / "weights.safetensors"));
  EXPECT_EQ(package.window, (imaging::Index3{32, 32, 32}));
  ASSERT_EQ(package.labels.size(), 3u);
  EXPECT_FALSE(package.labels[0].measured);
  EXPECT_EQ(package.labels[1].value, 17);
  EXPECT_EQ(package.labels[1].side, Side::left);
  EXPECT_EQ(package.labels[1].structure, package.labels[2].structure);
  EXPECT_EQ(package.labels[1].code.value, "5366008");
  EXPECT_EQ(package.labels[1].volume_ml_high, 1000);
  EXPECT_EQ(package.find(53)->name, "right ball");
  EXPECT_EQ(package.find(99), nullptr);
  EXPECT_EQ(package.channels_of_sum("balls"), (std::vector<std::size_t>{1, 2}));
  const auto trained = testing::random_unet(1);
  for (const auto& [name, constant] : package.graph.constants)
    EXPECT_TRUE(std::ranges::equal(constant.floats(), trained.constants.at(name).floats())) << name;
  EXPECT_THAT(check_package(folder.path()), IsEmpty());
}

TEST(Package, TakesWeightsOfHalfTheSize) {
  core::TemporaryFolder folder;
  testing::write_unet_package(folder.path());
  for (const auto type : {graph::DataType::f16, graph::DataType::bf16}) {
    auto constants = testing::random_unet(1).constants;
    for (auto& [name, constant] : constants) constant = graph::convert(constant, type);
    graph::write_safetensors(folder.path() / "weights.safetensors", {constants, {}});
    core::write_text(folder.path() / "model.toml", testing::head(testing::kUNet) + testing::kLabels);
    const Package package = read_package(folder.path());
    for (const auto& [name, constant] : package.graph.constants) {
      ASSERT_EQ(constant.type, graph::DataType::f32) << name;
      const auto exact = graph::to_array(constants.at(name)).values;
      for (std::size_t i = 0; i < exact.size(); ++i) ASSERT_EQ(constant.floats()[i], exact[i]) << name;
    }
    // No hash is stated now, which reading allows and checking does not.
    EXPECT_THAT(check_package(folder.path()), ::testing::ElementsAre(HasSubstr("sha256")));
  }
}

struct Fault {
  std::string what, by;
  std::string said;  // must stand in the message
};

TEST(Package, SaysFileLineAndKeyOfAFault) {
  const std::vector<Fault> faults = {
      {"schema = 1", "schema = 2", "line 1: 'schema' must be 1"},
      {"task = \"segmentation\"", "task = \"divination\"", "line 5: 'task'"},
      {"name = \"made-for-a-test\"", "nome = \"x\"", "'name' is missing"},
      {"title = \"Balls\"", "title = 3", "line 4: 'title' must be a text"},
      {"minimum_extent_mm = 20", "minimum_extend_mm = 20", "[input] 'minimum_extend_mm' is not a key"},
      {"spacing_mm = [2, 2.0, 2]", "spacing_mm = [2, 2]", "[input] 'spacing_mm' must hold three numbers"},
      {"spacing_mm = [2, 2.0, 2]", "spacing_mm = [2, 0, 2]", "[input] 'spacing_mm' must hold numbers above zero"},
      {"intensity = \"percentile\"", "intensity = \"rank\"", "[input] 'intensity'"},
      {"window = [32, 32, 32]", "window = [32, 33, 32]", "[run] 'window' must hold multiples"},
      {"window = [32, 32, 32]", "window = [32, 32000, 32]", "[run] 'window'"},
      {"kind = \"plain_conv_unet\"", "kind = \"transformer\"", "[network] 'kind' must be"},
      {"features = [4, 8, 8]", "features = [60000, 60000, 60000]", "[network] 'features' describe a network of more than"},
      {"features = [4, 8, 8]", "features = [4]", "[network] 'features'"},
      {"classes = 3", "classes = 4", "weights.safetensors"},  // the head's shape
      {"features = [4, 8, 8]", "features = [4, 8, 9]", "weights.safetensors"},
      {"value = 53", "value = 17", "'value' is that of an earlier label"},
      {"side = \"left\"", "side = \"up\"", "[label 2] 'side'"},
      {"color = [240, 214, 50]", "color = [240, 214, 500]", "[label 2] 'color'"},
      {"volume_ml = [1, 1000]", "volume_ml = [10, 1]", "[label 2] 'volume_ml'"},
      {"labels = [\"left ball\", \"right ball\"]", "labels = [\"left bell\"]", "names 'left bell', which is no label"},
      {"sum = \"balls\"", "sum = \"cubes\"", "[presence] 'sum' names no sum"},
      {"sha256 = \"", "sha256 = \"0", "damaged or another one"},
      {"[run]", "[run", "line"},
  };
  for (const Fault& fault : faults) {
    core::TemporaryFolder folder;
    testing::write_unet_package(folder.path());
    replace(folder.path() / "model.toml", fault.what, fault.by);
    const std::string said = error_of(folder.path());
    EXPECT_THAT(said, HasSubstr(fault.said)) << fault.by;
    EXPECT_THAT(said, HasSubstr(folder.path().string())) << fault.by;
    EXPECT_THAT(said, ::testing::Not(HasSubstr("\n"))) << fault.by;
    EXPECT_THAT(check_package(folder.path()), ::testing::ElementsAre(said));
  }
}

TEST(Package, RefusesWeightsCutShortOrOfAnotherShape) {
  core::TemporaryFolder folder;
  testing::write_unet_package(folder.path());
  const auto weights = folder.path() / "weights.safetensors";
  core::write_text(folder.path() / "model.toml", testing::head(testing::kUNet) + testing::kLabels);
  const auto whole = core::read_bytes(weights);
  for (std::size_t length : {whole.size() - 1, whole.size() / 2, std::size_t{9}, std::size_t{3}, std::size_t{0}}) {
    core::write_bytes(weights, std::span(whole).first(length));
    EXPECT_THAT(error_of(folder.path()), HasSubstr(weights.string())) << length;
  }
  auto constants = testing::random_unet(1).constants;
  const std::string name = "encoder.stages.0.0.convs.0.conv.weight";
  ASSERT_TRUE(constants.contains(name));
  constants[name].shape.push_back(1);
  graph::write_safetensors(weights, {constants, {}});
  EXPECT_THAT(error_of(folder.path()), HasSubstr(name));
  constants.erase(name);
  graph::write_safetensors(weights, {constants, {}});
  EXPECT_THAT(error_of(folder.path()), HasSubstr(name));
  std::filesystem::remove(weights);
  EXPECT_THAT(error_of(folder.path()), HasSubstr(weights.string()));
}

TEST(Package, CheckFindsScoresThatAreNotFiniteAndAMissingCard) {
  core::TemporaryFolder folder;
  testing::write_pointwise_package(folder.path(), {0, INFINITY, 1}, {0, 0, 0});
  const auto faults = check_package(folder.path());
  EXPECT_THAT(faults, ::testing::Contains(HasSubstr("finite")));
  EXPECT_THAT(faults, ::testing::Contains(HasSubstr("card.md")));
  EXPECT_THAT(faults, ::testing::Contains(HasSubstr("card.json")));
}

TEST(Package, NetworksThatDoNotFitTheLabelsAreRefused) {
  core::TemporaryFolder folder;
  testing::write_pointwise_package(folder.path(), {0, 1}, {0, 0});  // two channels, three labels
  EXPECT_THAT(error_of(folder.path()), HasSubstr("3 labels"));
  replace(folder.path() / "model.toml", "file = \"graph.onnx\"", "file = \"../graph.onnx\"");
  EXPECT_THAT(error_of(folder.path()), HasSubstr("[network] 'file'"));
}

TEST(Package, IsFoundByNameOrFolder) {
  core::TemporaryFolder folder;
  testing::write_unet_package(folder.path() / "one");
  std::filesystem::create_directories(folder.path() / "damaged");
  core::write_text(folder.path() / "damaged" / "model.toml", "schema = [");
  setenv("ISOCENTER_MODELS", folder.path().c_str(), 1);
  EXPECT_EQ(find_package("made-for-a-test"), folder.path() / "one");
  EXPECT_EQ(find_package((folder.path() / "one").string()), folder.path() / "one");
  const auto listed = list_packages();
  EXPECT_EQ(std::ranges::count(listed, "made-for-a-test", &PackageSummary::name), 1);
  try {
    find_package("no-such-model");
    FAIL();
  } catch (const core::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("made-for-a-test"));
  }
  unsetenv("ISOCENTER_MODELS");
}

}  // namespace
}  // namespace isocenter::models
