// The attributes this room reads and writes, by their keyword in PS3.6.
#pragma once

#include <compare>
#include <cstdint>

namespace isocenter::formats {

struct Tag {
  std::uint16_t group = 0, element = 0;
  friend auto operator<=>(const Tag&, const Tag&) = default;
};

namespace tag {
inline constexpr Tag
    // Patient, study, series
    specific_character_set{0x0008, 0x0005},
    image_type{0x0008, 0x0008}, instance_creation_date{0x0008, 0x0012}, instance_creation_time{0x0008, 0x0013},
    sop_class_uid{0x0008, 0x0016}, sop_instance_uid{0x0008, 0x0018}, study_date{0x0008, 0x0020}, series_date{0x0008, 0x0021},
    acquisition_date{0x0008, 0x0022}, content_date{0x0008, 0x0023}, acquisition_date_time{0x0008, 0x002A}, study_time{0x0008, 0x0030},
    series_time{0x0008, 0x0031}, acquisition_time{0x0008, 0x0032}, content_time{0x0008, 0x0033}, accession_number{0x0008, 0x0050},
    modality{0x0008, 0x0060}, manufacturer{0x0008, 0x0070}, institution_name{0x0008, 0x0080}, referring_physician_name{0x0008, 0x0090},
    station_name{0x0008, 0x1010}, study_description{0x0008, 0x1030}, series_description{0x0008, 0x103E},
    manufacturer_model_name{0x0008, 0x1090}, referenced_series_sequence{0x0008, 0x1115}, referenced_sop_class_uid{0x0008, 0x1150},
    referenced_sop_instance_uid{0x0008, 0x1155}, complex_image_component{0x0008, 0x9208}, frame_type{0x0008, 0x9007},
    patient_name{0x0010, 0x0010}, patient_id{0x0010, 0x0020}, patient_birth_date{0x0010, 0x0030}, patient_sex{0x0010, 0x0040},
    patient_age{0x0010, 0x1010}, study_instance_uid{0x0020, 0x000D}, series_instance_uid{0x0020, 0x000E}, study_id{0x0020, 0x0010},
    series_number{0x0020, 0x0011}, laterality{0x0020, 0x0060},
    // Acquisition
    contrast_bolus_agent{0x0018, 0x0010}, body_part_examined{0x0018, 0x0015}, scanning_sequence{0x0018, 0x0020},
    sequence_name{0x0018, 0x0024}, slice_thickness{0x0018, 0x0050}, kvp{0x0018, 0x0060}, repetition_time{0x0018, 0x0080},
    echo_time{0x0018, 0x0081}, inversion_time{0x0018, 0x0082}, echo_numbers{0x0018, 0x0086}, magnetic_field_strength{0x0018, 0x0087},
    spacing_between_slices{0x0018, 0x0088}, software_versions{0x0018, 0x1020}, protocol_name{0x0018, 0x1030}, trigger_time{0x0018, 0x1060},
    imager_pixel_spacing{0x0018, 0x1164}, convolution_kernel{0x0018, 0x1210}, flip_angle{0x0018, 0x1314},
    acquisition_duration{0x0018, 0x9073}, effective_echo_time{0x0018, 0x9082}, diffusion_b_value{0x0018, 0x9087},
    diffusion_gradient_orientation{0x0018, 0x9089}, nominal_cardiac_trigger_delay_time{0x0020, 0x9153},
    // Image and position
    instance_number{0x0020, 0x0013}, acquisition_number{0x0020, 0x0012}, image_position_patient{0x0020, 0x0032},
    image_orientation_patient{0x0020, 0x0037}, frame_of_reference_uid{0x0020, 0x0052}, temporal_position_identifier{0x0020, 0x0100},
    stack_id{0x0020, 0x9056}, temporal_position_index{0x0020, 0x9128}, samples_per_pixel{0x0028, 0x0002},
    photometric_interpretation{0x0028, 0x0004}, planar_configuration{0x0028, 0x0006}, number_of_frames{0x0028, 0x0008},
    rows{0x0028, 0x0010}, columns{0x0028, 0x0011}, pixel_spacing{0x0028, 0x0030}, bits_allocated{0x0028, 0x0100},
    bits_stored{0x0028, 0x0101}, high_bit{0x0028, 0x0102}, pixel_representation{0x0028, 0x0103}, pixel_padding_value{0x0028, 0x0120},
    rescale_intercept{0x0028, 0x1052}, rescale_slope{0x0028, 0x1053}, rescale_type{0x0028, 0x1054}, modality_lut_sequence{0x0028, 0x3000},
    lut_descriptor{0x0028, 0x3002}, lut_data{0x0028, 0x3006}, float_pixel_data{0x7FE0, 0x0008}, double_float_pixel_data{0x7FE0, 0x0009},
    pixel_data{0x7FE0, 0x0010},
    // Functional groups of multi-frame objects (PS3.3 C.7.6.16)
    shared_functional_groups_sequence{0x5200, 0x9229}, per_frame_functional_groups_sequence{0x5200, 0x9230},
    pixel_measures_sequence{0x0028, 0x9110}, plane_position_sequence{0x0020, 0x9113}, plane_orientation_sequence{0x0020, 0x9116},
    frame_content_sequence{0x0020, 0x9111}, pixel_value_transformation_sequence{0x0028, 0x9145},
    mr_image_frame_type_sequence{0x0018, 0x9226}, ct_image_frame_type_sequence{0x0018, 0x9329}, pet_frame_type_sequence{0x0018, 0x9751},
    mr_echo_sequence{0x0018, 0x9114}, mr_timing_sequence{0x0018, 0x9112}, mr_modifier_sequence{0x0018, 0x9115},
    mr_diffusion_sequence{0x0018, 0x9117}, diffusion_gradient_direction_sequence{0x0018, 0x9076},
    temporal_position_sequence{0x0020, 0x9310}, cardiac_synchronization_sequence{0x0018, 0x9118},
    frame_acquisition_date_time{0x0018, 0x9074}, frame_acquisition_number{0x0020, 0x9156}, inversion_times{0x0018, 0x9079},
    ct_reconstruction_sequence{0x0018, 0x9314}, ct_x_ray_details_sequence{0x0018, 0x9325}, frame_anatomy_sequence{0x0020, 0x9071},
    frame_laterality{0x0020, 0x9072}, anatomic_region_sequence{0x0008, 0x2218}, code_value{0x0008, 0x0100},
    coding_scheme_designator{0x0008, 0x0102}, code_meaning{0x0008, 0x0104},
    // Segmentations and reports (PS3.3 A.51, C.8.20, C.17)
    referenced_sop_sequence{0x0008, 0x1199}, referenced_instance_sequence{0x0008, 0x114A}, referenced_frame_number{0x0008, 0x1160},
    derivation_image_sequence{0x0008, 0x9124}, source_image_sequence{0x0008, 0x2112}, derivation_code_sequence{0x0008, 0x9215},
    purpose_of_reference_code_sequence{0x0040, 0xA170}, referenced_performed_procedure_step_sequence{0x0008, 0x1111},
    device_serial_number{0x0018, 0x1000}, position_reference_indicator{0x0020, 0x1040}, dimension_organization_sequence{0x0020, 0x9221},
    dimension_index_sequence{0x0020, 0x9222}, dimension_organization_uid{0x0020, 0x9164}, dimension_index_pointer{0x0020, 0x9165},
    functional_group_pointer{0x0020, 0x9167}, dimension_description_label{0x0020, 0x9421}, dimension_index_values{0x0020, 0x9157},
    lossy_image_compression{0x0028, 0x2110}, lossy_image_compression_ratio{0x0028, 0x2112}, lossy_image_compression_method{0x0028, 0x2114},
    segmentation_type{0x0062, 0x0001}, segment_sequence{0x0062, 0x0002}, segmented_property_category_code_sequence{0x0062, 0x0003},
    segment_number{0x0062, 0x0004}, segment_label{0x0062, 0x0005}, segmentation_algorithm_identification_sequence{0x0062, 0x0007},
    segment_algorithm_type{0x0062, 0x0008}, segment_algorithm_name{0x0062, 0x0009}, segment_identification_sequence{0x0062, 0x000A},
    referenced_segment_number{0x0062, 0x000B}, recommended_display_cielab_value{0x0062, 0x000D}, maximum_fractional_value{0x0062, 0x000E},
    segmented_property_type_code_sequence{0x0062, 0x000F}, segmented_property_type_modifier_code_sequence{0x0062, 0x0011},
    segments_overlap{0x0062, 0x0013}, algorithm_version{0x0066, 0x0031}, algorithm_name{0x0066, 0x0036},
    algorithm_family_code_sequence{0x0066, 0x002F}, content_label{0x0070, 0x0080}, content_description{0x0070, 0x0081},
    content_creator_name{0x0070, 0x0084}, relationship_type{0x0040, 0xA010}, value_type{0x0040, 0xA040},
    concept_name_code_sequence{0x0040, 0xA043}, continuity_of_content{0x0040, 0xA050}, date{0x0040, 0xA121}, time{0x0040, 0xA122},
    uid{0x0040, 0xA124}, text_value{0x0040, 0xA160}, concept_code_sequence{0x0040, 0xA168}, numeric_value{0x0040, 0xA30A},
    floating_point_value{0x0040, 0xA161}, measurement_units_code_sequence{0x0040, 0x08EA}, measured_value_sequence{0x0040, 0xA300},
    performed_procedure_code_sequence{0x0040, 0xA372}, current_requested_procedure_evidence_sequence{0x0040, 0xA375},
    completion_flag{0x0040, 0xA491}, verification_flag{0x0040, 0xA493}, preliminary_flag{0x0040, 0xA496},
    content_template_sequence{0x0040, 0xA504}, content_sequence{0x0040, 0xA730}, mapping_resource{0x0008, 0x0105},
    template_identifier{0x0040, 0xDB00};
}  // namespace tag

}  // namespace isocenter::formats
