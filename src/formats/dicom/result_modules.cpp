#include "formats/dicom/result_modules.h"

#include "formats/dicom/content_uid.h"

namespace isocenter::formats {

std::string series_uid_of(const std::string& sop_instance_uid) { return content_uid("series of " + sop_instance_uid); }

void add_common_modules(ItemBuilder root, const Series& source, const ResultSeries& series, const Creator& creator) {
  root.text(tag::patient_name, source.patient.name);
  root.text(tag::patient_id, source.patient.id);
  root.text(tag::patient_birth_date, source.patient.birth_date);
  root.text(tag::patient_sex, source.patient.sex);
  if (!source.patient.age.empty()) root.text(tag::patient_age, source.patient.age);

  root.text(tag::study_instance_uid, source.study.uid);
  root.text(tag::study_id, source.study.id);
  root.text(tag::study_date, source.study.date);
  root.text(tag::study_time, source.study.time);
  root.text(tag::accession_number, source.study.accession_number);
  root.text(tag::referring_physician_name, source.study.referring_physician);
  if (!source.study.description.empty()) root.text(tag::study_description, source.study.description);

  root.text(tag::modality, series.modality);
  root.text(tag::series_instance_uid, series.uid);
  root.text(tag::series_number, series.number);
  root.text(tag::series_description, limited(series.description, 64));
  root.text(tag::series_date, creator.content_date);
  root.text(tag::series_time, creator.content_time);

  root.text(tag::manufacturer, limited(creator.manufacturer, 64));
  root.text(tag::manufacturer_model_name, limited(creator.model, 64));
  root.text(tag::device_serial_number, limited(creator.serial, 64));
  root.text(tag::software_versions, limited(creator.version.empty() ? "unknown" : creator.version, 64));

  root.text(tag::instance_number, "1");
  root.text(tag::content_date, creator.content_date);
  root.text(tag::content_time, creator.content_time);
}

}  // namespace isocenter::formats
