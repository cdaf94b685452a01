#include "formats/dicom/transfer_syntax.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "formats/dicom/jpeg2000.h"

namespace isocenter::formats {
namespace {

constexpr std::array<std::string_view, 13> readable{
    "1.2.840.10008.1.2",       // implicit VR little endian
    "1.2.840.10008.1.2.1",     // explicit VR little endian
    "1.2.840.10008.1.2.1.99",  // deflated
    "1.2.840.10008.1.2.2",     // explicit VR big endian
    "1.2.840.10008.1.2.4.50",  // JPEG baseline
    "1.2.840.10008.1.2.4.51",  // JPEG extended
    "1.2.840.10008.1.2.4.53",  // JPEG spectral selection
    "1.2.840.10008.1.2.4.55",  // JPEG full progression
    "1.2.840.10008.1.2.4.57",  // JPEG lossless
    "1.2.840.10008.1.2.4.70",  // JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.80",  // JPEG-LS lossless
    "1.2.840.10008.1.2.4.81",  // JPEG-LS near-lossless
    "1.2.840.10008.1.2.5",     // RLE
};

}  // namespace

std::string unreadable_transfer_syntax(const std::string& uid) {
  for (const auto& known : readable)
    if (uid == known) return "";
  if (is_jpeg2000(uid)) return "";
  const bool video = uid.rfind("1.2.840.10008.1.2.4.10", 0) == 0 && uid.size() > 22;
  return fmt::format("{} {} is not read", video ? "video: transfer syntax" : "transfer syntax", uid);
}

}  // namespace isocenter::formats
