#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/random.h"

namespace isocenter::core {
namespace {

// Known answers of the authors' Random123 distribution for philox4x32-10.
TEST(Philox, GivesThePublishedKnownAnswers) {
  EXPECT_EQ(philox_4x32({0, 0, 0, 0}, {0, 0}), (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox_4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox_4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, StreamsDifferAndRepeat) {
  Random first(7, 1, "noise"), again(7, 1, "noise"), other(7, 1, "field"), next(7, 2, "noise");
  const auto draw = [](Random& random) { return std::pair(random.bits(), random.bits()); };
  const auto expected = draw(first);
  EXPECT_EQ(draw(again), expected);
  EXPECT_NE(draw(other), expected);
  EXPECT_NE(draw(next), expected);
}

TEST(Random, SeekResumesWhereItWas) {
  Random whole(3);
  for (int i = 0; i < 8; ++i) whole.bits();
  Random resumed(3);
  resumed.seek(whole.position());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(resumed.bits(), whole.bits());
}

TEST(Random, NormalHasItsMoments) {
  std::vector<float> many(400'000);
  Random(11).fill_normal(many.data(), many.size());
  double sum = 0, square = 0, fourth = 0;
  for (double x : many) sum += x, square += x * x, fourth += x * x * x * x;
  EXPECT_NEAR(sum / many.size(), 0, 0.01);
  EXPECT_NEAR(square / many.size(), 1, 0.01);
  EXPECT_NEAR(fourth / many.size(), 3, 0.06);
}

TEST(Random, IntegersReachBothEndsEvenly) {
  Random random(5);
  std::array<int, 7> count{};
  for (int i = 0; i < 70'000; ++i) ++count.at(random.integer(-3, 3) + 3);
  for (int n : count) EXPECT_NEAR(n, 10'000, 500);
}

TEST(Parallel, CoversEveryIndexOnceAndCarriesErrors) {
  std::vector<std::atomic<int>> seen(1003);
  parallel_for(1003, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = begin; i < end; ++i) ++seen[i];
  });
  for (const auto& n : seen) EXPECT_EQ(n, 1);
  EXPECT_THROW(parallel_each(10,
                             [](std::int64_t i) {
                               if (i == 4) throw InputError("no");
                             }),
               InputError);
  EXPECT_THROW(parallel_for(10, [](std::int64_t, std::int64_t) { throw InputError("no"); }), InputError);
}

TEST(Sha256, AgreesWithFips180) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 pieces;
  const std::string million(1'000'000, 'a');
  for (std::size_t i = 0; i < million.size(); i += 777) pieces.add(std::string_view(million).substr(i, 777));
  EXPECT_EQ(to_hex(pieces.finish()), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(File, AFailedWriteLeavesTheOldFileAndNothingElse) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.txt";
  write_text(path, "old");
  EXPECT_THROW(write_file(path,
                          [](const std::filesystem::path& temporary) {
                            write_text(temporary, "half");
                            throw InputError("stop");
                          }),
               InputError);
  EXPECT_EQ(read_text(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(File, AFolderAppearsWholeOrNotAtAll) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "report";
  EXPECT_THROW(write_folder(path,
                            [](const std::filesystem::path& temporary) {
                              write_text(temporary / "a.txt", "half");
                              throw InputError("stop");
                            }),
               InputError);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  const auto fill = [](const std::filesystem::path& temporary) { write_text(temporary / "sub" / "a.txt", "whole"); };
  write_folder(path, fill);
  write_folder(path, fill);
  EXPECT_EQ(read_text(path / "sub" / "a.txt"), "whole");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(File, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const auto message = [](auto call) {
    try {
      call();
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message([&] { read_bytes(folder.path() / "none"); }), testing::HasSubstr("no such file"));
  EXPECT_THAT(message([&] { read_bytes(folder.path()); }), testing::HasSubstr("is a folder"));
  EXPECT_THROW(write_text("/proc/isocenter/x", "x"), ResourceError);
}

TEST(Progress, NamesDurations) {
  EXPECT_EQ(format_duration(35.4), "35 s");
  EXPECT_EQ(format_duration(150), "2 min 30 s");
  EXPECT_EQ(format_duration(3600 + 12 * 60), "1 h 12 min");
}

}  // namespace
}  // namespace isocenter::core
