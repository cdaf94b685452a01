// The content tree of a structured report (PS3.3 C.17.3), item by item.
#pragma once

#include <optional>
#include <string>

#include "formats/dicom/dicom_builder.h"

namespace isocenter::formats {

// How an item relates to its parent (C.17.3.2.4).
inline constexpr const char* contains = "CONTAINS";
inline constexpr const char* has_observation_context = "HAS OBS CONTEXT";
inline constexpr const char* has_acquisition_context = "HAS ACQ CONTEXT";
inline constexpr const char* has_concept_modifier = "HAS CONCEPT MOD";

class ContentItem {
 public:
  // The root: a container with a title, made after a template of PS3.16.
  static ContentItem root(ItemBuilder dataset, const DicomCode& title, const std::string& template_identifier);

  ContentItem container(const char* relationship, const DicomCode& name, const std::string& template_identifier = "");
  ContentItem code(const char* relationship, const DicomCode& name, const DicomCode& value);
  ContentItem text(const char* relationship, const DicomCode& name, const std::string& value);
  ContentItem uid(const char* relationship, const DicomCode& name, const std::string& value);
  ContentItem date(const char* relationship, const DicomCode& name, const std::string& value);
  ContentItem number(const char* relationship, const DicomCode& name, double value, const DicomCode& unit);
  // An image, or a segment of a segmentation; without a name where the template gives none.
  ContentItem image(const char* relationship, const std::optional<DicomCode>& name, const std::string& sop_class_uid,
                    const std::string& sop_instance_uid, int frame = 0, int segment = 0);

 private:
  explicit ContentItem(ItemBuilder item) : item_(item) {}
  ContentItem add(const char* relationship, const char* value_type, const std::optional<DicomCode>& name);
  ItemBuilder item_;
};

}  // namespace isocenter::formats
