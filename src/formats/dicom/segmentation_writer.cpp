// Segmentation storage (PS3.3 A.51): binary, one frame for each segment and slice that has voxels.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "core/error.h"
#include "core/hash.h"
#include "formats/dicom/cielab.h"
#include "formats/dicom/content_uid.h"
#include "formats/dicom/objects.h"
#include "formats/dicom/result_modules.h"

namespace isocenter::formats {
namespace {

const DicomCode segmentation_derivation{"113076", "DCM", "Segmentation"};
const DicomCode source_purpose{"121322", "DCM", "Source image for image processing operation"};
const DicomCode artificial_intelligence{"123110", "DCM", "Artificial Intelligence"};

struct Frame {
  int segment = 0;  // number in the object, from 1
  std::int64_t slice = 0;
  std::uint16_t label = 0;
};

// By segment, then along the normal: the order of the dimension indices.
std::vector<Frame> frames_with_voxels(const imaging::LabelMap& labels, const std::vector<Segment>& segments) {
  const auto numbers = segment_numbers(labels, segments);
  const auto& size = labels.geometry.size;
  std::set<std::pair<int, std::int64_t>> present;
  std::map<int, std::uint16_t> label_of;
  for (std::int64_t slice = 0; slice < size[2]; ++slice) {
    std::set<std::uint16_t> here(labels.voxels.begin() + slice * size[0] * size[1],
                                 labels.voxels.begin() + (slice + 1) * size[0] * size[1]);
    for (const auto label : here) {
      const auto number = numbers.find(label);
      if (number == numbers.end()) continue;
      present.insert({number->second, slice});
      label_of[number->second] = label;
    }
  }
  std::vector<Frame> frames;
  for (const auto& [segment, slice] : present) frames.push_back({segment, slice, label_of[segment]});
  return frames;
}

// One bit a voxel, the first in the lowest bit, frames following each other without a gap (PS3.5 8.1.1 and annex D).
std::vector<std::uint8_t> packed_bits(const imaging::LabelMap& labels, const std::vector<Frame>& frames) {
  const std::int64_t pixels = labels.geometry.size[0] * labels.geometry.size[1];
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>((pixels * static_cast<std::int64_t>(frames.size()) + 7) / 8 + 1) / 2 * 2);
  std::size_t bit = 0;
  for (const auto& frame : frames) {
    const auto* voxel = labels.voxels.data() + frame.slice * pixels;
    for (std::int64_t at = 0; at < pixels; ++at, ++bit)
      if (voxel[at] == frame.label) bytes[bit / 8] |= static_cast<std::uint8_t>(1u << (bit % 8));
  }
  return bytes;
}

void add_reference(ItemBuilder item, const SliceSource& source) {
  item.text(tag::referenced_sop_class_uid, source.sop_class_uid);
  item.text(tag::referenced_sop_instance_uid, source.sop_instance_uid);
}

void add_segments(ItemBuilder root, const std::vector<Segment>& segments, const std::map<std::uint16_t, int>& numbers,
                  const Creator& creator) {
  for (const auto& segment : segments) {
    const auto number = numbers.find(segment.label_value);
    if (number == numbers.end()) continue;
    auto item = root.add_item(tag::segment_sequence);
    item.integer(tag::segment_number, number->second);
    item.text(tag::segment_label, limited(segment.label, 64));
    item.text(tag::segment_algorithm_type, "AUTOMATIC");
    item.text(tag::segment_algorithm_name, limited(creator.algorithm_name, 64));
    auto algorithm = item.add_item(tag::segmentation_algorithm_identification_sequence);
    algorithm.code(tag::algorithm_family_code_sequence, artificial_intelligence);
    algorithm.text(tag::algorithm_name, limited(creator.algorithm_name, 64));
    algorithm.text(tag::algorithm_version, limited(creator.algorithm_version.empty() ? "unknown" : creator.algorithm_version, 64));
    const auto color = to_cielab(segment.color);
    item.integers(tag::recommended_display_cielab_value, std::array<std::int64_t, 3>{color[0], color[1], color[2]});
    item.code(tag::segmented_property_category_code_sequence, segment.category);
    auto type = item.add_item(tag::segmented_property_type_code_sequence);
    type.text(tag::code_value, segment.type.value);
    type.text(tag::coding_scheme_designator, segment.type.scheme);
    type.text(tag::code_meaning, limited(segment.type.meaning, 64));
    if (segment.laterality) type.code(tag::segmented_property_type_modifier_code_sequence, *segment.laterality);
  }
}

void add_dimensions(ItemBuilder root, const std::string& organization_uid) {
  root.add_item(tag::dimension_organization_sequence).text(tag::dimension_organization_uid, organization_uid);
  const auto add = [&](Tag attribute, Tag group, const char* label) {
    auto index = root.add_item(tag::dimension_index_sequence);
    index.text(tag::dimension_organization_uid, organization_uid);
    index.pointer(tag::dimension_index_pointer, attribute);
    index.pointer(tag::functional_group_pointer, group);
    index.text(tag::dimension_description_label, label);
  };
  add(tag::referenced_segment_number, tag::segment_identification_sequence, "Segment Number");
  add(tag::image_position_patient, tag::plane_position_sequence, "Image Position (Patient)");
}

void add_functional_groups(ItemBuilder root, const Series& source, const std::vector<Frame>& frames) {
  const auto& geometry = source.geometry;
  auto shared = root.add_item(tag::shared_functional_groups_sequence);
  std::array<double, 6> cosines{};
  for (std::size_t at = 0; at < 3; ++at) cosines[at] = geometry.direction[at][0], cosines[at + 3] = geometry.direction[at][1];
  shared.add_item(tag::plane_orientation_sequence).numbers(tag::image_orientation_patient, cosines);
  auto measures = shared.add_item(tag::pixel_measures_sequence);
  measures.number(tag::slice_thickness, source.slice_thickness_mm.value_or(geometry.spacing_mm[2]));
  measures.number(tag::spacing_between_slices, geometry.spacing_mm[2]);
  measures.numbers(tag::pixel_spacing, std::array<double, 2>{geometry.spacing_mm[1], geometry.spacing_mm[0]});

  std::set<std::int64_t> slices;
  for (const auto& frame : frames) slices.insert(frame.slice);
  for (const auto& frame : frames) {
    const auto& slice = source.slices[static_cast<std::size_t>(frame.slice)];
    auto group = root.add_item(tag::per_frame_functional_groups_sequence);
    auto derivation = group.add_item(tag::derivation_image_sequence);
    derivation.code(tag::derivation_code_sequence, segmentation_derivation);
    auto image = derivation.add_item(tag::source_image_sequence);
    add_reference(image, slice);
    if (slice.frame > 0) image.integer(tag::referenced_frame_number, slice.frame);
    image.code(tag::purpose_of_reference_code_sequence, source_purpose);

    const std::int64_t position = std::distance(slices.begin(), slices.find(frame.slice)) + 1;
    group.add_item(tag::frame_content_sequence).integers(tag::dimension_index_values, std::array<std::int64_t, 2>{frame.segment, position});
    const auto corner = geometry.point_mm({0, 0, static_cast<double>(frame.slice)});
    group.add_item(tag::plane_position_sequence).numbers(tag::image_position_patient, corner);
    group.add_item(tag::segment_identification_sequence).integer(tag::referenced_segment_number, frame.segment);
  }
}

// All of what makes the object what it is, except when it was made.
std::string content_of(const Series& source, const std::vector<Segment>& segments, const std::vector<Frame>& frames,
                       const std::vector<std::uint8_t>& bits, const Creator& creator) {
  std::string content = "segmentation " + source.study.uid + " " + source.uid;
  for (const auto& slice : source.slices) content += fmt::format(" {} {}", slice.sop_instance_uid, slice.frame);
  const auto add_code = [&](const DicomCode& code) { content += fmt::format("|{}|{}|{}", code.value, code.scheme, code.meaning); };
  for (const auto& segment : segments) {
    content += fmt::format("\n{}|{}|{},{},{}", segment.label_value, segment.label, segment.color[0], segment.color[1], segment.color[2]);
    add_code(segment.category);
    add_code(segment.type);
    if (segment.laterality) add_code(*segment.laterality);
  }
  content += fmt::format("\n{}|{}|{}|{}|{}|{}", creator.manufacturer, creator.model, creator.version, creator.serial,
                         creator.algorithm_name, creator.algorithm_version);
  for (const auto& frame : frames) content += fmt::format("\n{} {}", frame.segment, frame.slice);
  return content + "\n" + core::sha256_hex(bits);
}

std::string attribute(const Series& series, const std::string& keyword) {
  const auto found = series.attributes.find(keyword);
  return found == series.attributes.end() ? "" : found->second;
}

}  // namespace

std::map<std::uint16_t, int> segment_numbers(const imaging::LabelMap& labels, const std::vector<Segment>& segments) {
  const std::set<std::uint16_t> present(labels.voxels.begin(), labels.voxels.end());
  std::map<std::uint16_t, int> numbers;
  for (const auto& segment : segments) {
    if (segment.label_value == 0) throw std::logic_error("a segment with label 0, which is the background");
    if (present.contains(segment.label_value) && !numbers.try_emplace(segment.label_value, static_cast<int>(numbers.size()) + 1).second)
      throw std::logic_error(fmt::format("two segments with label {}", segment.label_value));
  }
  return numbers;
}

std::string write_segmentation(const std::filesystem::path& path, const Series& source, const imaging::LabelMap& labels,
                               const std::vector<Segment>& segments, const Creator& creator) {
  if (!imaging::same_grid(labels.geometry, source.geometry) || static_cast<std::int64_t>(source.slices.size()) != labels.geometry.size[2])
    throw std::logic_error("the label map does not stand on the grid of its series");
  const auto numbers = segment_numbers(labels, segments);
  if (numbers.empty()) throw core::InputError("{}: a segmentation without a single voxel cannot be written", path.string());
  const auto frames = frames_with_voxels(labels, segments);
  const auto bits = packed_bits(labels, frames);
  const auto uid = content_uid(content_of(source, segments, frames, bits, creator));

  DicomBuilder object(segmentation_class, uid);
  auto root = object.root();
  add_common_modules(root, source, {"SEG", series_uid_of(uid), "900", "Segmentation: " + creator.algorithm_name}, creator);
  root.text(tag::image_type, "DERIVED\\PRIMARY");
  // Positions without a named frame of reference still share the one of their series.
  root.text(tag::frame_of_reference_uid,
            source.frame_of_reference_uid.empty() ? content_uid("frame of reference of " + source.uid) : source.frame_of_reference_uid);
  root.text(tag::position_reference_indicator, attribute(source, "PositionReferenceIndicator"));
  root.text(tag::content_label, "SEGMENTATION");
  root.text(tag::content_description, limited("Segmentation by " + creator.algorithm_name, 64));
  root.text(tag::content_creator_name, "");

  root.integer(tag::samples_per_pixel, 1);
  root.text(tag::photometric_interpretation, "MONOCHROME2");
  root.integer(tag::number_of_frames, static_cast<std::int64_t>(frames.size()));
  root.integer(tag::rows, labels.geometry.size[1]);
  root.integer(tag::columns, labels.geometry.size[0]);
  root.integer(tag::bits_allocated, 1);
  root.integer(tag::bits_stored, 1);
  root.integer(tag::high_bit, 0);
  root.integer(tag::pixel_representation, 0);
  const bool lossy = attribute(source, "LossyImageCompression") == "01";
  root.text(tag::lossy_image_compression, lossy ? "01" : "00");
  if (lossy) {
    root.text(tag::lossy_image_compression_ratio, attribute(source, "LossyImageCompressionRatio"));
    root.text(tag::lossy_image_compression_method, attribute(source, "LossyImageCompressionMethod"));
  }
  root.text(tag::segmentation_type, "BINARY");
  root.text(tag::segments_overlap, "NO");
  add_segments(root, segments, numbers, creator);
  add_dimensions(root, content_uid("dimensions of " + uid));
  add_functional_groups(root, source, frames);

  // Common instance reference (PS3.3 C.12.2): the whole source series, each instance once.
  auto series = root.add_item(tag::referenced_series_sequence);
  series.text(tag::series_instance_uid, source.uid);
  std::set<std::string> named;
  for (const auto& slice : source.slices)
    if (named.insert(slice.sop_instance_uid).second) add_reference(series.add_item(tag::referenced_instance_sequence), slice);

  root.bytes(tag::pixel_data, bits);
  object.write(path);
  return uid;
}

}  // namespace isocenter::formats
