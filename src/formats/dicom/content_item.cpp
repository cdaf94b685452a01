#include "formats/dicom/content_item.h"

namespace isocenter::formats {
namespace {

void become_container(ItemBuilder item, const std::string& template_identifier) {
  item.text(tag::continuity_of_content, "SEPARATE");
  if (template_identifier.empty()) return;
  auto content_template = item.add_item(tag::content_template_sequence);
  content_template.text(tag::mapping_resource, "DCMR");
  content_template.text(tag::template_identifier, template_identifier);
}

}  // namespace

ContentItem ContentItem::root(ItemBuilder dataset, const DicomCode& title, const std::string& template_identifier) {
  dataset.text(tag::value_type, "CONTAINER");
  dataset.code(tag::concept_name_code_sequence, title);
  become_container(dataset, template_identifier);
  return ContentItem(dataset);
}

ContentItem ContentItem::add(const char* relationship, const char* value_type, const std::optional<DicomCode>& name) {
  auto item = item_.add_item(tag::content_sequence);
  item.text(tag::relationship_type, relationship);
  item.text(tag::value_type, value_type);
  if (name) item.code(tag::concept_name_code_sequence, *name);
  return ContentItem(item);
}

ContentItem ContentItem::container(const char* relationship, const DicomCode& name, const std::string& template_identifier) {
  auto added = add(relationship, "CONTAINER", name);
  become_container(added.item_, template_identifier);
  return added;
}

ContentItem ContentItem::code(const char* relationship, const DicomCode& name, const DicomCode& value) {
  auto added = add(relationship, "CODE", name);
  added.item_.code(tag::concept_code_sequence, value);
  return added;
}

ContentItem ContentItem::text(const char* relationship, const DicomCode& name, const std::string& value) {
  auto added = add(relationship, "TEXT", name);
  added.item_.text(tag::text_value, value);
  return added;
}

ContentItem ContentItem::uid(const char* relationship, const DicomCode& name, const std::string& value) {
  auto added = add(relationship, "UIDREF", name);
  added.item_.text(tag::uid, value);
  return added;
}

ContentItem ContentItem::date(const char* relationship, const DicomCode& name, const std::string& value) {
  auto added = add(relationship, "DATE", name);
  added.item_.text(tag::date, value);
  return added;
}

ContentItem ContentItem::number(const char* relationship, const DicomCode& name, double value, const DicomCode& unit) {
  auto added = add(relationship, "NUM", name);
  auto measured = added.item_.add_item(tag::measured_value_sequence);
  measured.code(tag::measurement_units_code_sequence, unit);
  const auto decimal = decimal_string(value);
  measured.text(tag::numeric_value, decimal);
  // Beside a decimal string that had to be shortened stands the value itself (C.18.1).
  if (std::stod(decimal) != value) measured.number(tag::floating_point_value, value);
  return added;
}

ContentItem ContentItem::image(const char* relationship, const std::optional<DicomCode>& name, const std::string& sop_class_uid,
                               const std::string& sop_instance_uid, int frame, int segment) {
  auto added = add(relationship, "IMAGE", name);
  auto reference = added.item_.add_item(tag::referenced_sop_sequence);
  reference.text(tag::referenced_sop_class_uid, sop_class_uid);
  reference.text(tag::referenced_sop_instance_uid, sop_instance_uid);
  if (frame > 0) reference.integer(tag::referenced_frame_number, frame);
  if (segment > 0) reference.integer(tag::referenced_segment_number, segment);
  return added;
}

}  // namespace isocenter::formats
