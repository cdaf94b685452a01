// Grids for tests: random ones, and the 48 axis orders.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/random.h"
#include "imaging/image.h"

namespace isocenter::imaging {

// "LPS", "RPS", ... all permutations of the axes with all signs.
inline std::vector<std::string> orientation_codes() {
  const char letters[3][2] = {{'L', 'R'}, {'P', 'A'}, {'S', 'I'}};
  std::vector<std::string> codes;
  int order[3] = {0, 1, 2};
  do {
    for (int signs = 0; signs < 8; ++signs) {
      std::string code;
      for (int a = 0; a < 3; ++a) code += letters[order[a]][signs >> a & 1];
      codes.push_back(code);
    }
  } while (std::next_permutation(order, order + 3));
  return codes;
}

inline Geometry geometry_of_code(const std::string& code, const Index3& size) {
  Geometry grid;
  grid.size = size;
  grid.direction = {};
  for (int a = 0; a < 3; ++a) {
    const auto plus = std::string("LPS").find(code[a]), minus = std::string("RAI").find(code[a]);
    if (plus != std::string::npos) grid.direction[plus][a] = 1;
    if (minus != std::string::npos) grid.direction[minus][a] = -1;
  }
  return grid;
}

// Sizes of 1 to 12, spacings of 0.3 to 5 mm, any rotation, sometimes a mirrored axis.
inline Geometry random_geometry(std::uint64_t seed) {
  core::Random random(seed, 0, "geometry");
  Geometry grid;
  for (int a = 0; a < 3; ++a) {
    grid.size[a] = random.integer(1, 12);
    grid.spacing_mm[a] = random.uniform(0.3, 5);
    grid.origin_lps_mm[a] = random.uniform(-200, 200);
  }
  double q[4], norm = 0;  // a unit quaternion: uniform over rotations
  for (double& x : q) x = random.normal(), norm += x * x;
  for (double& x : q) x /= std::sqrt(norm);
  const auto [w, x, y, z] = q;
  grid.direction = {{{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                     {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                     {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}}};
  if (random.chance(0.3))
    for (int r = 0; r < 3; ++r) grid.direction[r][2] = -grid.direction[r][2];
  return grid;
}

// value(point in LPS mm) at every voxel
template <class Value>
Volume volume_of(const Geometry& grid, const Value& value) {
  Volume volume(grid);
  for (std::int64_t k = 0; k < grid.size[2]; ++k)
    for (std::int64_t j = 0; j < grid.size[1]; ++j)
      for (std::int64_t i = 0; i < grid.size[0]; ++i)
        volume.at(i, j, k) =
            static_cast<float>(value(grid.point_mm({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)})));
  return volume;
}

}  // namespace isocenter::imaging
