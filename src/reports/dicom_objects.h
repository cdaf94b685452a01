// Findings as the values that formats/dicom writes: a segmentation (SEG) and a measurement report (SR, TID 1500).
#pragma once

#include <filesystem>

#include "formats/dicom/objects.h"
#include "reports/findings.h"

namespace isocenter::reports {

std::vector<formats::Segment> segments_of(const Findings& findings);  // one a measured structure

// One group a structure that has voxels (its volume, share and mean probability, and what flags it), one a sum; flags and limits as
// comments. Volumes are in UCUM cm3, the unit that CID 7462 has for a millilitre of a measured object.
formats::MeasurementReport measurement_report(const Findings& findings, const std::map<std::uint16_t, int>& segment_numbers,
                                              const std::string& segmentation_uid);

// Dates are the series' own, so that the same study gives the same objects, byte for byte.
formats::Creator creator_of(const Findings& findings, const formats::Series& source);

// segmentation.dcm and measurements.dcm in `folder`.
void write_dicom_objects(const std::filesystem::path& folder, const Findings& findings, const formats::Series& source,
                         const imaging::LabelMap& labels);

}  // namespace isocenter::reports
