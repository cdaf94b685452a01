#include "reports/study_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string_view>

#include "core/error.h"
#include "formats/volume/volume_file.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

namespace fs = std::filesystem;

std::string shown_inputs(const std::vector<fs::path>& inputs) {
  if (inputs.size() == 1) return inputs[0].string();
  return fmt::format("{} and {} more", inputs[0].string(), inputs.size() - 1);
}

// A volume file as a series, so that it is judged and chosen by the same rules.
formats::Series series_of_file(const fs::path& file) {
  const formats::VolumeHeader header = formats::read_volume_header(file);
  formats::Series series;
  series.description = file.filename().string();
  series.geometry = header.geometry;
  if (header.channels > 1)
    series.refusal = fmt::format("it holds {} volumes (time points or components); give one", header.channels);
  else if (looks_like_label_map(file))
    series.refusal = "its name says that it is a label map, not an image";
  if (const auto note = header.text.find("description"); note != header.text.end()) series.protocol = note->second;
  return series;
}

void refuse_mixed(const StudyInput& study) {
  std::map<std::string, formats::Patient> patients;
  std::map<std::string, std::string> studies;  // UID to date
  for (const formats::Series& series : study.series) {
    patients.try_emplace(series.patient.id.empty() ? series.patient.name : series.patient.id, series.patient);
    studies.try_emplace(series.study.uid, show_date(series.study.date));
  }
  if (patients.size() > 1) {
    std::string names;
    std::size_t n = 0;
    for (const auto& [key, patient] : patients) {
      if (++n > 4) break;
      names += (names.empty() ? "" : ", ") + shown_patient(patient);
    }
    throw core::InputError("{}: holds images of {} patients ({}{}); give one patient's study, or use --cohort for a report on each",
                           study.shown, patients.size(), names, patients.size() > 4 ? ", ..." : "");
  }
  if (studies.size() > 1) {
    std::string dates;
    for (const auto& [uid, date] : studies) dates += (dates.empty() ? "" : ", ") + (date.empty() ? "no date" : date);
    throw core::InputError("{}: holds {} studies of one patient ({}); give one study, or use --cohort for a report on each", study.shown,
                           studies.size(), dates);
  }
}

// By its name: what calls itself a volume and is none deserves the reader's own words on what is wrong with it.
bool is_called_volume(const fs::path& file) {
  std::string name = file.filename().string();
  std::ranges::transform(name, name.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  constexpr std::array<std::string_view, 8> endings = {".nii", ".nii.gz", ".mgh", ".mgz", ".nrrd", ".nhdr", ".mha", ".mhd"};
  return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

// Of several files a damaged one is a series that cannot be used; of one it is the answer.
formats::Series series_of_file(const fs::path& file, bool alone) {
  if (alone) return series_of_file(file);
  try {
    return series_of_file(file);
  } catch (const core::InputError& error) {
    formats::Series series;
    series.description = file.filename().string();
    series.refusal = error.what();
    return series;
  }
}

[[noreturn]] void refuse_empty(const StudyInput& study, const formats::StudyFolder& found) {
  if (!found.damaged.empty())
    throw core::InputError("{}: {}{}", found.damaged[0].first.string(), found.damaged[0].second,
                           found.damaged.size() > 1 ? fmt::format(" ({} files more are damaged)", found.damaged.size() - 1) : "");
  if (found.other_files.empty()) throw core::InputError("{}: is empty; give a folder of DICOM files or a NIfTI file", study.shown);
  throw core::InputError("{}: none of {} file{} is an image that can be read (the first is {}); give DICOM files or a NIfTI file",
                         study.shown, found.other_files.size(), found.other_files.size() == 1 ? "" : "s",
                         found.other_files[0].filename().string());
}

}  // namespace

bool looks_like_label_map(const fs::path& file) {
  std::string name = file.filename().string();
  std::ranges::transform(name, name.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  std::string word;
  for (const char letter : name + " ") {
    if (std::isalnum(static_cast<unsigned char>(letter))) {
      word += letter;
      continue;
    }
    if (word == "seg" || word == "segmentation" || word == "label" || word == "labels" || word == "mask" || word == "aseg" ||
        word == "dseg")
      return true;
    word.clear();
  }
  return false;
}

std::string shown_patient(const formats::Patient& patient) {
  const std::string name = printable(show_person_name(patient.name)), id = printable(patient.id);
  if (id.empty()) return name.empty() ? "without ID and name" : name;
  return name.empty() ? id : fmt::format("{} ({})", id, name);
}

std::vector<fs::path> volume_files_under(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return formats::is_volume_file(path) ? std::vector{path} : std::vector<fs::path>{};
  std::vector<fs::path> files;
  for (auto entry = fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error))
    if (entry->is_regular_file(error) && formats::is_volume_file(entry->path())) files.push_back(entry->path());
  std::ranges::sort(files);
  // A pair of header and pixels is one volume.
  std::erase_if(files, [&](const fs::path& file) {
    return file.extension() == ".img" && std::ranges::binary_search(files, fs::path(file).replace_extension(".hdr"));
  });
  return files;
}

StudyInput read_study(const std::vector<fs::path>& inputs, const core::Progress& progress) {
  if (inputs.empty()) throw core::InputError("no study was given; name a folder of DICOM files or a NIfTI file");
  std::error_code error;
  for (const fs::path& input : inputs)
    if (!fs::exists(input, error)) throw core::InputError("{}: no such file or folder", input.string());
  StudyInput study;
  study.shown = shown_inputs(inputs);

  std::vector<fs::path> volumes, others;
  for (const fs::path& input : inputs) {
    const bool is_volume =
        !fs::is_directory(input, error) && (formats::is_volume_file(input) || (is_called_volume(input) && !formats::is_dicom_file(input)));
    (is_volume ? volumes : others).push_back(input);
  }
  formats::StudyFolder found;
  if (!others.empty()) found = formats::find_series(others, progress);
  study.series = std::move(found.series);
  if (!study.series.empty()) {
    if (!volumes.empty())
      throw core::InputError("{}: DICOM and other volume files are given together; give the study in one form", study.shown);
    for (const auto& [file, reason] : found.damaged) study.damaged.emplace_back(file.string(), reason);
    refuse_mixed(study);
    return study;
  }
  for (const fs::path& folder : others)
    for (const fs::path& file : volume_files_under(folder)) volumes.push_back(file);
  if (volumes.empty()) refuse_empty(study, found);
  study.from_dicom = false;
  for (const fs::path& file : volumes) {
    study.series.push_back(series_of_file(file, volumes.size() == 1));
    study.volume_files.push_back(file);
  }
  return study;
}

imaging::Volume read_volume_of(const StudyInput& study, std::size_t series, const core::Progress& progress) {
  if (study.from_dicom) return formats::read_series(study.series[series], progress);
  return formats::read_volume(study.volume_files[series]);
}

}  // namespace isocenter::reports
