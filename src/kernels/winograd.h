// Convolution with 3-tap axes by Winograd's minimal filtering: F(r, 3) computes r outputs of an axis from r + 2 products where the sum
// takes 3 r.
//
// For each axis, matrices B (input), G (weights) and A (output) with  y = A^T [(G g) * (B^T x)]; over several axes they are applied one
// after the other, so each tile of r_d r_h r_w outputs becomes n_d n_h n_w points (n = r + 2; an axis with a single tap has r = n = 1), and
// at each point the channels are multiplied as matrices: M[point] = V[point] U[point], (tiles x in) (in x out). The gradient of the input
// is the same with the weights turned; the gradient of the weights is dU = V^T (A dy), dg = G^T dU. Source: Winograd, Arithmetic Complexity
// of Computations (1980); Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (CVPR 2016), equations 7 to 12. Points 0, 1,
// -1, infinity for r = 2, and 2, -2 besides for r = 4.
#pragma once

#include <optional>

#include "kernels/convolution_kernel.h"

namespace isocenter::kernels {

// What the transforms need to know: where tiles lie and how V, M and the scratch are laid out.
struct WinogradGrid {
  Size3 r{2, 2, 2};         // outputs of a tile
  Size3 tiles{}, offset{};  // tiles along each axis; source index of a tile's first input = tile r + offset
  std::int64_t batch = 1;
  Size3 source{}, destination{};
  std::int64_t sources = 0, destinations = 0, source_stride = 0, destination_stride = 0;
  std::int64_t lanes = 0, sources_padded = 0, destinations_padded = 0;
  std::int64_t capacity = 0;  // tiles that V and M have room for

  std::int64_t points() const { return count(r[0]) * count(r[1]) * count(r[2]); }
  std::int64_t all_tiles() const { return batch * voxels(tiles); }
  // Floats from one point to the next; a cache line more than the tiles take, so that the points of a tile fall into different cache sets.
  std::int64_t v_step() const { return capacity * sources_padded + 16; }
  std::int64_t m_step() const { return capacity * destinations_padded + 16; }
  std::int64_t u_step() const { return sources * destinations_padded + 16; }
  static std::int64_t count(std::int64_t r) { return r == 1 ? 1 : r + 2; }
};

// The tile sizes there are, coarsest error last; r of an axis with a single tap is 1.
struct WinogradTile {
  const char* name;
  std::array<int, 3> r;
  double error, weight_gradient_error;  // relative rms of one layer, measured (docs/kernels.md)
};
const std::vector<WinogradTile>& winograd_tiles();

// The grid for a problem, or the reason why the tile does not fit.
std::optional<std::string> winograd_grid(const GatherProblem& problem, const WinogradTile& tile, WinogradGrid& grid);

std::vector<GatherEntry> winograd_gather_entries();
std::vector<WeightGradientEntry> winograd_weight_gradient_entries();

}  // namespace isocenter::kernels
