#include <algorithm>

#include "core/error.h"
#include "formats/volume/volume_file.h"
#include "imaging/resample.h"
#include "methods/generation/brain_id/generator.h"
#include "methods/generation/brain_id/output_classes.h"

namespace isocenter::methods::brain_id {

AnatomySet load_anatomies(const std::filesystem::path& label_table, const std::vector<std::filesystem::path>& maps) {
  AnatomySet set;
  set.table = read_label_table(label_table);
  for (const auto& output : output_classes()) set.mirrored_class.push_back(output.partner);
  for (const auto& file : maps) {
    // In LPS the first axis runs to the patient's left, so that a flip of x exchanges the sides.
    const imaging::LabelMap labels = imaging::reorient(formats::read_label_map(file), "LPS");
    std::vector<int> row_by_label(65536, -1);
    Anatomy anatomy;
    anatomy.name = file.filename().string();
    anatomy.geometry = labels.geometry;
    anatomy.rows.resize(labels.voxels.size());
    imaging::Vector3 sum{};
    std::int64_t inside = 0;
    std::size_t at = 0;
    for (std::int64_t k = 0; k < labels.geometry.size[2]; ++k)
      for (std::int64_t j = 0; j < labels.geometry.size[1]; ++j)
        for (std::int64_t i = 0; i < labels.geometry.size[0]; ++i, ++at) {
          int& row = row_by_label[labels.voxels[at]];
          if (row < 0) row = set.table.row_of(labels.voxels[at], file.string());
          anatomy.rows[at] = static_cast<std::uint8_t>(row);
          if (set.table.rows[row].output_class == 0) continue;
          ++inside;
          sum[0] += static_cast<double>(i), sum[1] += static_cast<double>(j), sum[2] += static_cast<double>(k);
        }
    if (inside == 0) throw core::InputError("{}: holds no structure of the brain", file.string());
    for (auto& value : sum) value /= static_cast<double>(inside);
    anatomy.centre_mm = anatomy.geometry.point_mm(sum);
    set.anatomies.push_back(std::move(anatomy));
  }
  if (set.anatomies.empty()) throw core::InputError("{}: no label maps beside it", label_table.string());
  return set;
}

}  // namespace isocenter::methods::brain_id
