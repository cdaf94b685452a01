#include "apps/isocenter/input_volume.h"

#include "core/error.h"
#include "formats/volume/volume_file.h"

namespace isocenter::apps {

InputVolume read_input_volume(const std::filesystem::path& path, const std::string& series_uid, const core::Progress& progress) {
  if (!std::filesystem::exists(path)) throw core::InputError("{}: no such file or folder", path.string());
  if (!std::filesystem::is_directory(path) && formats::is_volume_file(path)) return {formats::read_volume(path), std::nullopt};
  const formats::StudyFolder folder = formats::find_series({path}, progress);
  if (folder.series.empty()) {
    if (!folder.damaged.empty()) throw core::InputError("{}: {}", folder.damaged[0].first.string(), folder.damaged[0].second);
    throw core::InputError("{}: neither a volume file (NIfTI, MGH, NRRD, MetaImage) nor DICOM", path.string());
  }
  const formats::Series* chosen = nullptr;
  std::string several, refused;
  for (const auto& series : folder.series) {
    if (!series_uid.empty() && series.uid != series_uid) continue;
    if (!series.refusal.empty()) {
      refused += fmt::format("; '{}': {}", series.description, series.refusal);
      continue;
    }
    several += fmt::format("; '{}' {}", series.description, series.uid);
    if (chosen && several.size())
      throw core::InputError("{}: several series could be meant, choose one with --series{}", path.string(), several);
    chosen = &series;
  }
  if (!chosen) throw core::InputError("{}: no series here can be read as a volume{}", path.string(), refused);
  return {formats::read_series(*chosen, progress), *chosen};
}

}  // namespace isocenter::apps
