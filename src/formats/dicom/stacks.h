// Slices of one series to stacks that can be volumes, judged by their geometry (PS3.3 C.7.6.2). Pure values: no file is touched.
//
// A series is first divided where slices cannot share a grid (patient, frame of reference, orientation, size, spacing), then, where several
// images stand at the same position, by what tells those apart (echo, time, image type ...). What is left is sorted along the normal and
// judged.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/dicom/series.h"

namespace isocenter::formats {

// What can tell images at one position apart, in the order in which it is tried.
inline constexpr std::array<std::string_view, 15> distinctions{"stack",
                                                               "echo number",
                                                               "echo time",
                                                               "image type",
                                                               "complex component",
                                                               "temporal position",
                                                               "diffusion b-value",
                                                               "diffusion direction",
                                                               "inversion time",
                                                               "trigger time",
                                                               "acquisition number",
                                                               "reconstruction kernel",
                                                               "acquisition time",
                                                               "multi-frame object",
                                                               "content time"};

struct SliceHeader {
  SliceSource source;
  std::string patient_id, patient_name, frame_of_reference_uid, modality;
  int rows = 0, columns = 0;
  std::optional<imaging::Vector3> position_lps_mm;        // centre of the first pixel
  std::optional<std::array<double, 6>> orientation;       // cosines of the row, then of the column
  std::optional<std::array<double, 2>> pixel_spacing_mm;  // between rows, between columns: DICOM's order
  std::optional<double> slice_thickness_mm, spacing_between_slices_mm;
  std::optional<std::int64_t> instance_number;
  bool localizer = false;                                    // its image type says so
  std::array<std::string, distinctions.size()> distinction;  // values, empty where absent
};

struct Stack {
  std::vector<SliceHeader> slices;  // ascending along the normal, row x column; source.position_mm is filled in
  imaging::Geometry geometry;
  std::string refusal;
  std::vector<std::string> warnings;
  std::vector<std::string> told_apart;  // "echo time 90": by what it was divided from its siblings
};

std::vector<Stack> build_stacks(std::vector<SliceHeader> slices);

// One stack with one slice a position: order, geometry, refusal, warnings.
Stack judge_stack(std::vector<SliceHeader> slices);

}  // namespace isocenter::formats
