#include "reports/dicom_objects.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "reports/content.h"
#include "reports/terminology.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

constexpr std::size_t longest_code_value = 16, longest_meaning = 64;

formats::DicomCode coded(const Term& entry) { return {std::string(entry.value), std::string(entry.scheme), std::string(entry.meaning)}; }

formats::DicomCode code_of(std::string_view key) { return coded(term(key)); }

// A structure that its package gives no code is named by a private one made of its name.
formats::DicomCode code_of(const models::Label& label) {
  if (!label.code.scheme.empty() && !label.code.value.empty()) return {label.code.value, label.code.scheme, label.code.meaning};
  std::string value;
  for (const char letter : label.structure)
    value += std::isalnum(static_cast<unsigned char>(letter)) ? static_cast<char>(std::tolower(static_cast<unsigned char>(letter))) : '-';
  return {value.substr(0, longest_code_value), "99ISOCENTER", capitalized(label.structure).substr(0, longest_meaning)};
}

std::optional<formats::DicomCode> laterality_of(models::Side side) {
  if (side == models::Side::left) return code_of("left");
  if (side == models::Side::right) return code_of("right");
  return std::nullopt;
}

// What a person can use of a decimal string: a thousandth of a millilitre, a hundredth of a percent.
double rounded(double value, double step) { return std::round(value / step) * step; }

formats::Measurement volume(double ml) { return {code_of("volume"), rounded(ml, 0.001), code_of("cubic-centimeter"), {}}; }
formats::Measurement percent(std::string_view key, double value) { return {code_of(key), rounded(value, 0.01), code_of("percent"), {}}; }

std::optional<formats::DicomCode> site_of_sum(const std::string& name) {
  if (name == intracranial_volume) return code_of("intracranial-structure");
  if (name == "brain" || name == "brain without ventricles") return code_of("brain");
  return std::nullopt;
}

formats::MeasurementGroup group_of(const Findings& findings, const StructureFinding& finding) {
  formats::MeasurementGroup group;
  group.tracking_id = finding.label.name;
  group.finding = code_of("anatomical-structure");
  group.finding_site = code_of(finding.label);
  group.laterality = laterality_of(finding.label.side);
  group.measurements.push_back(volume(finding.volume_ml));
  if (finding.share_of_intracranial) group.measurements.push_back(percent("share-of-intracranial", 100 * *finding.share_of_intracranial));
  if (finding.label.side == models::Side::left)
    for (const Asymmetry& asymmetry : findings.asymmetries)
      if (asymmetry.structure == finding.label.structure) group.measurements.push_back(percent("asymmetry-index", asymmetry.index_percent));
  group.measurements.push_back(percent("mean-probability", 100 * finding.confidence));
  if (finding.prior_volume_ml && *finding.prior_volume_ml > 0)
    group.measurements.push_back(percent("volume-change", 100 * (finding.volume_ml - *finding.prior_volume_ml) / *finding.prior_volume_ml));
  return group;
}

}  // namespace

std::vector<formats::Segment> segments_of(const Findings& findings) {
  std::vector<formats::Segment> segments;
  for (const StructureFinding& finding : findings.structures) {
    if (!finding.label.measured) continue;
    const models::Label& label = finding.label;
    segments.push_back({label.value, label.name, code_of("anatomical-structure"), code_of(label), laterality_of(label.side), label.color});
  }
  return segments;
}

formats::MeasurementReport measurement_report(const Findings& findings, const std::map<std::uint16_t, int>& segment_numbers,
                                              const std::string& segmentation_uid) {
  formats::MeasurementReport report;
  const std::string& modality = findings.used.modality;
  report.procedure = code_of(modality == "MR" ? "procedure-mr" : modality == "CT" ? "procedure-ct" : "procedure-other");
  report.segmentation_uid = segmentation_uid;
  for (const auto& [name, ml] : findings.sums_ml) {
    formats::MeasurementGroup group;
    group.tracking_id = name;
    group.finding = code_of("anatomical-structure");
    group.finding_site = site_of_sum(name);
    group.measurements.push_back(volume(ml));
    report.groups.push_back(std::move(group));
  }
  for (const StructureFinding& finding : findings.structures) {
    const auto number = segment_numbers.find(finding.label.value);
    if (!finding.label.measured || number == segment_numbers.end()) continue;
    formats::MeasurementGroup group = group_of(findings, finding);
    group.segment_number = number->second;
    report.groups.push_back(std::move(group));
  }
  const bool flagged = std::ranges::any_of(findings.flags, [](const QualityFlag& flag) { return flag.severity != Severity::note; });
  report.evaluations.push_back({code_of("image-quality"), code_of(flagged ? "quality-flagged" : "quality-good")});
  report.comments.push_back(content(findings).notice);
  for (const QualityFlag& flag : findings.flags) report.comments.push_back(printable(flag.what));
  for (const std::string& limit : findings.limits) report.comments.push_back(printable(limit));
  return report;
}

formats::Creator creator_of(const Findings& findings, const formats::Series& source) {
  formats::Creator creator;
  creator.version = findings.manifest.program_version;
  creator.algorithm_name = findings.manifest.model_name;
  creator.algorithm_version = findings.manifest.model_version;
  creator.content_date = !source.date.empty() ? source.date : source.study.date;
  creator.content_time = !source.time.empty() ? source.time : source.study.time;
  return creator;
}

void write_dicom_objects(const std::filesystem::path& folder, const Findings& findings, const formats::Series& source,
                         const imaging::LabelMap& labels) {
  const formats::Creator creator = creator_of(findings, source);
  const std::vector<formats::Segment> segments = segments_of(findings);
  const std::string uid = formats::write_segmentation(folder / "segmentation.dcm", source, labels, segments, creator);
  formats::write_measurement_report(folder / "measurements.dcm", source,
                                    measurement_report(findings, formats::segment_numbers(labels, segments), uid), creator);
}

}  // namespace isocenter::reports
