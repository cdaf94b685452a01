// What every object made from a series has in common: its patient and study (copied), its own series, and the program that made it
// (PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1, C.7.5.2).
#pragma once

#include <string>

#include "formats/dicom/dicom_builder.h"

namespace isocenter::formats {

struct ResultSeries {
  std::string modality, uid, number, description;
};

void add_common_modules(ItemBuilder root, const Series& source, const ResultSeries& series, const Creator& creator);

// The SOP instance's series: one series an object, its UID derived from the object's.
std::string series_uid_of(const std::string& sop_instance_uid);

inline constexpr const char* segmentation_class = "1.2.840.10008.5.1.4.1.1.66.4";
inline constexpr const char* label_map_segmentation_class = "1.2.840.10008.5.1.4.1.1.66.7";
inline constexpr const char* enhanced_report_class = "1.2.840.10008.5.1.4.1.1.88.22";

}  // namespace isocenter::formats
