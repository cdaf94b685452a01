#include "measures/relabel.h"

#include <vector>

#include "measures/grid_check.h"

namespace isocenter::measures {

void relabel(imaging::LabelMap& labels, const Relabelling& to, bool others_to_background) {
  std::vector<std::uint16_t> table(65536);
  for (std::size_t value = 0; value < table.size(); ++value) table[value] = others_to_background ? 0 : static_cast<std::uint16_t>(value);
  for (const auto& [from, value] : to) table[from] = value;
  for (auto& voxel : labels.voxels) voxel = table[voxel];
}

Relabelling assign_regions(const imaging::LabelMap& prediction, const imaging::LabelMap& reference) {
  require_same_grid(prediction.geometry, reference.geometry, "prediction", "reference");
  std::map<std::pair<std::uint16_t, std::uint16_t>, std::int64_t> overlap;
  for (std::size_t i = 0; i < reference.voxels.size(); ++i) ++overlap[{reference.voxels[i], prediction.voxels[i]}];
  Relabelling best;
  std::map<std::uint16_t, std::int64_t> most;
  for (const auto& [pair, count] : overlap)
    if (const auto& [region, label] = pair; count > most[region]) {
      most[region] = count;
      best[region] = label;
    }
  return best;
}

}  // namespace isocenter::measures
