#include "reports/study_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "formats/volume/volume_file.h"
#include "reports/acquisition.h"
#include "reports/content.h"
#include "reports/dicom_objects.h"
#include "reports/figures.h"
#include "reports/html.h"
#include "reports/json.h"
#include "reports/machine.h"
#include "reports/measure.h"
#include "reports/model_card.h"
#include "reports/pdf.h"
#include "reports/prior.h"
#include "reports/quality.h"
#include "reports/text.h"

#ifndef ISOCENTER_VERSION
#define ISOCENTER_VERSION "0"
#endif

namespace isocenter::reports {
namespace {

namespace fs = std::filesystem;

constexpr float lowest_value_of_mr = -500;  // air in a CT is about -1000 HU; an MR magnitude image has no such values

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void check_values(const StudyInput& study, const Choice& choice, const imaging::Volume& volume) {
  const auto [low, high] = std::ranges::minmax_element(volume.voxels);
  if (*low == *high)
    throw core::InputError("{}: every voxel of {} has the value {}; there is no image in it", study.shown,
                           name_of(study.series[choice.series]), *low);
  const auto& modalities = choice.package.input.modalities;
  const bool reads_ct = modalities.empty() || std::ranges::find(modalities, "CT") != modalities.end();
  if (study.from_dicom || reads_ct || *low > lowest_value_of_mr) return;
  const auto airy = std::ranges::count_if(volume.voxels, [](float value) { return value <= lowest_value_of_mr; });
  if (static_cast<double>(airy) > 0.05 * static_cast<double>(volume.voxels.size()))
    throw core::InputError("{}: its values go down to {:.0f} as in CT (Hounsfield units), and {} reads {}; give such an image", study.shown,
                           *low, choice.package.name, modalities[0]);
}

// The package's own errors speak of "the volume"; the user gave a path.
models::Segmentation segment_named(const StudyInput& study, const Choice& choice, const imaging::Volume& volume,
                                   const ReportOptions& options) {
  try {
    models::Segmentation segmentation = models::segment(choice.package, volume, options.precision, options.progress);
    if (const auto why = models::absence(choice.package, segmentation)) throw core::InputError(*why);
    return segmentation;
  } catch (const core::InputError& error) {
    const std::string what = error.what();
    if (what.starts_with(study.shown)) throw;
    throw core::InputError("{}: {}", study.shown, what);
  }
}

std::string spacing_text(const imaging::Vector3& spacing) {
  if (spacing[0] == spacing[1] && spacing[1] == spacing[2]) return fmt::format("{} mm", format_number(spacing[0], 1));
  return fmt::format("{} \u00d7 {} \u00d7 {} mm", format_number(spacing[0], 1), format_number(spacing[1], 1), format_number(spacing[2], 1));
}

std::string method_text(const models::Package& package, const Findings& findings) {
  const auto measured =
      std::ranges::count_if(package.labels, [](const models::Label& label) { return label.value != 0 && label.measured; });
  std::string text = fmt::format(
      "The series was resampled to {} in the patient's axes, its intensities were scaled, and the network of the model package {} {} ({}) "
      "assigned "
      "each voxel to one of {} structures. The labels were carried back to the series' own grid for the pictures{}. A volume is the sum of "
      "the "
      "structure's probabilities times the volume of a voxel of the network's grid.",
      spacing_text(package.input.spacing_mm), package.name, package.version, package.title, measured,
      findings.from_dicom ? " and the segmentation object" : " and the label map");
  if (sum_ml(findings, intracranial_volume) > 0)
    text += " The intracranial volume is the sum of all structures inside of the skull, fluid included.";
  text += fmt::format(" Training data, accuracy and known failures of the model: its card ({}/card.md).", package.name);
  return text;
}

std::vector<std::string> limits_of(const models::Package& package) {
  std::vector<std::string> limits = {
      "The volumes are not compared with those of a population: nothing here says whether they are normal for the patient's age, sex or "
      "head size.",
      "Tumours, haemorrhages, resections and other lesions are not recognised; in and near them the assignment to structures may be "
      "wrong."};
  for (std::string& limit : card_limits(package.folder)) limits.push_back(std::move(limit));
  return limits;
}

std::vector<SeriesLeftAside> left_aside(const StudyInput& study, const Choice& choice) {
  std::vector<SeriesLeftAside> aside;
  for (std::size_t n = 0; n < study.series.size(); ++n) {
    const formats::Series& series = study.series[n];
    if (n == choice.series) continue;
    std::string name = series.description;
    if (!series.number.empty()) name += (name.empty() ? "series " : " (series ") + series.number + (name.empty() ? "" : ")");
    aside.push_back({name, series.modality, choice.reasons[n]});
  }
  for (const auto& [file, reason] : study.damaged)
    aside.push_back({fs::path(file).filename().string(), "", "The file is damaged: " + reason + "."});
  return aside;
}

Manifest manifest_of(const models::Package& package, const models::Segmentation& segmentation, const ReportOptions& options) {
  Manifest made;
  made.program_version = ISOCENTER_VERSION;
  made.model_name = package.name;
  made.model_version = package.version;
  made.model_sha256 = package.weights_sha256;
  made.model_license = package.license;
  made.precision = segmentation.precision == engine::Precision::bf16 ? "bf16" : "f32";
  made.processor = processor_name();
  made.created = now_utc();
  made.threads = core::thread_count();
  made.settings["model choice"] = options.model.empty() ? "among the installed ones" : "by name: " + options.model;
  if (options.prior) made.settings["prior"] = options.prior->string();
  return made;
}

std::vector<std::pair<std::string, std::string>> files_of(const Findings& findings) {
  std::vector<std::pair<std::string, std::string>> files = {{"report.pdf", "this report for printing"},
                                                            {"report.json", "the same findings for programs (schema report-1)"},
                                                            {"labels.nii.gz", "the label map on the grid of the series"}};
  if (findings.from_dicom) {
    files.emplace_back("segmentation.dcm", "the label map as DICOM segmentation");
    files.emplace_back("measurements.dcm", "the volumes as DICOM structured report (TID 1500)");
  }
  return files;
}

void add_source_flags(Findings& findings, const StudyInput& study) {
  if (!study.from_dicom) {
    findings.flags.push_back(
        {Severity::note,
         fmt::format("The input is a volume file: it states no modality (taken to be {}) and no patient, and DICOM objects were "
                     "not written.",
                     findings.used.modality),
         "", "volume-file"});
  }
  if (!study.damaged.empty())
    findings.flags.push_back(
        {Severity::warning,
         fmt::format("{} file{} of the study {} damaged and {} left out.", study.damaged.size(), study.damaged.size() == 1 ? "" : "s",
                     study.damaged.size() == 1 ? "is" : "are", study.damaged.size() == 1 ? "was" : "were"),
         "", "damaged-files"});
}

}  // namespace

Findings findings_of(const StudyInput& study, const Choice& choice, const imaging::Volume& volume, const models::Segmentation& segmentation,
                     const std::optional<PriorReport>& prior) {
  const formats::Series& series = study.series[choice.series];
  const models::Package& package = choice.package;
  Findings findings;
  findings.title = package.title;
  findings.patient = series.patient;
  findings.study = series.study;
  findings.from_dicom = study.from_dicom;
  findings.used = describe_series(series);
  if (!study.from_dicom) findings.used.files = {study.volume_files[choice.series]};
  findings.left_aside = left_aside(study, choice);
  measure(findings, package, segmentation);
  add_source_flags(findings, study);
  judge_quality(findings);
  findings.method = method_text(package, findings);
  findings.limits = limits_of(package);
  findings.files = files_of(findings);
  findings.manifest.model_name = package.name;
  findings.manifest.model_version = package.version;
  if (prior) compare_with_prior(findings, *prior);
  findings.figures = draw_figures(volume, segmentation.labels, package.labels);
  return findings;
}

void write_report(const fs::path& folder, const Findings& findings, const StudyInput& study, const Choice& choice,
                  const imaging::LabelMap& labels) {
  core::write_text(folder / "report.html", html(findings));
  core::write_bytes(folder / "report.pdf", pdf(findings));
  core::write_text(folder / "report.json", json(findings));
  formats::write_label_map(folder / "labels.nii.gz", labels);
  if (findings.from_dicom) write_dicom_objects(folder, findings, study.series[choice.series], labels);
}

Findings report_on(StudyInput study, const fs::path& output, const ReportOptions& options) {
  const Stopwatch whole;
  const Choice choice = choose(study, options.model);
  std::optional<PriorReport> prior;
  if (options.prior) {
    prior = read_prior(*options.prior);
    check_same_patient(study.series[choice.series].patient, *prior);  // a wrong one is refused before the long part
  }
  const imaging::Volume volume = read_volume_of(study, choice.series, options.progress);
  check_values(study, choice, volume);
  const double seconds_reading = whole.seconds();

  Findings findings;
  // All of the rest happens inside, so that a folder that cannot be written is refused before the long part too.
  core::write_folder(output, [&](const fs::path& folder) {
    const Stopwatch segmenting;
    const models::Segmentation segmentation = segment_named(study, choice, volume, options);
    const double seconds_segmenting = segmenting.seconds();
    const Stopwatch describing;
    findings = findings_of(study, choice, volume, segmentation, prior);
    findings.manifest = manifest_of(choice.package, segmentation, options);
    findings.manifest.seconds = {
        {"reading", seconds_reading}, {"segmenting", seconds_segmenting}, {"measuring and drawing", describing.seconds()}};
    findings.manifest.peak_memory_mb = peak_memory_mb();
    write_report(folder, findings, study, choice, segmentation.labels);
  });
  return findings;
}

}  // namespace isocenter::reports
