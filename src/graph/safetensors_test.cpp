#include "graph/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <functional>

#include "core/error.h"
#include "core/file.h"
#include "core/shared_data.h"
#include "graph/array.h"
#include "graph/builder.h"

namespace isocenter::graph {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

bool equal(const Constant& a, const Constant& b) {
  return a.type == b.type && a.shape == b.shape && std::memcmp(a.bytes.get(), b.bytes.get(), a.byte_count()) == 0;
}

class SafetensorsFile : public testing::Test {
 protected:
  std::filesystem::path path() const { return folder_.path() / "w.safetensors"; }

  void write(const std::string& header, std::size_t data, std::optional<std::uint64_t> stated = {}) {
    const std::uint64_t length = stated.value_or(header.size());
    core::Bytes bytes;
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(length >> (8 * i)));
    bytes.insert(bytes.end(), header.begin(), header.end());
    for (std::size_t i = 0; i < data; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
    core::write_bytes(path(), bytes);
  }

  void expect_refused(const std::string& fault) {
    try {
      read_safetensors(path());
      ADD_FAILURE() << "accepted; expected: " << fault;
    } catch (const core::InputError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("w.safetensors"), HasSubstr(fault)));
      EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    }
  }

  void expect_header_refused(const std::string& header, std::size_t data, const std::string& fault) {
    SCOPED_TRACE(header);
    write(header, data);
    expect_refused(fault);
  }

  core::TemporaryFolder folder_;
};

TEST_F(SafetensorsFile, ReadsWhatTheFormatSays) {
  write(
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},"__metadata__":{"format":"pt"}})",
      11);
  const auto content = read_safetensors(path());
  EXPECT_EQ(content.metadata.at("format"), "pt");
  EXPECT_EQ(content.tensors.at("a").shape, Shape{2});
  EXPECT_THAT(to_array(content.tensors.at("b")).values, ElementsAre(8, 9, 10));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(content.tensors.at("b").bytes.get()) % 8, 0u);
}

RC_GTEST_FIXTURE_PROP(SafetensorsFile, WrittenThenReadIsTheSame, ()) {
  constexpr DataType types[] = {DataType::f32, DataType::f64, DataType::f16, DataType::bf16, DataType::i8,  DataType::u8,     DataType::i16,
                                DataType::u16, DataType::i32, DataType::u32, DataType::i64,  DataType::u64, DataType::boolean};
  Safetensors content;
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    Constant constant{types[*rc::gen::inRange(0, 13)], {}, nullptr};
    const int rank = *rc::gen::inRange(0, 4);
    for (int d = 0; d < rank; ++d) constant.shape.push_back(*rc::gen::inRange(0, 5));
    const auto bytes = allocate_bytes(constant.byte_count());
    for (std::size_t k = 0; k < constant.byte_count(); ++k) bytes.get()[k] = *rc::gen::arbitrary<std::uint8_t>();
    constant.bytes = bytes;
    content.tensors["tensor." + std::to_string(i) + (i % 2 == 0 ? "\"quoted\"" : "é")] = constant;
  }
  if (*rc::gen::arbitrary<bool>()) content.metadata["made by"] = "a test";
  write_safetensors(path(), content);
  const auto again = read_safetensors(path());
  RC_ASSERT(again.metadata == content.metadata);
  RC_ASSERT(again.tensors.size() == content.tensors.size());
  for (const auto& [name, constant] : content.tensors) RC_ASSERT(equal(again.tensors.at(name), constant));
}

TEST_F(SafetensorsFile, RefusesDamageFieldByField) {
  const auto entry = [](const std::string& inside) { return R"({"a":{)" + inside + "}}"; };
  expect_header_refused("not json", 8, "not JSON");
  expect_header_refused("[1]", 8, "not a JSON object");
  expect_header_refused(R"({"a":5})", 8, "tensor 'a'");
  expect_header_refused(entry(R"("shape":[2],"data_offsets":[0,8])"), 8, "'dtype' is missing");
  expect_header_refused(entry(R"("dtype":"F32","data_offsets":[0,8])"), 8, "'shape' is missing");
  expect_header_refused(entry(R"("dtype":"F32","shape":[2])"), 8, "'data_offsets' is missing");
  expect_header_refused(entry(R"("dtype":7,"shape":[2],"data_offsets":[0,8])"), 8, "'dtype' is not text");
  expect_header_refused(entry(R"("dtype":"F99","shape":[2],"data_offsets":[0,8])"), 8, "unknown dtype 'F99'");
  expect_header_refused(entry(R"("dtype":"F32","shape":"x","data_offsets":[0,8])"), 8, "'shape'");
  expect_header_refused(entry(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), 8, "a size is not a whole number");
  expect_header_refused(entry(R"("dtype":"F32","shape":[2.5],"data_offsets":[0,8])"), 8, "a size is not a whole number");
  expect_header_refused(entry(R"("dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8])"), 8, "out of range");
  expect_header_refused(entry(R"("dtype":"F32","shape":[9223372036854775807,0],"data_offsets":[0,0])"), 0, "out of range");
  expect_header_refused(entry(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8])"), 8, "'shape'");
  expect_header_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0])"), 8, "'data_offsets'");
  expect_header_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[-1,7])"), 8, "an offset");
  expect_header_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), 8, "lie outside");
  expect_header_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"), 7, "lie outside");
  expect_header_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615])"), 8, "lie outside");
  expect_header_refused(entry(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"), 8, "its shape takes 12 bytes");
  expect_header_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"), 9, "the last 1 bytes");
  expect_header_refused(entry(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), 8, "belong to no tensor");
  expect_header_refused(R"({"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})", 8,
                        "overlap");
  expect_header_refused(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})", 8,
                        "'a' stands twice");
  expect_header_refused(R"({"a":{"dtype":"U8","dtype":"I8","shape":[8],"data_offsets":[0,8]}})", 8, "'dtype' stands twice");
  expect_header_refused(R"({"__metadata__":7})", 0, "__metadata__");
  expect_header_refused(R"({"__metadata__":{"k":7}})", 0, "metadata 'k'");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "[";
  expect_header_refused(deep, 0, "header");
}

TEST_F(SafetensorsFile, RefusesHeadersLongerThanTheFile) {
  for (const std::uint64_t stated :
       {std::uint64_t{3}, std::uint64_t{1} << 20, std::uint64_t{1} << 40, ~std::uint64_t{0}, ~std::uint64_t{0} - 7}) {
    write("{}", 0, stated);
    expect_refused("header of");
  }
  for (std::size_t size = 0; size < 8; ++size) {
    core::write_bytes(path(), core::Bytes(size));
    expect_refused("not a safetensors file");
  }
}

TEST_F(SafetensorsFile, EveryCutIsRefused) {
  Safetensors content;
  content.tensors["weight"] = constant({2, 2}, std::vector<float>{1, 2, 3, 4});
  write_safetensors(path(), content);
  const core::Bytes whole = core::read_bytes(path());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    core::write_bytes(path(), std::span(whole).first(length));
    EXPECT_THROW(read_safetensors(path()), core::InputError) << length;
  }
}

TEST_F(SafetensorsFile, MissingFilesAndFoldersAreTheUsersFault) {
  EXPECT_THROW(read_safetensors(path()), core::InputError);
  EXPECT_THROW(read_safetensors(folder_.path()), core::InputError);
}

Graph small_net() {
  Builder net("small");
  auto x = net.input("image", {1, 1, -1, -1});
  x = net.convolution(x, "conv", {.outputs = 2, .kernel = {3, 3}});
  x = net.batch_norm(x, "norm");
  return net.finish({x});
}

std::map<std::string, Constant> weights_of(const Graph& net) {
  std::map<std::string, Constant> weights;
  float next = 1;
  for (const auto& [name, place] : net.constants) {
    std::vector<float> values(static_cast<std::size_t>(element_count(place.shape)));
    for (float& value : values) value = next++;
    weights[name] = constant(place.shape, values);
  }
  return weights;
}

TEST(SetParameters, PutsValuesAndReturnsNamesItDoesNotKnow) {
  Graph net = small_net();
  auto weights = weights_of(net);
  weights["norm.num_batches_tracked"] = constant({}, std::vector<std::int64_t>{3});
  EXPECT_THAT(set_parameters(net, weights, "w.safetensors"), ElementsAre("norm.num_batches_tracked"));
  for (const auto& [name, value] : net.constants) EXPECT_TRUE(equal(value, weights.at(name))) << name;
}

TEST(SetParameters, ConvertsOtherFloatingTypes) {
  Graph net = small_net();
  auto weights = weights_of(net);
  weights["conv.bias"] = convert(constant({2}, std::vector<float>{0.5f, -3}), DataType::f16);
  set_parameters(net, weights, "w.safetensors");
  EXPECT_EQ(net.constants.at("conv.bias").type, DataType::f32);
  EXPECT_THAT(net.constants.at("conv.bias").floats(), ElementsAre(0.5f, -3.0f));
}

TEST(SetParameters, NamesWhatDoesNotFit) {
  const auto refused = [](const std::function<void(std::map<std::string, Constant>&)>& change, const std::vector<std::string>& parts) {
    Graph net = small_net();
    auto weights = weights_of(net);
    change(weights);
    try {
      set_parameters(net, weights, "w.safetensors");
      ADD_FAILURE() << "accepted";
    } catch (const core::InputError& error) {
      for (const std::string& part : parts) EXPECT_THAT(error.what(), HasSubstr(part));
    }
  };
  refused([](auto& weights) { weights.erase("norm.running_var"); }, {"w.safetensors", "'norm.running_var'", "missing"});
  refused([](auto& weights) { weights["conv.bias"] = constant({3}, std::vector<float>(3)); },
          {"w.safetensors", "'conv.bias'", "(3)", "(2)"});
  refused([](auto& weights) { weights["conv.bias"] = constant({2}, std::vector<std::int64_t>(2)); }, {"'conv.bias'", "i64"});
}

TEST(SafetensorsReference, ReadsEveryFileOfTheReferenceFolder) {
  const auto root = core::shared_path("reference");
  if (!root) GTEST_SKIP() << "shared/reference is absent: 0 files read";
  std::size_t files = 0, tensors = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*root)) {
    if (entry.path().extension() != ".safetensors") continue;
    ++files;
    tensors += read_safetensors(entry.path()).tensors.size();
  }
  EXPECT_GT(files, 0u);
  std::cout << files << " files, " << tensors << " tensors read\n";
}

}  // namespace
}  // namespace isocenter::graph
