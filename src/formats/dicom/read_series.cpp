// Pixels of a judged series to a volume.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/parallel.h"
#include "formats/dicom/image_header.h"
#include "formats/dicom/series.h"

namespace isocenter::formats {
namespace {

struct Rescale {
  double slope = 1, intercept = 0;
};

Rescale rescale_in(const Dataset& data) {
  Rescale rescale{data.number(tag::rescale_slope).value_or(1), data.number(tag::rescale_intercept).value_or(0)};
  if (rescale.slope == 0) rescale.slope = 1;  // some scanners write 0 where they mean none
  return rescale;
}

struct Place {
  int frame;
  std::int64_t slice;
};

void read_slices(const std::filesystem::path& path, const std::vector<Place>& places, imaging::Volume& volume) {
  const DicomFile file(path);
  const auto format = pixel_format(file.data());
  const auto fault = problem(format);
  if (!fault.empty()) throw core::InputError("{}: {}", path.string(), fault);
  if (format.samples != 1 || format.bits_allocated == 1) throw core::InputError("{}: no grey-scale image", path.string());
  if (format.columns != volume.geometry.size[0] || format.rows != volume.geometry.size[1])
    throw core::InputError("{}: {} x {} pixels in a series of {} x {}; the file changed since its header was read", path.string(),
                           format.columns, format.rows, volume.geometry.size[0], volume.geometry.size[1]);
  const FunctionalGroups groups(file.data());
  for (const auto& place : places) {
    const int frame = std::max(0, place.frame - 1);
    auto bytes = file.frame_bytes(frame, format);
    mask_unused_bits(bytes, format);
    const auto transformation = place.frame > 0 ? groups.macro(frame, tag::pixel_value_transformation_sequence) : Dataset();
    const auto rescale = rescale_in(transformation.empty() ? file.data() : transformation);
    const std::span<float> values(volume.voxels.data() + place.slice * format.pixels(), static_cast<std::size_t>(format.pixels()));
    to_values(bytes, format, rescale.slope, rescale.intercept, values);
  }
}

}  // namespace

imaging::Volume read_series(const Series& series, const core::Progress& progress) {
  if (!series.refusal.empty()) throw core::InputError("series {} ({}) is no volume: {}", series.number, series.description, series.refusal);
  if (static_cast<std::int64_t>(series.slices.size()) != series.geometry.size[2])
    throw std::logic_error("a series with another number of slices than its geometry");

  std::map<std::filesystem::path, std::vector<Place>> by_file;
  for (std::size_t at = 0; at < series.slices.size(); ++at)
    by_file[series.slices[at].file].push_back({series.slices[at].frame, static_cast<std::int64_t>(at)});
  const std::vector<std::pair<std::filesystem::path, std::vector<Place>>> files(by_file.begin(), by_file.end());

  imaging::Volume volume(series.geometry);
  const auto what = fmt::format("reading {} slices", series.slices.size());
  const auto step_size = std::max<std::size_t>(1, files.size() / 20);
  for (std::size_t start = 0; start < files.size(); start += step_size) {
    const auto count = std::min(step_size, files.size() - start);
    core::parallel_each(static_cast<std::int64_t>(count), [&](std::int64_t at) {
      const auto& [path, places] = files[start + static_cast<std::size_t>(at)];
      read_slices(path, places, volume);
    });
    progress({what, static_cast<double>(start + count) / static_cast<double>(files.size())});
  }
  return volume;
}

}  // namespace isocenter::formats
