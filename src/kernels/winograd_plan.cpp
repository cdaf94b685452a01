#include "kernels/winograd_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace isocenter::kernels {

const std::vector<WinogradTile>& winograd_tiles() {
  static const std::vector<WinogradTile> tiles = {
      {"winograd-2-2-2", {2, 2, 2}, 1e-6, 2e-6},   {"winograd-2-2-4", {2, 2, 4}, 2e-6, 4e-6}, {"winograd-2-4-4", {2, 4, 4}, 4e-6, 8e-6},
      {"winograd-4-4-4", {4, 4, 4}, 1.2e-5, 2e-5}, {"winograd-1-2-2", {1, 2, 2}, 1e-6, 2e-6}, {"winograd-1-2-4", {1, 2, 4}, 1e-6, 3e-6},
      {"winograd-1-4-4", {1, 4, 4}, 3e-6, 6e-6},
  };
  return tiles;
}

std::optional<std::string> winograd_grid(const GatherProblem& p, const WinogradTile& tile, WinogradGrid& grid) {
  if (winograd_lanes() == 0) return "this processor has no vectors";
  if (p.groups != 1) return "groups";
  for (int axis = 0; axis < 3; ++axis) {
    if (p.phases[axis].size() != 1) return fmt::format("the stride along axis {} is not one", axis);
    const Phase& phase = p.phases[axis].front();
    if (phase.source_step != 1) return fmt::format("the stride along axis {} is not one", axis);
    const std::size_t taps = tile.r[axis] == 1 ? 1 : 3;
    if (phase.taps.size() != taps) return fmt::format("{} taps along axis {}", phase.taps.size(), axis);
    for (std::size_t i = 1; i < taps; ++i)
      if (phase.taps[i].offset != phase.taps[0].offset + static_cast<std::int64_t>(i)) return fmt::format("dilation along axis {}", axis);
    grid.r[axis] = tile.r[axis];
    grid.tiles[axis] = (phase.count + grid.r[axis] - 1) / grid.r[axis];
    grid.offset[axis] = phase.taps[0].offset;
  }
  grid.batch = p.batch;
  grid.source = p.source;
  grid.destination = p.destination;
  grid.sources = p.source_channels;
  grid.destinations = p.destination_channels;
  grid.source_stride = p.source_stride;
  grid.destination_stride = p.destination_stride;
  grid.lanes = winograd_lanes();
  grid.sources_padded = (grid.sources + grid.lanes - 1) / grid.lanes * grid.lanes;
  grid.destinations_padded = (grid.destinations + grid.lanes - 1) / grid.lanes * grid.lanes;
  return std::nullopt;
}

std::optional<std::string> winograd_plan(const GatherProblem& problem, const WinogradTile& tile, int threads, WinogradPlan& plan) {
  if (auto reason = winograd_grid(problem, tile, plan.grid)) return reason;
  plan.problem = problem;
  plan.threads = threads;
  WinogradGrid& g = plan.grid;
  plan.blocks = channel_blocks(g.destinations_padded / g.lanes);
  const std::int64_t tiles = g.all_tiles(), tile_bytes = g.points() * (g.sources_padded + g.destinations_padded) * 4;
  const std::int64_t weight_bytes = g.points() * g.sources * g.destinations_padded * 4;
  // V and M of a block should stay in the second-level cache; transformed weights that do not fit there want larger blocks.
  constexpr std::int64_t cache = 512 << 10;
  const std::int64_t least = weight_bytes > cache / 2 ? 24 : 12;
  g.capacity = std::clamp<std::int64_t>(cache / 2 / tile_bytes / 12 * 12, least, 48);
  plan.point_by_point = weight_bytes > 4 * cache && tiles <= 24 * g.capacity;
  if (plan.point_by_point) g.capacity = tiles;
  g.capacity = std::min(g.capacity, tiles);
  return std::nullopt;
}

}  // namespace isocenter::kernels
