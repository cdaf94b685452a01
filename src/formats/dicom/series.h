// DICOM folders to series, and series to volumes whose geometry can be trusted.
//
// find_series walks a folder (DICOMDIR or not, any file names), reads headers only, groups by series (and by orientation, image size, echo,
// acquisition where one series holds several stacks) and judges each group: what can be a volume, and what cannot, with the reason. Files
// that are not DICOM are counted and named, not refused. A file that claims to be DICOM and is damaged is a core::InputError that names it
// only when nothing else of its series can be used; otherwise it is listed in `damaged`.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "imaging/image.h"

namespace isocenter::formats {

struct Patient {
  std::string id, name, birth_date, sex, age;  // as DICOM writes them ("^" in names, YYYYMMDD); UTF-8
};

struct Study {
  std::string uid, id, date, time, description, accession_number, referring_physician, institution;
};

struct SliceSource {
  std::filesystem::path file;
  std::string sop_class_uid, sop_instance_uid;
  int frame = 0;           // 1-based in a multi-frame object, 0 in a single-frame one
  int tile = 0;            // 1-based in a Siemens mosaic, 0 elsewhere
  double position_mm = 0;  // along the slice normal
};

struct Series {
  Patient patient;
  Study study;
  std::string uid, modality, description, body_part, protocol, manufacturer, manufacturer_model, station, software, frame_of_reference_uid;
  std::string number, date, time, laterality, image_type, sequence_name, scanning_sequence, contrast_agent;
  std::optional<double> magnetic_field_t, repetition_time_ms, echo_time_ms, inversion_time_ms, flip_angle_deg, slice_thickness_mm, kvp;
  std::vector<SliceSource> slices;  // in the order of the volume's last axis
  imaging::Geometry geometry;       // of the volume; meaningful when `refusal` is empty
  std::string refusal;  // why no volume can be made of it ("missing slices between ...", "localizer: 3 orientations"); empty: usable
  std::vector<std::string> warnings;              // usable all the same ("gap of 1.5 mm between slices", "slice distances vary by 2 %")
  std::map<std::string, std::string> attributes;  // every other attribute a caller may want, by keyword
};

struct StudyFolder {
  std::vector<Series> series;
  std::vector<std::filesystem::path> other_files;                      // not DICOM
  std::vector<std::pair<std::filesystem::path, std::string>> damaged;  // DICOM, unreadable, with the reason
};

StudyFolder find_series(const std::vector<std::filesystem::path>& paths, const core::Progress& progress = core::no_progress());
bool is_dicom_file(const std::filesystem::path& path);

// Pixels of all slices, modality rescale applied, in LPS. Every transfer syntax of DCMTK, and JPEG 2000.
imaging::Volume read_series(const Series& series, const core::Progress& progress = core::no_progress());

}  // namespace isocenter::formats
