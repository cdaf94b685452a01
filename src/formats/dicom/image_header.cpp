#include "formats/dicom/image_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "formats/dicom/mosaic.h"
#include "formats/dicom/transfer_syntax.h"
#include "formats/dicom/vectors.h"

namespace isocenter::formats {
namespace {

struct Kind {
  std::string_view uid;  // the class, or with a dot at the end all classes below it
  std::string_view words;
};

// PS3.4 B.5, those that hold no slices.
constexpr std::array<Kind, 20> kinds{{
    {"1.2.840.10008.5.1.4.1.1.88.59", "a key object selection"},
    {"1.2.840.10008.5.1.4.1.1.88.", "a structured report"},
    {"1.2.840.10008.5.1.4.1.1.66.4", "a segmentation"},
    {"1.2.840.10008.5.1.4.1.1.66.7", "a segmentation (label map)"},
    {"1.2.840.10008.5.1.4.1.1.66.5", "a surface segmentation"},
    {"1.2.840.10008.5.1.4.1.1.66.6", "a set of fibre tracts"},
    {"1.2.840.10008.5.1.4.1.1.66.1", "a spatial registration"},
    {"1.2.840.10008.5.1.4.1.1.66.3", "a deformable registration"},
    {"1.2.840.10008.5.1.4.1.1.66.2", "a set of fiducials"},
    {"1.2.840.10008.5.1.4.1.1.66", "raw data"},
    {"1.2.840.10008.5.1.4.1.1.67", "a real world value mapping"},
    {"1.2.840.10008.5.1.4.1.1.481.3", "a radiotherapy structure set"},
    {"1.2.840.10008.5.1.4.1.1.481.2", "a radiotherapy dose"},
    {"1.2.840.10008.5.1.4.1.1.481.1", "a radiotherapy image"},
    {"1.2.840.10008.5.1.4.1.1.481.", "a radiotherapy plan or record"},
    {"1.2.840.10008.5.1.4.1.1.11.", "a presentation state"},
    {"1.2.840.10008.5.1.4.1.1.9.", "a waveform"},
    {"1.2.840.10008.5.1.4.1.1.104.", "an encapsulated document"},
    {"1.2.840.10008.5.1.4.1.1.4.2", "MR spectra"},
    {"1.2.840.10008.5.1.4.1.1.77.1.6", "a whole-slide microscopy image"},
}};

bool contains(const std::string& values, std::string_view value) {
  return ("\\" + values + "\\").find(fmt::format("\\{}\\", value)) != std::string::npos;
}

std::optional<imaging::Vector3> position_in(const Dataset& data) {
  const auto values = data.numbers(tag::image_position_patient);
  if (values.size() != 3) return std::nullopt;
  return imaging::Vector3{values[0], values[1], values[2]};
}

std::optional<std::array<double, 6>> orientation_in(const Dataset& data) {
  const auto values = data.numbers(tag::image_orientation_patient);
  if (values.size() != 6) return std::nullopt;
  std::array<double, 6> cosines{};
  std::copy(values.begin(), values.end(), cosines.begin());
  return cosines;
}

std::optional<std::array<double, 2>> spacing_in(const Dataset& data) {
  const auto values = data.numbers(tag::pixel_spacing);
  if (values.size() != 2 || !(values[0] > 0) || !(values[1] > 0)) return std::nullopt;
  return std::array<double, 2>{values[0], values[1]};
}

// A number in words that do not depend on how the file stores it: "14", not "14.0" or "14.00000762939453".
std::string number_text(const Dataset& data, Tag tag) {
  const auto number = data.number(tag);
  return number ? fmt::format("{:.5g}", *number) : data.text(tag);
}

// In the order of `distinctions`.
std::array<std::string, distinctions.size()> distinction_of_plain(const Dataset& data) {
  return {"",
          data.text(tag::echo_numbers),
          number_text(data, tag::echo_time),
          data.text(tag::image_type),
          data.text(tag::complex_image_component),
          data.text(tag::temporal_position_identifier),
          number_text(data, tag::diffusion_b_value),
          data.text(tag::diffusion_gradient_orientation),
          number_text(data, tag::inversion_time),
          number_text(data, tag::trigger_time),
          data.text(tag::acquisition_number),
          data.text(tag::convolution_kernel),
          data.text(tag::acquisition_date_time) + data.text(tag::acquisition_date) + data.text(tag::acquisition_time),
          "",
          data.text(tag::content_time)};
}

std::string frame_type(const FunctionalGroups& groups, int frame, Tag what) {
  for (const Tag sequence : {tag::mr_image_frame_type_sequence, tag::ct_image_frame_type_sequence, tag::pet_frame_type_sequence}) {
    const auto text = groups.macro(frame, sequence).text(what);
    if (!text.empty()) return text;
  }
  return "";
}

std::array<std::string, distinctions.size()> distinction_of_frame(const Dataset& data, const FunctionalGroups& groups, int frame) {
  const auto content = groups.macro(frame, tag::frame_content_sequence);
  const auto diffusion = groups.macro(frame, tag::mr_diffusion_sequence);
  return {content.text(tag::stack_id),
          "",
          number_text(groups.macro(frame, tag::mr_echo_sequence), tag::effective_echo_time),
          frame_type(groups, frame, tag::frame_type),
          frame_type(groups, frame, tag::complex_image_component),
          content.text(tag::temporal_position_index),
          number_text(diffusion, tag::diffusion_b_value),
          diffusion.item(tag::diffusion_gradient_direction_sequence).text(tag::diffusion_gradient_orientation),
          number_text(groups.macro(frame, tag::mr_modifier_sequence), tag::inversion_times),
          number_text(groups.macro(frame, tag::cardiac_synchronization_sequence), tag::nominal_cardiac_trigger_delay_time),
          content.text(tag::frame_acquisition_number),
          groups.macro(frame, tag::ct_reconstruction_sequence).text(tag::convolution_kernel),
          content.text(tag::frame_acquisition_date_time),
          data.text(tag::sop_instance_uid),
          ""};
}

std::string refusal_of(const DicomFile& file, const PixelFormat& format) {
  const auto& data = file.data();
  const auto kind = kind_without_slices(data.text(tag::sop_class_uid));
  if (!kind.empty()) return kind + ", not an image";
  if (data.has(tag::float_pixel_data) || data.has(tag::double_float_pixel_data))
    return "pixels that are floating-point numbers are not read";
  if (!data.has(tag::pixel_data)) return "it holds no image";
  const auto syntax = unreadable_transfer_syntax(file.transfer_syntax());
  if (!syntax.empty()) return syntax;
  if (data.has(tag::modality_lut_sequence)) return "its values pass through a look-up table (Modality LUT), which is not applied";
  if (format.samples > 1 || format.photometric.rfind("MONOCHROME", 0) != 0)
    return fmt::format("a colour image ({}): a volume needs one value a pixel",
                       format.photometric.empty() ? "not stated" : format.photometric);
  return is_mosaic(data) ? mosaic_of(data, format).refusal : "";
}

std::vector<SliceHeader> tiles_of(const Mosaic& mosaic, const SliceHeader& whole) {
  std::vector<SliceHeader> slices;
  for (int tile = 0; tile < mosaic.slices; ++tile) {
    SliceHeader slice = whole;
    slice.source.tile = tile + 1;
    slice.rows = mosaic.rows;
    slice.columns = mosaic.columns;
    const auto here = times(tile, mosaic.step_lps_mm);
    slice.position_lps_mm = imaging::Vector3{mosaic.first_corner_lps_mm[0] + here[0], mosaic.first_corner_lps_mm[1] + here[1],
                                             mosaic.first_corner_lps_mm[2] + here[2]};
    slice.instance_number = whole.instance_number.value_or(0) * 1'000'000 + tile;
    slices.push_back(std::move(slice));
  }
  return slices;
}

}  // namespace

std::string kind_without_slices(const std::string& uid) {
  for (const auto& kind : kinds)
    if (uid == kind.uid || (kind.uid.back() == '.' && uid.rfind(kind.uid, 0) == 0)) return std::string(kind.words);
  return "";
}

FunctionalGroups::FunctionalGroups(const Dataset& data)
    : shared_(data.item(tag::shared_functional_groups_sequence)), own_(data.items(tag::per_frame_functional_groups_sequence)) {}

Dataset FunctionalGroups::macro(int frame, Tag sequence) const {
  if (frame >= 0 && frame < static_cast<int>(own_.size())) {
    const auto own = own_[static_cast<std::size_t>(frame)].item(sequence);
    if (!own.empty()) return own;
  }
  return shared_.item(sequence);
}

ImageHeader image_header(const DicomFile& file) {
  const auto& data = file.data();
  ImageHeader header;
  header.series_uid = data.text(tag::series_instance_uid);
  header.study_uid = data.text(tag::study_instance_uid);
  const auto format = pixel_format(data);
  header.refusal = refusal_of(file, format);

  SliceHeader slice;
  slice.source.file = file.path();
  slice.source.sop_class_uid = data.text(tag::sop_class_uid);
  slice.source.sop_instance_uid = data.text(tag::sop_instance_uid);
  slice.patient_id = data.text(tag::patient_id);
  slice.patient_name = data.text(tag::patient_name);
  slice.frame_of_reference_uid = data.text(tag::frame_of_reference_uid);
  slice.modality = data.text(tag::modality);
  slice.rows = format.rows;
  slice.columns = format.columns;
  slice.instance_number = data.integer(tag::instance_number);
  slice.localizer = contains(data.text(tag::image_type), "LOCALIZER");

  const FunctionalGroups groups(data);
  const bool per_frame = groups.per_frame(format.frames);
  if (header.refusal.empty() && format.frames > 1 && !per_frame)
    header.refusal = "a multi-frame image that gives no position for each frame";
  if (!header.refusal.empty() || !per_frame) {
    slice.position_lps_mm = position_in(data);
    slice.orientation = orientation_in(data);
    slice.pixel_spacing_mm = spacing_in(data);
    slice.slice_thickness_mm = data.number(tag::slice_thickness);
    slice.spacing_between_slices_mm = data.number(tag::spacing_between_slices);
    slice.distinction = distinction_of_plain(data);
    if (header.refusal.empty() && is_mosaic(data)) {
      header.slices = tiles_of(mosaic_of(data, format), slice);
      return header;
    }
    header.slices.push_back(std::move(slice));
    return header;
  }
  for (int frame = 0; frame < format.frames; ++frame) {
    SliceHeader own = slice;
    const auto measures = groups.macro(frame, tag::pixel_measures_sequence);
    own.source.frame = frame + 1;
    own.position_lps_mm = position_in(groups.macro(frame, tag::plane_position_sequence));
    own.orientation = orientation_in(groups.macro(frame, tag::plane_orientation_sequence));
    own.pixel_spacing_mm = spacing_in(measures);
    own.slice_thickness_mm = measures.number(tag::slice_thickness);
    own.spacing_between_slices_mm = measures.number(tag::spacing_between_slices);
    own.instance_number = slice.instance_number.value_or(0) * 1'000'000 + frame;
    own.localizer = own.localizer || contains(frame_type(groups, frame, tag::frame_type), "LOCALIZER");
    own.distinction = distinction_of_frame(data, groups, frame);
    header.slices.push_back(std::move(own));
  }
  return header;
}

}  // namespace isocenter::formats
