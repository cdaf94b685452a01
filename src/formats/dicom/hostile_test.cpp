// Real files with bytes changed, cut or lengthened at random: every one is read or refused by an exception, none brings the program down.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "core/shared_data.h"
#include "formats/dicom/objects.h"
#include "formats/dicom/series.h"

namespace isocenter::formats {
namespace {

namespace filesystem = std::filesystem;

constexpr std::uint64_t largest_start = 300000;  // bytes; small files take more of the changes where it matters
constexpr int changes_a_file = 4;

std::vector<filesystem::path> small_files(const filesystem::path& folder) {
  std::vector<filesystem::path> files;
  for (const auto& file : filesystem::recursive_directory_iterator(folder))
    if (file.is_regular_file() && file.file_size() < largest_start && is_dicom_file(file.path())) files.push_back(file.path());
  std::sort(files.begin(), files.end());
  return files;
}

core::Bytes changed(core::Bytes bytes, core::Random& random) {
  const auto last = static_cast<std::int64_t>(bytes.size()) - 1;
  // Half of the changes fall into the first two thousand bytes, where the lengths and sizes stand.
  const auto place = [&] {
    return static_cast<std::size_t>(random.integer(0, random.chance(0.5) ? std::min<std::int64_t>(last, 2000) : last));
  };
  const auto count = random.integer(1, 12);
  for (std::int64_t change = 0; change < count; ++change) {
    constexpr std::array<std::uint8_t, 6> telling{0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF};
    bytes[place()] =
        random.chance(0.5) ? telling[static_cast<std::size_t>(random.integer(0, 5))] : static_cast<std::uint8_t>(random.integer(0, 255));
  }
  if (random.chance(0.1)) bytes.resize(place());
  return bytes;
}

void read_whatever_is_there(const filesystem::path& path) {
  try {
    for (const auto& series : find_series({path}).series)
      if (series.refusal.empty()) (void)read_series(series);
  } catch (const core::InputError&) {
  }
  try {
    (void)read_segmentation(path);
  } catch (const core::InputError&) {
  }
}

TEST(HostileData, ChangedFilesAreReadOrRefused) {
  int files = 0;
  const core::TemporaryFolder folder;
  const auto path = folder.path() / "changed.dcm";
  for (const char* set : {"dicom-transfer-syntax", "dicom-multiframe", "dicom-objects", "dicom-photometric-lut", "series-geometry/base"}) {
    const auto root = core::shared_path(std::string("data/") + set);
    if (!root) continue;
    for (const auto& file : small_files(*root)) {
      const auto original = core::read_bytes(file);
      if (original.empty()) continue;
      for (int change = 0; change < changes_a_file; ++change) {
        core::Random random(1, static_cast<std::uint64_t>(files), static_cast<std::uint64_t>(change));
        const auto bytes = changed(original, random);
        // Not core::write_bytes: hundreds of files need no synchronisation with the disk.
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        SCOPED_TRACE(file.string() + ", change " + std::to_string(change));
        EXPECT_NO_FATAL_FAILURE(read_whatever_is_there(path));
      }
      ++files;
    }
  }
  if (files == 0) GTEST_SKIP() << "../shared/data is absent: 0 files changed";
  RecordProperty("files", files);
}

}  // namespace
}  // namespace isocenter::formats
