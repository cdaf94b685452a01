// Segmentation objects (PS3.3 A.51) and label map segmentations (A.90) to label maps.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "formats/dicom/cielab.h"
#include "formats/dicom/dicom_file.h"
#include "formats/dicom/image_header.h"
#include "formats/dicom/objects.h"
#include "formats/dicom/result_modules.h"
#include "formats/dicom/transfer_syntax.h"
#include "formats/dicom/vectors.h"

namespace isocenter::formats {
namespace {

struct Frame {
  int segment = 0;  // 0: the pixels are segment numbers
  imaging::Vector3 corner_lps_mm{};
};

struct Frames {
  PixelFormat format;
  std::vector<Frame> frames;
  imaging::Vector3 row{}, column{}, normal{};
  double between_columns = 0, between_rows = 0, between_slices = 0;  // the last 0 where the object does not say
  int threshold = 1;                                                 // least pixel value that counts
};

DicomCode code_in(const Dataset& data, Tag sequence) {
  const auto item = data.item(sequence);
  return {item.text(tag::code_value), item.text(tag::coding_scheme_designator), item.text(tag::code_meaning)};
}

std::vector<Segment> segments_in(const Dataset& data, const std::string& where) {
  std::vector<Segment> segments;
  for (const auto& item : data.items(tag::segment_sequence)) {
    Segment segment;
    const auto number = item.integer(tag::segment_number).value_or(-1);
    if (number < 0 || number > 65535) throw core::InputError("{}: a segment without a number", where);
    segment.label_value = static_cast<std::uint16_t>(number);
    segment.label = item.text(tag::segment_label);
    segment.category = code_in(item, tag::segmented_property_category_code_sequence);
    segment.type = code_in(item, tag::segmented_property_type_code_sequence);
    auto modifier = code_in(item.item(tag::segmented_property_type_code_sequence), tag::segmented_property_type_modifier_code_sequence);
    if (!modifier.value.empty()) segment.laterality = std::move(modifier);
    const auto color = item.numbers(tag::recommended_display_cielab_value);
    if (color.size() == 3 && std::all_of(color.begin(), color.end(), [](double part) { return part >= 0 && part <= 65535; }))
      segment.color =
          to_srgb({static_cast<std::uint16_t>(color[0]), static_cast<std::uint16_t>(color[1]), static_cast<std::uint16_t>(color[2])});
    segments.push_back(std::move(segment));
  }
  return segments;
}

Frames frames_in(const DicomFile& file, bool label_map) {
  const auto& data = file.data();
  const std::string where = file.path().string();
  Frames result;
  result.format = pixel_format(data);
  auto& format = result.format;
  const auto fault = problem(format);
  if (!fault.empty()) throw core::InputError("{}: {}", where, fault);
  const auto syntax = unreadable_transfer_syntax(file.transfer_syntax());
  if (!syntax.empty()) throw core::InputError("{}: {}", where, syntax);
  if (format.samples != 1 || (format.bits_allocated != 1 && format.bits_allocated != 8 && format.bits_allocated != 16))
    throw core::InputError("{}: segmentation frames of {} bits", where, format.bits_allocated);
  const std::string type = data.text(tag::segmentation_type);
  if (type == "FRACTIONAL")
    result.threshold = std::max<int>(1, (static_cast<int>(data.integer(tag::maximum_fractional_value).value_or(255)) + 1) / 2);

  const FunctionalGroups groups(data);
  if (!groups.per_frame(format.frames))
    throw core::InputError("{}: {} frames and another number of functional groups", where, format.frames);
  for (int frame = 0; frame < format.frames; ++frame) {
    const auto position = groups.macro(frame, tag::plane_position_sequence).numbers(tag::image_position_patient);
    const auto cosines = groups.macro(frame, tag::plane_orientation_sequence).numbers(tag::image_orientation_patient);
    const auto measures = groups.macro(frame, tag::pixel_measures_sequence);
    const auto spacing = measures.numbers(tag::pixel_spacing);
    if (position.size() != 3 || cosines.size() != 6 || spacing.size() != 2)
      throw core::InputError("{}: frame {} has no position, orientation or pixel spacing: it cannot be put in place", where, frame + 1);
    const imaging::Vector3 row{cosines[0], cosines[1], cosines[2]}, column{cosines[3], cosines[4], cosines[5]};
    if (!(norm(row) > 0.5) || !(norm(column) > 0.5) || std::abs(dot(row, column)) > 1e-3 || !(spacing[0] > 0) || !(spacing[1] > 0))
      throw core::InputError("{}: frame {} has an impossible orientation or pixel spacing", where, frame + 1);
    if (frame == 0) {
      result.row = unit(row);
      result.column = unit(minus(column, times(dot(column, result.row), result.row)));
      result.normal = cross(result.row, result.column);
      result.between_rows = spacing[0];
      result.between_columns = spacing[1];
      result.between_slices = measures.number(tag::spacing_between_slices).value_or(0);
      if (!(result.between_slices > 0)) result.between_slices = measures.number(tag::slice_thickness).value_or(0);
    } else if (norm(minus(unit(row), result.row)) > 1e-3 || norm(minus(unit(column), result.column)) > 1e-3 ||
               std::abs(spacing[0] - result.between_rows) > 1e-3 || std::abs(spacing[1] - result.between_columns) > 1e-3) {
      throw core::InputError("{}: frames of different orientation or spacing are no single label map", where);
    }
    const auto number =
        label_map ? 0 : groups.macro(frame, tag::segment_identification_sequence).integer(tag::referenced_segment_number).value_or(0);
    if (!label_map && (number < 1 || number > 65535)) throw core::InputError("{}: frame {} belongs to no segment", where, frame + 1);
    result.frames.push_back({static_cast<int>(number), {position[0], position[1], position[2]}});
  }
  return result;
}

// The smallest grid that holds all frames; frames that were left out because they are empty leave whole steps.
imaging::Geometry grid_of(const Frames& frames, const std::string& where) {
  std::vector<double> positions;
  for (const auto& frame : frames.frames) positions.push_back(dot(frame.corner_lps_mm, frames.normal));
  std::sort(positions.begin(), positions.end());
  const double span = positions.back() - positions.front();
  double smallest = span;
  for (std::size_t at = 0; at + 1 < positions.size(); ++at) {
    const double step = positions[at + 1] - positions[at];
    if (step > 0.01) smallest = std::min(smallest, step);
  }
  double step = frames.between_slices > 0 ? frames.between_slices : 1;
  if (span > 0.01) {
    // What the object states is believed when the positions agree with it; otherwise the positions are.
    const auto whole = [&](double candidate) { return std::abs(smallest / candidate - std::round(smallest / candidate)) < 0.05; };
    if (!(frames.between_slices > 0) || smallest < 0.95 * frames.between_slices || !whole(frames.between_slices)) step = smallest;
    const double count = std::round(span / step);
    if (count > 100000) throw core::InputError("{}: frames {:.0f} mm apart in steps of {:.3f} mm", where, span, step);
    step = span / count;
  }
  imaging::Geometry grid;
  const auto lowest = std::min_element(frames.frames.begin(), frames.frames.end(), [&](const Frame& a, const Frame& b) {
    return dot(a.corner_lps_mm, frames.normal) < dot(b.corner_lps_mm, frames.normal);
  });
  grid.size = {frames.format.columns, frames.format.rows, span > 0.01 ? std::lround(span / step) + 1 : 1};
  grid.spacing_mm = {frames.between_columns, frames.between_rows, step};
  grid.origin_lps_mm = lowest->corner_lps_mm;
  for (std::size_t at = 0; at < 3; ++at) grid.direction[at] = {frames.row[at], frames.column[at], frames.normal[at]};
  return grid;
}

SegmentationObject placed_on(const DicomFile& file, const Frames& frames, const imaging::Geometry& grid, bool label_map) {
  const std::string where = file.path().string();
  const auto& format = frames.format;
  // A claim of a large grid must be paid for: the frames that exist are at least a hundredth of it.
  if (grid.voxel_count() / 100 > format.pixels() * format.frames + (1 << 24))
    throw core::InputError("{}: {} frames spread over {} slices", where, format.frames, grid.size[2]);
  SegmentationObject object;
  object.labels = imaging::LabelMap(grid);
  object.segments = segments_in(file.data(), where);
  object.sop_instance_uid = file.data().text(tag::sop_instance_uid);
  object.referenced_series_uid = file.data().item(tag::referenced_series_sequence).text(tag::series_instance_uid);

  std::vector<std::uint8_t> bits;
  if (format.bits_allocated == 1) {
    bits = file.native_pixel_bytes();
    if (static_cast<std::int64_t>(bits.size()) * 8 < format.pixels() * format.frames)
      throw core::InputError("{}: pixel data of {} bytes for {} frames", where, bits.size(), format.frames);
  }
  const auto padding = file.data().integer(tag::pixel_padding_value).value_or(-1);
  for (int number = 0; number < format.frames; ++number) {
    const auto& frame = frames.frames[static_cast<std::size_t>(number)];
    const auto corner = grid.index_of(frame.corner_lps_mm);
    const auto far = grid.index_of({frame.corner_lps_mm[0] + frames.row[0] * frames.between_columns * (format.columns - 1) +
                                        frames.column[0] * frames.between_rows * (format.rows - 1),
                                    frame.corner_lps_mm[1] + frames.row[1] * frames.between_columns * (format.columns - 1) +
                                        frames.column[1] * frames.between_rows * (format.rows - 1),
                                    frame.corner_lps_mm[2] + frames.row[2] * frames.between_columns * (format.columns - 1) +
                                        frames.column[2] * frames.between_rows * (format.rows - 1)});
    const auto slice = std::lround(corner[2]);
    const double strayed =
        std::max({std::abs(corner[0]), std::abs(corner[1]), std::abs(corner[2] - static_cast<double>(slice)),
                  std::abs(far[0] - (format.columns - 1)), std::abs(far[1] - (format.rows - 1)), std::abs(far[2] - corner[2])});
    if (strayed > 0.1 || slice < 0 || slice >= grid.size[2] || format.columns != grid.size[0] || format.rows != grid.size[1])
      throw core::InputError("{}: frame {} does not stand on the grid", where, number + 1);

    auto* voxel = object.labels.voxels.data() + slice * format.pixels();
    const auto claim = [&](std::int64_t at, int segment) {
      if (voxel[at] != 0 && voxel[at] != segment) ++object.overlapping_voxels;
      voxel[at] = std::max<std::uint16_t>(voxel[at], static_cast<std::uint16_t>(segment));
    };
    if (format.bits_allocated == 1) {
      const std::size_t first = static_cast<std::size_t>(format.pixels()) * static_cast<std::size_t>(number);
      for (std::int64_t at = 0; at < format.pixels(); ++at) {
        const std::size_t bit = first + static_cast<std::size_t>(at);
        if ((bits[bit / 8] >> (bit % 8)) & 1) claim(at, frame.segment);
      }
      continue;
    }
    const auto bytes = file.frame_bytes(number, format);
    for (std::int64_t at = 0; at < format.pixels(); ++at) {
      const int value = format.bits_allocated == 8
                            ? bytes[static_cast<std::size_t>(at)]
                            : bytes[static_cast<std::size_t>(2 * at)] | bytes[static_cast<std::size_t>(2 * at + 1)] << 8;
      if (label_map) {
        if (value != 0 && value != padding) claim(at, value);
      } else if (value >= frames.threshold) {
        claim(at, frame.segment);
      }
    }
  }
  return object;
}

SegmentationObject read(const std::filesystem::path& path, const imaging::Geometry* grid) {
  const DicomFile file(path);
  const auto sop_class = file.data().text(tag::sop_class_uid);
  const bool label_map = sop_class == label_map_segmentation_class;
  if (sop_class != segmentation_class && !label_map) throw core::InputError("{}: not a segmentation object", path.string());
  const auto frames = frames_in(file, label_map);
  return placed_on(file, frames, grid != nullptr ? *grid : grid_of(frames, path.string()), label_map);
}

}  // namespace

SegmentationObject read_segmentation(const std::filesystem::path& path) { return read(path, nullptr); }
SegmentationObject read_segmentation(const std::filesystem::path& path, const imaging::Geometry& grid) { return read(path, &grid); }

}  // namespace isocenter::formats
