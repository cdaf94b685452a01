// Decoded pixels against the published checksums: every transfer syntax, bit depth and sign; and damaged files, which must be refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/shared_data.h"
#include "formats/dicom/dicom_file.h"
#include "formats/dicom/pixel_format.h"
#include "formats/dicom/series.h"
#include "formats/dicom/transfer_syntax.h"

namespace isocenter::formats {
namespace {

namespace filesystem = std::filesystem;
using nlohmann::json;

json index_of(const filesystem::path& folder) { return json::parse(core::read_text(folder / "index.json")); }

// All frames, unused bits cleared, 1-bit pixels as bytes: what the checksums were taken of.
std::vector<std::uint8_t> stored_values(const DicomFile& file, const PixelFormat& format) {
  if (format.bits_allocated == 1) {
    const auto bits = file.native_pixel_bytes();
    std::vector<std::uint8_t> values(static_cast<std::size_t>(format.pixels() * format.frames));
    for (std::size_t at = 0; at < values.size(); ++at) values[at] = (bits.at(at / 8) >> (at % 8)) & 1;
    return values;
  }
  std::vector<std::uint8_t> values;
  for (int frame = 0; frame < format.frames; ++frame) {
    auto bytes = file.frame_bytes(frame, format);
    mask_unused_bits(bytes, format);
    values.insert(values.end(), bytes.begin(), bytes.end());
  }
  return values;
}

double mean_of(const std::vector<std::uint8_t>& bytes, const PixelFormat& format) {
  std::vector<float> values(bytes.size() / static_cast<std::size_t>(format.bits_allocated / 8));
  to_values(bytes, format, 1, 0, values);
  double sum = 0;
  for (const float value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

class PixelsData : public testing::TestWithParam<const char*> {};

TEST_P(PixelsData, AgreeWithTheChecksums) {
  const auto root = core::shared_path(std::string("data/") + GetParam());
  if (!root) GTEST_SKIP() << "../shared/data/" << GetParam() << " is absent: 0 files checked";
  int exact = 0, near = 0, refused = 0;
  for (const auto& entry : index_of(*root)) {
    if (!entry.contains("pixels") || !entry["pixels"].contains("sha256") || entry["header"].value("samples", 1) != 1) continue;
    SCOPED_TRACE(entry["file"].get<std::string>() + ": " + entry["what"].get<std::string>());
    // Where the published list says that DCMTK's decoder gives up, refusing is right and only wrong pixels are a fault.
    const bool must = entry["verdict"] == "must read" && !entry["pixels"].value("decoders_that_failed", json::object()).contains("dcmtk");
    try {
      const DicomFile file(*root / entry["file"].get<std::string>());
      const auto format = pixel_format(file.data());
      const auto fault = problem(format).empty() ? unreadable_transfer_syntax(file.transfer_syntax()) : problem(format);
      if (!fault.empty()) throw core::InputError(fault);
      const auto values = stored_values(file, format);
      if (entry["pixels"].value("exact_hash_expected", false)) {
        EXPECT_EQ(core::sha256_hex(values), entry["pixels"]["sha256"].get<std::string>());
        ++exact;
      } else if (format.bits_allocated > 1) {
        const double range = entry["pixels"]["max"].get<double>() - entry["pixels"]["min"].get<double>();
        EXPECT_NEAR(mean_of(values, format), entry["pixels"]["mean"].get<double>(), 0.002 * range + 0.01);
        ++near;
      }
    } catch (const core::InputError& error) {
      EXPECT_FALSE(must) << error.what();
      ++refused;
    }
  }
  RecordProperty("exact", exact);
  RecordProperty("near", near);
  RecordProperty("refused", refused);
  EXPECT_GT(exact, 0);
}

INSTANTIATE_TEST_SUITE_P(Sets, PixelsData,
                         testing::Values("dicom-transfer-syntax", "dicom-multiframe", "dicom-photometric-lut", "dicom-odd",
                                         "dicom-objects"));

TEST(DamagedData, IsRefusedWithTheNameOfTheFile) {
  const auto root = core::shared_path("data/dicom-damaged");
  if (!root) GTEST_SKIP() << "../shared/data/dicom-damaged is absent: 0 files checked";
  int checked = 0;
  for (const auto& entry : index_of(*root)) {
    const filesystem::path path = *root / entry["file"].get<std::string>();
    SCOPED_TRACE(entry["file"].get<std::string>() + ": " + entry["what"].get<std::string>() + " (" + entry["verdict"].get<std::string>() +
                 ")");
    ++checked;
    try {
      const auto folder = find_series({path});
      for (const auto& series : folder.series) {
        if (!series.refusal.empty()) continue;
        const auto volume = read_series(series);
        EXPECT_NE(entry["verdict"], "must refuse") << "read as " << volume.geometry.size[0] << " x " << volume.geometry.size[1];
      }
    } catch (const core::InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(path.filename().string()));
      EXPECT_NE(entry["verdict"], "must read") << error.what();
    }
  }
  RecordProperty("files", checked);
}

TEST(PixelFormat, UnusedBitsAreClearedAndTheSignExtended) {
  PixelFormat format;
  format.bits_allocated = 16;
  format.bits_stored = 12;
  format.high_bit = 11;
  std::vector<std::uint8_t> bytes{0xFF, 0xFF, 0x01, 0xF8};  // garbage in the upper four bits
  auto as_unsigned = bytes;
  mask_unused_bits(as_unsigned, format);
  EXPECT_EQ(as_unsigned, (std::vector<std::uint8_t>{0xFF, 0x0F, 0x01, 0x08}));
  format.is_signed = true;
  mask_unused_bits(bytes, format);
  std::vector<float> values(2);
  to_values(bytes, format, 2, 1, values);
  EXPECT_EQ(values, (std::vector<float>{-1, -4093}));
}

}  // namespace
}  // namespace isocenter::formats
