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
  int frame, tile;
  std::int64_t slice;
};

// One tile of a mosaic, whose tiles fill the picture row by row.
void copy_tile(const std::vector<float>& picture, const PixelFormat& format, int tile, const imaging::Index3& size,
               std::span<float> values) {
  const std::int64_t per_row = format.columns / size[0];
  const std::int64_t first = (tile - 1) / per_row * size[1] * format.columns + (tile - 1) % per_row * size[0];
  for (std::int64_t row = 0; row < size[1]; ++row)
    std::copy_n(picture.data() + first + row * format.columns, size[0], values.data() + row * size[0]);
}

bool tile_fits(const PixelFormat& format, int tile, const imaging::Index3& size) {
  return format.columns % size[0] == 0 && format.rows % size[1] == 0 && tile <= format.columns / size[0] * (format.rows / size[1]);
}

void read_slices(const std::filesystem::path& path, const std::vector<Place>& places, imaging::Volume& volume) {
  const DicomFile file(path);
  const auto format = pixel_format(file.data());
  const auto fault = problem(format);
  if (!fault.empty()) throw core::InputError("{}: {}", path.string(), fault);
  if (format.samples != 1 || format.bits_allocated == 1) throw core::InputError("{}: no grey-scale image", path.string());
  const FunctionalGroups groups(file.data());
  const auto& size = volume.geometry.size;
  std::vector<float> picture(static_cast<std::size_t>(format.pixels()));
  int decoded = -1;
  for (const auto& place : places) {
    const bool fits = place.tile > 0 ? tile_fits(format, place.tile, size) : format.columns == size[0] && format.rows == size[1];
    if (!fits)
      throw core::InputError("{}: {} x {} pixels in a series of {} x {}; the file changed since its header was read", path.string(),
                             format.columns, format.rows, size[0], size[1]);
    const std::span<float> values(volume.voxels.data() + place.slice * size[0] * size[1], static_cast<std::size_t>(size[0] * size[1]));
    const int frame = std::max(0, place.frame - 1);
    if (frame != decoded) {
      auto bytes = file.frame_bytes(frame, format);
      mask_unused_bits(bytes, format);
      const auto transformation = place.frame > 0 ? groups.macro(frame, tag::pixel_value_transformation_sequence) : Dataset();
      const auto rescale = rescale_in(transformation.empty() ? file.data() : transformation);
      to_values(bytes, format, rescale.slope, rescale.intercept, picture);
      decoded = frame;
    }
    if (place.tile > 0)
      copy_tile(picture, format, place.tile, size, values);
    else
      std::copy(picture.begin(), picture.end(), values.begin());
  }
}

}  // namespace

imaging::Volume read_series(const Series& series, const core::Progress& progress) {
  if (!series.refusal.empty()) throw core::InputError("series {} ({}) is no volume: {}", series.number, series.description, series.refusal);
  if (static_cast<std::int64_t>(series.slices.size()) != series.geometry.size[2])
    throw std::logic_error("a series with another number of slices than its geometry");

  std::map<std::filesystem::path, std::vector<Place>> by_file;
  for (std::size_t at = 0; at < series.slices.size(); ++at)
    by_file[series.slices[at].file].push_back({series.slices[at].frame, series.slices[at].tile, static_cast<std::int64_t>(at)});
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
