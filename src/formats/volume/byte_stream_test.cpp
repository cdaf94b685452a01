#include "formats/volume/byte_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"

namespace isocenter::formats {
namespace {

namespace fs = std::filesystem;

core::Bytes pattern(std::size_t count) {
  core::Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 3);
  return bytes;
}

core::Bytes read_all(const fs::path& path, std::size_t count) {
  ByteStream stream(path);
  core::Bytes bytes(count);
  stream.read(bytes);
  stream.finish();
  return bytes;
}

TEST(ByteStream, UnpacksByTheBytesNotTheName) {
  core::TemporaryFolder folder;
  const auto bytes = pattern(300000);
  core::write_bytes(folder.path() / "plain.gz", bytes);
  core::write_bytes(folder.path() / "packed", pack(bytes));
  EXPECT_EQ(read_all(folder.path() / "plain.gz", bytes.size()), bytes);
  EXPECT_EQ(read_all(folder.path() / "packed", bytes.size()), bytes);
}

TEST(ByteStream, JoinsGzipMembersAndPassesOverPadding) {
  core::TemporaryFolder folder;
  const auto bytes = pattern(1000);
  auto file = pack(std::span(bytes).first(300));
  const auto second = pack(std::span(bytes).subspan(300));
  file.insert(file.end(), second.begin(), second.end());
  file.resize(file.size() + 512, 0);
  core::write_bytes(folder.path() / "two", file);
  EXPECT_EQ(read_all(folder.path() / "two", bytes.size()), bytes);
  ByteStream stream(folder.path() / "two");
  stream.skip(900);
  core::Bytes rest(200);
  EXPECT_EQ(stream.read_some(rest), 100);
}

TEST(ByteStream, SeesAWrongChecksumOnlyAtTheEndButSeesIt) {
  core::TemporaryFolder folder;
  const auto bytes = pattern(1000);
  auto file = pack(bytes);
  file[file.size() - 6] ^= 1;  // CRC-32 of RFC 1952
  core::write_bytes(folder.path() / "bad", file);
  EXPECT_THAT([&] { read_all(folder.path() / "bad", bytes.size()); },
              testing::ThrowsMessage<core::InputError>(testing::HasSubstr("damaged")));
}

TEST(ByteStream, KnowsWhatAFileCanHoldAtMost) {
  core::TemporaryFolder folder;
  const core::Bytes zeros(1 << 20, 0);
  const auto packed = pack(zeros, Wrapper::gzip, 9);
  core::write_bytes(folder.path() / "zeros", packed);
  EXPECT_GE(ByteStream(folder.path() / "zeros").most_bytes(), zeros.size());
  core::write_bytes(folder.path() / "plain", core::Bytes(10));
  EXPECT_EQ(ByteStream(folder.path() / "plain").most_bytes(), 10);
}

}  // namespace
}  // namespace isocenter::formats
