// The fields of a Series that describe patient, study and acquisition.
#include "formats/dicom/image_header.h"

namespace isocenter::formats {
namespace {

// Attributes longer than this are bulk, not description.
constexpr std::size_t longest_attribute = 256;

}  // namespace

Series series_of(const DicomFile& file, int frame) {
  const auto& data = file.data();
  Series series;
  series.patient = {data.text(tag::patient_id), data.text(tag::patient_name), data.text(tag::patient_birth_date),
                    data.text(tag::patient_sex), data.text(tag::patient_age)};
  series.study = {data.text(tag::study_instance_uid),
                  data.text(tag::study_id),
                  data.text(tag::study_date),
                  data.text(tag::study_time),
                  data.text(tag::study_description),
                  data.text(tag::accession_number),
                  data.text(tag::referring_physician_name),
                  data.text(tag::institution_name)};
  series.uid = data.text(tag::series_instance_uid);
  series.modality = data.text(tag::modality);
  series.description = data.text(tag::series_description);
  series.body_part = data.text(tag::body_part_examined);
  series.protocol = data.text(tag::protocol_name);
  series.manufacturer = data.text(tag::manufacturer);
  series.manufacturer_model = data.text(tag::manufacturer_model_name);
  series.station = data.text(tag::station_name);
  series.software = data.text(tag::software_versions);
  series.frame_of_reference_uid = data.text(tag::frame_of_reference_uid);
  series.number = data.text(tag::series_number);
  series.date = data.text(tag::series_date);
  series.time = data.text(tag::series_time);
  series.laterality = data.text(tag::laterality);
  series.image_type = data.text(tag::image_type);
  series.sequence_name = data.text(tag::sequence_name);
  series.scanning_sequence = data.text(tag::scanning_sequence);
  series.contrast_agent = data.text(tag::contrast_bolus_agent);
  series.magnetic_field_t = data.number(tag::magnetic_field_strength);
  series.repetition_time_ms = data.number(tag::repetition_time);
  series.echo_time_ms = data.number(tag::echo_time);
  series.inversion_time_ms = data.number(tag::inversion_time);
  series.flip_angle_deg = data.number(tag::flip_angle);
  series.slice_thickness_mm = data.number(tag::slice_thickness);
  series.kvp = data.number(tag::kvp);
  series.attributes = data.by_keyword(longest_attribute);
  if (frame == 0) return series;

  // Multi-frame objects say most of this in functional groups.
  const FunctionalGroups groups(data);
  const int at = frame - 1;
  const auto timing = groups.macro(at, tag::mr_timing_sequence);
  const auto echo = groups.macro(at, tag::mr_echo_sequence), modifier = groups.macro(at, tag::mr_modifier_sequence);
  if (!series.repetition_time_ms) series.repetition_time_ms = timing.number(tag::repetition_time);
  if (!series.flip_angle_deg) series.flip_angle_deg = timing.number(tag::flip_angle);
  if (!series.echo_time_ms) series.echo_time_ms = echo.number(tag::effective_echo_time);
  if (!series.inversion_time_ms) series.inversion_time_ms = modifier.number(tag::inversion_times);
  if (!series.slice_thickness_mm) series.slice_thickness_mm = groups.macro(at, tag::pixel_measures_sequence).number(tag::slice_thickness);
  if (!series.kvp) series.kvp = groups.macro(at, tag::ct_x_ray_details_sequence).number(tag::kvp);
  const auto type = groups.macro(at, tag::mr_image_frame_type_sequence).text(tag::frame_type);
  if (!type.empty()) series.image_type = type;
  const auto anatomy = groups.macro(at, tag::frame_anatomy_sequence);
  if (series.laterality.empty()) series.laterality = anatomy.text(tag::frame_laterality);
  if (series.body_part.empty()) series.body_part = anatomy.item(tag::anatomic_region_sequence).text(tag::code_meaning);
  for (const Tag sequence : {tag::mr_timing_sequence, tag::mr_echo_sequence, tag::mr_modifier_sequence, tag::pixel_measures_sequence,
                             tag::mr_image_frame_type_sequence, tag::frame_content_sequence})
    for (const auto& [keyword, value] : groups.macro(at, sequence).by_keyword(longest_attribute)) series.attributes.emplace(keyword, value);
  return series;
}

}  // namespace isocenter::formats
