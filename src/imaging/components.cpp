#include "imaging/components.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace isocenter::imaging {
namespace {

// Sets of provisional numbers; the root of a set is its smallest number.
class Sets {
 public:
  std::uint32_t add() {
    parent_.push_back(static_cast<std::uint32_t>(parent_.size()));
    return parent_.back();
  }
  std::uint32_t root(std::uint32_t a) {
    while (parent_[a] != a) a = parent_[a] = parent_[parent_[a]];
    return a;
  }
  std::uint32_t join(std::uint32_t a, std::uint32_t b) {
    a = root(a), b = root(b);
    if (a < b) std::swap(a, b);
    return parent_[a] = b;
  }
  std::size_t size() const { return parent_.size(); }

 private:
  std::vector<std::uint32_t> parent_{0};  // number 0 is background
};

struct Neighbour {
  int dx, dy, dz;
  std::int64_t offset;
};
// The neighbours that a scan in memory order has already met.
std::vector<Neighbour> earlier_neighbours(const Geometry& grid, Connectivity connectivity) {
  std::vector<Neighbour> result;
  for (int dz = -1; dz <= 0; ++dz)
    for (int dy = -1; dy <= 1; ++dy)
      for (int dx = -1; dx <= 1; ++dx) {
        const std::int64_t order = dx + 3 * (dy + 3 * dz);
        if (order >= 0) continue;
        if (connectivity == Connectivity::faces && std::abs(dx) + std::abs(dy) + std::abs(dz) > 1) continue;
        result.push_back({dx, dy, dz, grid.offset(dx, dy, dz)});
      }
  return result;
}

template <class Voxel>
Components find_components(const Image<Voxel>& image, Connectivity connectivity) {
  const auto [nx, ny, nz] = image.geometry.size;
  const auto neighbours = earlier_neighbours(image.geometry, connectivity);
  Components result;
  result.numbers = Image<std::uint32_t>(image.geometry);
  auto& numbers = result.numbers.voxels;
  Sets sets;
  std::int64_t at = 0;
  for (std::int64_t k = 0; k < nz; ++k)
    for (std::int64_t j = 0; j < ny; ++j)
      for (std::int64_t i = 0; i < nx; ++i, ++at) {
        const Voxel value = image.voxels[at];
        if (value == 0) continue;
        std::uint32_t mine = 0;
        if (i > 0 && image.voxels[at - 1] == value) mine = numbers[at - 1];  // the commonest case first
        for (const auto& n : neighbours) {
          const auto x = i + n.dx, y = j + n.dy, z = k + n.dz;
          if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || image.voxels[at + n.offset] != value) continue;
          const std::uint32_t other = numbers[at + n.offset];
          if (mine == 0) mine = other;
          if (mine != other) mine = sets.join(mine, other);
        }
        numbers[at] = mine == 0 ? sets.add() : mine;
      }

  std::vector<std::int64_t> count(sets.size(), 0);
  for (auto& number : numbers)
    if (number != 0) ++count[number = sets.root(number)];
  std::vector<std::uint32_t> roots;
  for (std::uint32_t n = 1; n < count.size(); ++n)
    if (count[n] > 0) roots.push_back(n);
  std::stable_sort(roots.begin(), roots.end(), [&](auto a, auto b) { return count[a] > count[b]; });
  std::vector<std::uint32_t> final_number(sets.size(), 0);
  for (std::size_t n = 0; n < roots.size(); ++n) {
    final_number[roots[n]] = static_cast<std::uint32_t>(n + 1);
    result.sizes.push_back(count[roots[n]]);
  }
  for (auto& number : numbers) number = final_number[number];
  return result;
}

}  // namespace

Components connected_components(const Mask& mask, Connectivity connectivity) {
  Mask binary = mask;
  for (auto& voxel : binary.voxels) voxel = voxel != 0;
  return find_components(binary, connectivity);
}

Components connected_components(const LabelMap& labels, Connectivity connectivity) { return find_components(labels, connectivity); }

Mask largest_component(const Mask& mask, Connectivity connectivity) {
  const Components components = connected_components(mask, connectivity);
  Mask result(mask.geometry);
  for (std::size_t i = 0; i < result.voxels.size(); ++i) result.voxels[i] = components.numbers.voxels[i] == 1;
  return result;
}

LabelMap largest_components(const LabelMap& labels, Connectivity connectivity) {
  const Components components = connected_components(labels, connectivity);
  std::unordered_map<std::uint16_t, std::uint32_t> kept;  // a label's largest component has its smallest number
  for (std::size_t i = 0; i < labels.voxels.size(); ++i) {
    const auto number = components.numbers.voxels[i];
    if (number == 0) continue;
    auto& best = kept.try_emplace(labels.voxels[i], number).first->second;
    best = std::min(best, number);
  }
  LabelMap result = labels;
  for (std::size_t i = 0; i < result.voxels.size(); ++i)
    if (result.voxels[i] != 0 && kept[result.voxels[i]] != components.numbers.voxels[i]) result.voxels[i] = 0;
  return result;
}

}  // namespace isocenter::imaging
