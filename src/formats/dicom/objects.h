// DICOM objects as typed values: segmentations (PS3.3 A.51) and structured reports (PS3.3 A.35, template TID 1500 of PS3.16).
// UIDs are derived from content, so that writing the same thing twice makes the same object.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/dicom/series.h"

namespace isocenter::formats {

struct DicomCode {
  std::string value, scheme, meaning;
};

struct Segment {
  std::uint16_t label_value = 0;        // in the label map
  std::string label;                    // "left hippocampus"
  DicomCode category;                   // SCT 91723000 Anatomical Structure
  DicomCode type;                       // SCT 5366008 Hippocampus
  std::optional<DicomCode> laterality;  // SCT 7771000 Left / 24028007 Right
  std::array<std::uint8_t, 3> color{};
};

struct Creator {
  std::string manufacturer = "Isocenter", model = "isocenter", version, serial = "0";
  std::string algorithm_name, algorithm_version;
  std::string content_date, content_time;  // YYYYMMDD, HHMMSS
};

// Binary SEG that refers to `source` slice by slice; only segments with voxels are written, empty frames are left out. `labels` must have
// the source's geometry (throws std::logic_error otherwise); its labels that no segment names are background. Returns the SOP instance
// UID, which depends on all of it but the content date and time. Throws core::InputError where no segment has a voxel.
std::string write_segmentation(const std::filesystem::path& path, const Series& source, const imaging::LabelMap& labels,
                               const std::vector<Segment>& segments, const Creator& creator);

// The segment numbers write_segmentation gives: from 1, in the order of `segments`, to those that have voxels. Labels to numbers.
std::map<std::uint16_t, int> segment_numbers(const imaging::LabelMap& labels, const std::vector<Segment>& segments);

struct SegmentationObject {
  imaging::LabelMap labels;       // segment numbers
  std::vector<Segment> segments;  // label_value is the segment number
  std::string sop_instance_uid, referenced_series_uid;
  std::int64_t overlapping_voxels = 0;  // claimed by several segments; they carry the highest number
};
// SEG by this program or others: binary, fractional (from half of the maximum on) and label map, not compressed. The label map covers the
// frames that the object has; with `grid`, it covers that grid (the source series' geometry, as a rule), and frames that do not stand on it
// are a core::InputError.
SegmentationObject read_segmentation(const std::filesystem::path& path);
SegmentationObject read_segmentation(const std::filesystem::path& path, const imaging::Geometry& grid);

struct Measurement {
  DicomCode quantity;  // SCT 118565006 Volume
  double value = 0;
  DicomCode unit;  // UCUM ml
  std::optional<DicomCode> derivation;
};

struct QualitativeEvaluation {
  DicomCode question, answer;
};

struct MeasurementGroup {  // TID 1411 (of a volume) when `segment_number` is set, TID 1501 otherwise
  std::string tracking_id;
  DicomCode finding;
  std::optional<DicomCode> finding_site, laterality;
  std::optional<int> segment_number;
  std::vector<Measurement> measurements;
  std::vector<QualitativeEvaluation> evaluations;
};

struct MeasurementReport {
  DicomCode procedure;           // what was imaged
  std::string segmentation_uid;  // SOP instance of the SEG the groups refer to; empty: none
  std::vector<MeasurementGroup> groups;
  std::vector<QualitativeEvaluation> evaluations;  // of the study as a whole
  std::vector<std::string> comments;
};
std::string write_measurement_report(const std::filesystem::path& path, const Series& source, const MeasurementReport& report,
                                     const Creator& creator);

}  // namespace isocenter::formats
