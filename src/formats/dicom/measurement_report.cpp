// Imaging Measurement Report: template TID 1500 of PS3.16, as an Enhanced SR document (PS3.3 A.35.2).
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <set>
#include <stdexcept>

#include "formats/dicom/content_item.h"
#include "formats/dicom/content_uid.h"
#include "formats/dicom/objects.h"
#include "formats/dicom/result_modules.h"

namespace isocenter::formats {
namespace {

namespace concept_name {
const DicomCode imaging_measurement_report{"126000", "DCM", "Imaging Measurement Report"},
    language{"121049", "DCM", "Language of Content Item and Descendants"}, observer_type{"121005", "DCM", "Observer Type"},
    device_observer_uid{"121012", "DCM", "Device Observer UID"}, device_observer_name{"121013", "DCM", "Device Observer Name"},
    device_observer_manufacturer{"121014", "DCM", "Device Observer Manufacturer"},
    device_observer_model_name{"121015", "DCM", "Device Observer Model Name"},
    device_observer_serial_number{"121016", "DCM", "Device Observer Serial Number"},
    procedure_reported{"121058", "DCM", "Procedure reported"}, image_library{"111028", "DCM", "Image Library"},
    image_library_group{"126200", "DCM", "Image Library Group"}, modality{"121139", "DCM", "Modality"},
    study_date{"111060", "DCM", "Study Date"}, frame_of_reference_uid{"112227", "DCM", "Frame of Reference UID"},
    pixel_data_rows{"110910", "DCM", "Pixel Data Rows"}, pixel_data_columns{"110911", "DCM", "Pixel Data Columns"},
    horizontal_pixel_spacing{"111026", "DCM", "Horizontal Pixel Spacing"},
    vertical_pixel_spacing{"111066", "DCM", "Vertical Pixel Spacing"}, spacing_between_slices{"112226", "DCM", "Spacing between slices"},
    slice_thickness{"112225", "DCM", "Slice Thickness"}, imaging_measurements{"126010", "DCM", "Imaging Measurements"},
    measurement_group{"125007", "DCM", "Measurement Group"}, tracking_identifier{"112039", "DCM", "Tracking Identifier"},
    tracking_unique_identifier{"112040", "DCM", "Tracking Unique Identifier"}, finding{"121071", "DCM", "Finding"},
    referenced_segment{"121191", "DCM", "Referenced Segment"},
    source_series_for_segmentation{"121232", "DCM", "Source series for segmentation"},
    source_image_for_segmentation{"121233", "DCM", "Source image for segmentation"}, algorithm_name{"111001", "DCM", "Algorithm Name"},
    algorithm_version{"111003", "DCM", "Algorithm Version"}, finding_site{"363698007", "SCT", "Finding Site"},
    laterality{"272741003", "SCT", "Laterality"}, derivation{"121401", "DCM", "Derivation"},
    qualitative_evaluations{"C0034375", "UMLS", "Qualitative Evaluations"}, comment{"121106", "DCM", "Comment"};
}  // namespace concept_name

const DicomCode english{"en", "RFC5646", "English"}, device{"121007", "DCM", "Device"}, millimetre{"mm", "UCUM", "millimeter"},
    pixels{"{pixels}", "UCUM", "pixels"};

// CID 29, the modalities a volume can have.
DicomCode modality_code(const std::string& modality) {
  static constexpr std::array<std::array<const char*, 2>, 11> meanings{{{"MR", "Magnetic Resonance"},
                                                                        {"CT", "Computed Tomography"},
                                                                        {"PT", "Positron emission tomography"},
                                                                        {"NM", "Nuclear Medicine"},
                                                                        {"US", "Ultrasound"},
                                                                        {"MG", "Mammography"},
                                                                        {"DX", "Digital Radiography"},
                                                                        {"CR", "Computed Radiography"},
                                                                        {"XA", "X-Ray Angiography"},
                                                                        {"RF", "Radiofluoroscopy"},
                                                                        {"OCT", "Optical Coherence Tomography"}}};
  for (const auto& [value, meaning] : meanings)
    if (modality == value) return {value, "DCM", meaning};
  return {"OT", "DCM", "Other Modality"};
}

// TID 1002 by way of TID 1001: this program is the observer.
void add_observer(ContentItem& report, const Creator& creator) {
  report.code(has_observation_context, concept_name::observer_type, device);
  report.uid(has_observation_context, concept_name::device_observer_uid,
             content_uid("device " + creator.manufacturer + "|" + creator.model + "|" + creator.serial));
  report.text(has_observation_context, concept_name::device_observer_name, creator.model);
  report.text(has_observation_context, concept_name::device_observer_manufacturer, creator.manufacturer);
  report.text(has_observation_context, concept_name::device_observer_model_name, creator.model);
  report.text(has_observation_context, concept_name::device_observer_serial_number, creator.serial);
}

// TID 1600 with the descriptors of TID 1602 and, for slices, of TID 1604.
void add_image_library(ContentItem& report, const Series& source) {
  auto group = report.container(contains, concept_name::image_library).container(contains, concept_name::image_library_group);
  const auto& geometry = source.geometry;
  group.code(has_acquisition_context, concept_name::modality, modality_code(source.modality));
  if (!source.study.date.empty()) group.date(has_acquisition_context, concept_name::study_date, source.study.date);
  if (!source.frame_of_reference_uid.empty())
    group.uid(has_acquisition_context, concept_name::frame_of_reference_uid, source.frame_of_reference_uid);
  group.number(has_acquisition_context, concept_name::pixel_data_rows, static_cast<double>(geometry.size[1]), pixels);
  group.number(has_acquisition_context, concept_name::pixel_data_columns, static_cast<double>(geometry.size[0]), pixels);
  group.number(has_acquisition_context, concept_name::horizontal_pixel_spacing, geometry.spacing_mm[0], millimetre);
  group.number(has_acquisition_context, concept_name::vertical_pixel_spacing, geometry.spacing_mm[1], millimetre);
  group.number(has_acquisition_context, concept_name::spacing_between_slices, geometry.spacing_mm[2], millimetre);
  if (source.slice_thickness_mm)
    group.number(has_acquisition_context, concept_name::slice_thickness, *source.slice_thickness_mm, millimetre);
  std::set<std::string> named;
  for (const auto& slice : source.slices)
    if (named.insert(slice.sop_instance_uid).second) group.image(contains, std::nullopt, slice.sop_class_uid, slice.sop_instance_uid);
}

// TID 1411 when the group is of a segment, TID 1501 when not.
void add_group(ContentItem& measurements, const Series& source, const MeasurementReport& report, const MeasurementGroup& group,
               const Creator& creator) {
  const bool of_segment = group.segment_number.has_value();
  auto item = measurements.container(contains, concept_name::measurement_group, of_segment ? "1411" : "1501");
  item.text(has_observation_context, concept_name::tracking_identifier, group.tracking_id);
  item.uid(has_observation_context, concept_name::tracking_unique_identifier,
           content_uid("tracking " + source.study.uid + "|" + source.uid + "|" + group.tracking_id));
  item.code(contains, concept_name::finding, group.finding);
  if (of_segment) {
    item.image(contains, concept_name::referenced_segment, segmentation_class, report.segmentation_uid, 0, *group.segment_number);
    item.uid(contains, concept_name::source_series_for_segmentation, source.uid);
  }
  if (group.finding_site) {
    auto site = item.code(has_concept_modifier, concept_name::finding_site, *group.finding_site);
    if (group.laterality) site.code(has_concept_modifier, concept_name::laterality, *group.laterality);
  } else if (group.laterality) {
    item.code(has_concept_modifier, concept_name::laterality, *group.laterality);
  }
  // TID 4019: what computed the numbers.
  if (!creator.algorithm_name.empty()) {
    item.text(has_concept_modifier, concept_name::algorithm_name, creator.algorithm_name);
    item.text(has_concept_modifier, concept_name::algorithm_version,
              creator.algorithm_version.empty() ? "unknown" : creator.algorithm_version);
  }
  for (const auto& measurement : group.measurements) {
    if (!std::isfinite(measurement.value)) throw std::logic_error("a measurement that is no number: " + measurement.quantity.meaning);
    auto number = item.number(contains, measurement.quantity, measurement.value, measurement.unit);
    if (measurement.derivation) number.code(has_concept_modifier, concept_name::derivation, *measurement.derivation);
  }
  for (const auto& evaluation : group.evaluations) item.code(contains, evaluation.question, evaluation.answer);
}

void add_reference(ItemBuilder series, const std::string& sop_class_uid, const std::string& sop_instance_uid) {
  auto reference = series.add_item(tag::referenced_sop_sequence);
  reference.text(tag::referenced_sop_class_uid, sop_class_uid);
  reference.text(tag::referenced_sop_instance_uid, sop_instance_uid);
}

// Every instance that the tree refers to, by study and series (C.17.2).
void add_evidence(ItemBuilder root, const Series& source, const MeasurementReport& report) {
  auto study = root.add_item(tag::current_requested_procedure_evidence_sequence);
  study.text(tag::study_instance_uid, source.study.uid);
  auto images = study.add_item(tag::referenced_series_sequence);
  images.text(tag::series_instance_uid, source.uid);
  std::set<std::string> named;
  for (const auto& slice : source.slices)
    if (named.insert(slice.sop_instance_uid).second) add_reference(images, slice.sop_class_uid, slice.sop_instance_uid);
  if (report.segmentation_uid.empty()) return;
  auto segmentation = study.add_item(tag::referenced_series_sequence);
  segmentation.text(tag::series_instance_uid, series_uid_of(report.segmentation_uid));
  add_reference(segmentation, segmentation_class, report.segmentation_uid);
}

std::string content_of(const Series& source, const MeasurementReport& report, const Creator& creator) {
  std::string content = "measurement report " + source.study.uid + " " + source.uid + " " + report.segmentation_uid;
  const auto add_code = [&](const DicomCode& code) { content += fmt::format("|{}|{}|{}", code.value, code.scheme, code.meaning); };
  const auto add_evaluations = [&](const std::vector<QualitativeEvaluation>& evaluations) {
    for (const auto& evaluation : evaluations) add_code(evaluation.question), add_code(evaluation.answer);
  };
  add_code(report.procedure);
  for (const auto& slice : source.slices) content += " " + slice.sop_instance_uid;
  for (const auto& group : report.groups) {
    content += fmt::format("\n{}|{}", group.tracking_id, group.segment_number.value_or(0));
    add_code(group.finding);
    add_code(group.finding_site.value_or(DicomCode{}));
    add_code(group.laterality.value_or(DicomCode{}));
    for (const auto& measurement : group.measurements) {
      add_code(measurement.quantity);
      content += fmt::format("|{}", measurement.value);
      add_code(measurement.unit);
      add_code(measurement.derivation.value_or(DicomCode{}));
    }
    add_evaluations(group.evaluations);
  }
  content += "\n";
  add_evaluations(report.evaluations);
  for (const auto& comment : report.comments) content += "\n" + comment;
  return content + fmt::format("\n{}|{}|{}|{}|{}|{}", creator.manufacturer, creator.model, creator.version, creator.serial,
                               creator.algorithm_name, creator.algorithm_version);
}

}  // namespace

std::string write_measurement_report(const std::filesystem::path& path, const Series& source, const MeasurementReport& report,
                                     const Creator& creator) {
  for (const auto& group : report.groups)
    if (group.segment_number && report.segmentation_uid.empty())
      throw std::logic_error("measurements of a segment without its segmentation");
  const auto uid = content_uid(content_of(source, report, creator));
  DicomBuilder object(enhanced_report_class, uid);
  auto root = object.root();
  add_common_modules(root, source, {"SR", series_uid_of(uid), "901", "Imaging Measurement Report"}, creator);
  root.empty_sequence(tag::referenced_performed_procedure_step_sequence);
  root.empty_sequence(tag::performed_procedure_code_sequence);
  root.text(tag::completion_flag, "COMPLETE");
  root.text(tag::verification_flag, "UNVERIFIED");
  root.text(tag::preliminary_flag, "PRELIMINARY");
  add_evidence(root, source, report);

  auto tree = ContentItem::root(root, concept_name::imaging_measurement_report, "1500");
  tree.code(has_concept_modifier, concept_name::language, english);
  add_observer(tree, creator);
  tree.code(has_concept_modifier, concept_name::procedure_reported, report.procedure);
  add_image_library(tree, source);
  if (!report.groups.empty()) {
    auto measurements = tree.container(contains, concept_name::imaging_measurements);
    for (const auto& group : report.groups) add_group(measurements, source, report, group, creator);
  }
  if (!report.evaluations.empty() || !report.comments.empty()) {
    auto evaluations = tree.container(contains, concept_name::qualitative_evaluations);
    for (const auto& evaluation : report.evaluations) evaluations.code(contains, evaluation.question, evaluation.answer);
    for (const auto& comment : report.comments) evaluations.text(contains, concept_name::comment, comment);
  }
  object.write(path);
  return uid;
}

}  // namespace isocenter::formats
