#include "formats/volume/png.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/shared_data.h"

namespace isocenter::formats {
namespace {

Picture pattern(int channels, int bits) {
  Picture picture{7, 5, channels, bits, {}};
  for (int i = 0; i < 7 * 5 * channels; ++i) picture.samples.push_back(static_cast<std::uint16_t>((i * 7919) % (1 << bits)));
  return picture;
}

TEST(Png, IsReadBackAsItWas) {
  for (int channels : {1, 3})
    for (int bits : {8, 16}) {
      const Picture picture = pattern(channels, bits), read = decode_png(encode_png(picture), "memory");
      EXPECT_EQ(read.width, 7);
      EXPECT_EQ(read.height, 5);
      EXPECT_EQ(read.channels, channels);
      EXPECT_EQ(read.bits, bits);
      EXPECT_EQ(read.samples, picture.samples);
    }
}

TEST(Png, BytesAreWrittenRowByRowFromTheTop) {
  const std::vector<std::uint8_t> rgb{255, 0, 0, 0, 255, 0};
  const Picture picture = decode_png(encode_png_rgb(rgb, 1, 2), "memory");
  EXPECT_EQ(picture.at(0, 0, 0), 255);
  EXPECT_EQ(picture.at(0, 1, 1), 255);
  EXPECT_EQ(decode_png(encode_png_grey(rgb, 3, 2), "memory").at(1, 1), 255);
  EXPECT_THROW(encode_png_rgb(rgb, 2, 2), std::logic_error);
}

TEST(Png, BrokenFilesAreRefused) {
  const auto good = encode_png(pattern(1, 8));
  for (std::size_t length = 0; length + 12 < good.size(); ++length)  // the last chunk (IEND) holds nothing
    EXPECT_THROW(decode_png(std::span(good).first(length), "cut.png"), core::InputError) << length;
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bytes = good;
    bytes[at] ^= 0x55;
    try {
      decode_png(bytes, "changed.png");
    } catch (const core::InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("changed.png"));
    }
  }
}

// Files of the published suite of odd and damaged rasters: read or refused, never worse.
TEST(PngData, PublishedFilesAreReadOrRefused) {
  const auto folder = core::shared_path("data/formats-raster");
  if (!folder) GTEST_SKIP() << "0 cases: ../shared/data/formats-raster is absent";
  int read = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
    if (entry.path().extension() != ".png") continue;
    try {
      const Picture picture = read_png(entry.path());
      EXPECT_EQ(picture.samples.size(), static_cast<std::size_t>(picture.width * picture.height * picture.channels));
      ++read;
    } catch (const core::InputError&) {
    }
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace isocenter::formats
