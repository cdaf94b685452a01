// Any bytes as a DICOM file: headers judged, pixels decoded, or refused with core::InputError.
#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "formats/dicom/objects.h"
#include "formats/dicom/series.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isocenter;
  static const core::TemporaryFolder folder;
  const auto path = folder.path() / "image.dcm";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    for (const auto& series : formats::find_series({path}).series)
      if (series.refusal.empty()) (void)formats::read_series(series);
  } catch (const core::InputError&) {
  }
  try {
    (void)formats::read_segmentation(path);
  } catch (const core::InputError&) {
  }
  return 0;
}
