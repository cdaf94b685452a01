// DICOM objects as typed values: segmentations (PS3.3 A.51) and structured reports (PS3.3 A.35, template TID 1500 of PS3.16).
// UIDs are derived from content, so that writing the same thing twice makes the same object.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
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
  DicomCode category;                   // SCT 123037004 Anatomical Structure
  DicomCode type;                       // SCT 5251007 Hippocampus
  std::optional<DicomCode> laterality;  // SCT 7771000 Left / 24028007 Right
  std::array<std::uint8_t, 3> color{};
};

struct Creator {
  std::string manufacturer = "Isocenter", model = "isocenter", version, serial = "0";
  std::string algorithm_name, algorithm_version;
  std::string content_date, content_time;  // YYYYMMDD, HHMMSS
};

// Binary SEG that refers to `source` slice by slice; only segments with voxels are written, empty frames are left out. `labels` must have
// the source's geometry (throws std::logic_error otherwise). Returns the SOP instance UID.
std::string write_segmentation(const std::filesystem::path& path, const Series& source, const imaging::LabelMap& labels,
                               const std::vector<Segment>& segments, const Creator& creator);

struct SegmentationObject {
  imaging::LabelMap labels;
  std::vector<Segment> segments;
  std::string sop_instance_uid, referenced_series_uid;
};
SegmentationObject read_segmentation(const std::filesystem::path& path);

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
