#include "formats/dicom/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "formats/dicom/dcmtk_setup.h"
#include "formats/dicom/image_header.h"

namespace isocenter::formats {
namespace {

namespace filesystem = std::filesystem;

std::vector<filesystem::path> files_under(const std::vector<filesystem::path>& paths) {
  std::set<filesystem::path> files;
  for (const auto& path : paths) {
    std::error_code fault;
    const auto status = filesystem::status(path, fault);
    if (!filesystem::exists(status)) throw core::InputError("{}: no such file or folder", path.string());
    if (!filesystem::is_directory(status)) {
      files.insert(path);
      continue;
    }
    auto at = filesystem::recursive_directory_iterator(path, filesystem::directory_options::skip_permission_denied, fault);
    if (fault) throw core::InputError("{}: the folder cannot be read ({})", path.string(), fault.message());
    for (const filesystem::recursive_directory_iterator end; at != end; at.increment(fault)) {
      if (fault) throw core::InputError("{}: the folder cannot be read ({})", path.string(), fault.message());
      if (at->is_regular_file(fault)) files.insert(at->path());
    }
  }
  return {files.begin(), files.end()};
}

struct ReadFile {
  enum class Kind { other, index, image, damaged } kind = Kind::other;
  ImageHeader header;
  std::string reason;
};

ReadFile read_file(const filesystem::path& path) {
  ReadFile result;
  if (!is_dicom_file(path)) return result;
  result.kind = ReadFile::Kind::damaged;
  try {
    const auto file = DicomFile::open_damaged(path);
    if (!file.damage().empty()) {
      result.reason = file.damage();
      result.header.series_uid = file.data().text(tag::series_instance_uid);
      return result;
    }
    if (file.is_media_directory()) {
      result.kind = ReadFile::Kind::index;
      return result;
    }
    result.header = image_header(file);
    if (result.header.refusal.empty()) {
      const auto format = pixel_format(file.data());
      result.reason = problem(format);
      if (result.reason.empty() && !file.encapsulated() && file.pixel_data_length() < format.frame_bytes() * format.frames)
        result.reason =
            fmt::format("pixel data of {} bytes where {} are needed", file.pixel_data_length(), format.frame_bytes() * format.frames);
      if (!result.reason.empty()) return result;
    }
    result.kind = ReadFile::Kind::image;
  } catch (const core::InputError& error) {
    result.reason = error.what();
  }
  return result;
}

// The same file under two names is one image; which name is kept does not matter. Tells how many were dropped.
std::size_t drop_copies(std::vector<SliceHeader>& slices) {
  std::map<std::tuple<std::string, int, int>, const SliceHeader*> seen;
  std::set<filesystem::path> copies;
  for (const auto& slice : slices) {
    const auto [place, added] = seen.try_emplace({slice.source.sop_instance_uid, slice.source.frame, slice.source.tile}, &slice);
    if (added || slice.source.sop_instance_uid.empty()) continue;
    const auto& first = place->second->source.file;
    if (copies.contains(slice.source.file)) continue;
    if (filesystem::file_size(first) == filesystem::file_size(slice.source.file) &&
        core::read_bytes(first) == core::read_bytes(slice.source.file))
      copies.insert(slice.source.file);
  }
  std::erase_if(slices, [&](const auto& slice) { return copies.contains(slice.source.file); });
  return copies.size();
}

std::int64_t number_of(const Series& series) {
  try {
    return std::stoll(series.number);
  } catch (const std::exception&) {
    return 0;
  }
}

Series described(const SliceHeader& slice) { return series_of(DicomFile(slice.source.file), slice.source.frame); }

}  // namespace

StudyFolder find_series(const std::vector<filesystem::path>& paths, const core::Progress& progress) {
  prepare_dcmtk();
  const auto files = files_under(paths);
  std::vector<ReadFile> read(files.size());
  const auto step_size = std::max<std::size_t>(1, files.size() / 50);
  // In pieces, so that progress is told by the caller's thread.
  for (std::size_t start = 0; start < files.size(); start += step_size) {
    const auto count = std::min(step_size, files.size() - start);
    core::parallel_each(static_cast<std::int64_t>(count), [&](std::int64_t at) {
      read[start + static_cast<std::size_t>(at)] = read_file(files[start + static_cast<std::size_t>(at)]);
    });
    progress({"reading headers", static_cast<double>(start + count) / static_cast<double>(files.size())});
  }

  StudyFolder folder;
  // Images, then each kind of other object, by series.
  std::map<std::tuple<std::string, std::string, std::string>, std::vector<SliceHeader>> groups;
  std::map<std::string, std::vector<std::string>> damaged_of;
  for (std::size_t at = 0; at < files.size(); ++at) {
    auto& file = read[at];
    switch (file.kind) {
      case ReadFile::Kind::other:
        folder.other_files.push_back(files[at]);
        break;
      case ReadFile::Kind::index:
        break;
      case ReadFile::Kind::damaged:
        folder.damaged.emplace_back(files[at], file.reason);
        damaged_of[file.header.series_uid].push_back(files[at].filename().string());
        break;
      case ReadFile::Kind::image: {
        auto& group = groups[{file.header.study_uid, file.header.series_uid, file.header.refusal}];
        std::move(file.header.slices.begin(), file.header.slices.end(), std::back_inserter(group));
        break;
      }
    }
  }
  if (groups.empty() && !folder.damaged.empty()) {
    const auto& [path, reason] = folder.damaged.front();
    throw core::InputError("{}: a damaged DICOM file: {}", path.string(), reason);
  }

  for (auto& [key, slices] : groups) {
    const auto& [study_uid, series_uid, refusal] = key;
    const auto damaged = damaged_of.find(series_uid);
    const std::string damage = damaged == damaged_of.end() ? ""
                                                           : fmt::format("{} damaged file(s) of this series left out ({})",
                                                                         damaged->second.size(), damaged->second.front());
    if (!refusal.empty()) {
      Series series = described(slices.front());
      series.refusal = refusal;
      series.geometry.size = {slices.front().columns, slices.front().rows, static_cast<std::int64_t>(slices.size())};
      for (auto& slice : slices) series.slices.push_back(std::move(slice.source));
      folder.series.push_back(std::move(series));
      continue;
    }
    const auto copies = drop_copies(slices);
    for (auto& stack : build_stacks(std::move(slices))) {
      Series series = described(stack.slices.front());
      series.geometry = stack.geometry;
      series.refusal = stack.refusal;
      series.warnings = stack.warnings;
      for (const auto& apart : stack.told_apart) series.description += (series.description.empty() ? "" : ", ") + apart;
      if (copies > 0) series.warnings.push_back(fmt::format("{} file(s) are copies of others and were left out", copies));
      if (!damage.empty() && series.refusal.empty()) series.warnings.push_back(damage);
      if (!damage.empty() && !series.refusal.empty()) series.refusal += "; " + damage;
      for (auto& slice : stack.slices) series.slices.push_back(std::move(slice.source));
      folder.series.push_back(std::move(series));
    }
  }
  std::stable_sort(folder.series.begin(), folder.series.end(), [](const Series& a, const Series& b) {
    return std::make_tuple(a.study.uid, number_of(a)) < std::make_tuple(b.study.uid, number_of(b));
  });
  return folder;
}

}  // namespace isocenter::formats
