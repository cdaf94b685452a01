#include "models/probability_map.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/parallel.h"
#include "engine/operators/vector_loops.h"

namespace isocenter::models {
namespace {

using imaging::Index3;

ISOCENTER_VECTOR_LOOPS void softmax_voxel(float* values, std::int64_t classes) {
  float largest = values[0], sum = 0;
  for (std::int64_t c = 1; c < classes; ++c) largest = values[c] > largest ? values[c] : largest;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t c = 0; c < classes; ++c) {
    values[c] = engine::fast_exp(values[c] - largest);
    sum += values[c];
  }
#pragma omp simd
  for (std::int64_t c = 0; c < classes; ++c) values[c] /= sum;
}

// y = sum of eight weighted rows.
ISOCENTER_VECTOR_LOOPS void blend(const float* const* corners, const float* weights, float* y, std::int64_t classes) {
#pragma omp simd
  for (std::int64_t c = 0; c < classes; ++c)
    y[c] = weights[0] * corners[0][c] + weights[1] * corners[1][c] + weights[2] * corners[2][c] + weights[3] * corners[3][c] +
           weights[4] * corners[4][c] + weights[5] * corners[5][c] + weights[6] * corners[6][c] + weights[7] * corners[7][c];
}

std::uint16_t winner_of(const float* values, std::int64_t classes) {
  return static_cast<std::uint16_t>(std::max_element(values, values + classes) - values);
}

constexpr std::uint16_t kMixed = 0xffff;

// For each cell between eight neighbouring voxels the class that wins at all of them, or kMixed. Where one class wins at every corner it
// wins everywhere between: its interpolated probability is a weighted mean of values none of which another class exceeds.
std::vector<std::uint16_t> cell_classes(const std::vector<std::uint16_t>& winners, const Index3& size) {
  std::vector<std::uint16_t> cells(winners.size(), kMixed);
  core::parallel_for(size[2], [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k)
      for (std::int64_t j = 0; j < size[1]; ++j)
        for (std::int64_t i = 0; i < size[0]; ++i) {
          const std::int64_t di = i + 1 < size[0], dj = j + 1 < size[1] ? size[0] : 0, dk = k + 1 < size[2] ? size[0] * size[1] : 0;
          const std::int64_t at = i + size[0] * (j + size[1] * k);
          const std::uint16_t first = winners[static_cast<std::size_t>(at)];
          bool same = true;
          for (std::int64_t corner : {at + di, at + dj, at + di + dj, at + dk, at + di + dk, at + dj + dk, at + di + dj + dk})
            same = same && winners[static_cast<std::size_t>(corner)] == first;
          if (same) cells[static_cast<std::size_t>(at)] = first;
        }
  });
  return cells;
}

// The linear map from indices of one grid to continuous indices of another.
struct IndexMap {
  imaging::Vector3 origin;
  std::array<imaging::Vector3, 3> step;  // for one index along each axis
};

IndexMap index_map(const imaging::Geometry& from, const imaging::Geometry& to) {
  IndexMap map;
  map.origin = to.index_of(from.point_mm({0, 0, 0}));
  for (std::size_t a = 0; a < 3; ++a) {
    imaging::Vector3 one{0, 0, 0};
    one[a] = 1;
    const imaging::Vector3 there = to.index_of(from.point_mm(one));
    for (std::size_t b = 0; b < 3; ++b) map.step[a][b] = there[b] - map.origin[b];
  }
  return map;
}

struct Cell {
  std::int64_t low = 0, high = 0;
  float share = 0;  // of `high`
  bool inside = false;
};
Cell cell_of(double position, std::int64_t size) {
  Cell cell;
  cell.inside = position >= -0.5 && position <= static_cast<double>(size) - 0.5;
  const double held = std::clamp(position, 0.0, static_cast<double>(size - 1));
  cell.low = std::min<std::int64_t>(static_cast<std::int64_t>(held), std::max<std::int64_t>(0, size - 2));
  cell.high = std::min(cell.low + 1, size - 1);
  cell.share = static_cast<float>(held - static_cast<double>(cell.low));
  return cell;
}

}  // namespace

ProbabilityMap softmax(engine::Scores&& scores, const imaging::Geometry& grid) {
  ProbabilityMap map{grid, scores.classes, std::move(scores.values)};
  core::parallel_for(
      grid.voxel_count(),
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t v = begin; v < end; ++v) softmax_voxel(map.values.data() + v * map.classes, map.classes);
      },
      4096);
  return map;
}

std::vector<std::uint16_t> winners(const ProbabilityMap& map) {
  std::vector<std::uint16_t> result(static_cast<std::size_t>(map.grid.voxel_count()));
  core::parallel_for(
      map.grid.voxel_count(),
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t v = begin; v < end; ++v) result[static_cast<std::size_t>(v)] = winner_of(map.at(v), map.classes);
      },
      4096);
  return result;
}

void keep_largest_components(ProbabilityMap& map, const std::vector<bool>& classes, std::vector<std::uint16_t>& winners) {
  const Index3& size = map.grid.size;
  const auto count = static_cast<std::int32_t>(map.grid.voxel_count());
  // Union-find over voxels of equal class; roots are the first voxels of their pieces.
  std::vector<std::int32_t> parent(static_cast<std::size_t>(count));
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](std::int32_t v) {
    while (parent[static_cast<std::size_t>(v)] != v)
      v = parent[static_cast<std::size_t>(v)] = parent[static_cast<std::size_t>(parent[static_cast<std::size_t>(v)])];
    return v;
  };
  const auto join = [&](std::int32_t a, std::int32_t b) {
    if (winners[static_cast<std::size_t>(a)] != winners[static_cast<std::size_t>(b)]) return;
    const std::int32_t ra = root(a), rb = root(b);
    parent[static_cast<std::size_t>(std::max(ra, rb))] = std::min(ra, rb);
  };
  std::int32_t v = 0;
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i, ++v) {
        if (i > 0) join(v - 1, v);
        if (j > 0) join(v - static_cast<std::int32_t>(size[0]), v);
        if (k > 0) join(v - static_cast<std::int32_t>(size[0] * size[1]), v);
      }
  std::vector<std::int32_t> voxels(static_cast<std::size_t>(count), 0), largest(static_cast<std::size_t>(map.classes), -1);
  for (v = 0; v < count; ++v) ++voxels[static_cast<std::size_t>(root(v))];
  for (v = 0; v < count; ++v) {
    if (parent[static_cast<std::size_t>(v)] != v) continue;
    std::int32_t& best = largest[winners[static_cast<std::size_t>(v)]];
    if (best < 0 || voxels[static_cast<std::size_t>(v)] > voxels[static_cast<std::size_t>(best)]) best = v;
  }
  for (v = 0; v < count; ++v) {
    const std::uint16_t c = winners[static_cast<std::size_t>(v)];
    if (!classes[c] || root(v) == largest[c]) continue;
    float* values = map.values.data() + static_cast<std::int64_t>(v) * map.classes;
    const float rest = 1.0f - values[c];
    values[c] = 0;
    if (rest > 0)
      for (std::int64_t other = 0; other < map.classes; ++other) values[other] /= rest;
    winners[static_cast<std::size_t>(v)] = winner_of(values, map.classes);
  }
}

std::vector<std::uint16_t> resampled_winners(const ProbabilityMap& map, const std::vector<std::uint16_t>& winners,
                                             const imaging::Geometry& target) {
  const Index3 &size = map.grid.size, &wanted = target.size;
  const auto cells = cell_classes(winners, size);
  const IndexMap to_map = index_map(target, map.grid);
  std::vector<std::uint16_t> result(static_cast<std::size_t>(target.voxel_count()), 0);
  core::parallel_for(wanted[1] * wanted[2], [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> mixed(static_cast<std::size_t>(map.classes));
    for (std::int64_t row = begin; row < end; ++row) {
      const auto j = static_cast<double>(row % wanted[1]), k = static_cast<double>(row / wanted[1]);
      imaging::Vector3 start;
      for (std::size_t a = 0; a < 3; ++a) start[a] = to_map.origin[a] + j * to_map.step[1][a] + k * to_map.step[2][a];
      std::uint16_t* out = result.data() + row * wanted[0];
      for (std::int64_t i = 0; i < wanted[0]; ++i) {
        const auto along = static_cast<double>(i);
        const Cell x = cell_of(start[0] + along * to_map.step[0][0], size[0]), y = cell_of(start[1] + along * to_map.step[0][1], size[1]),
                   z = cell_of(start[2] + along * to_map.step[0][2], size[2]);
        if (!x.inside || !y.inside || !z.inside) continue;
        const std::int64_t at = map.grid.offset(x.low, y.low, z.low);
        if (cells[static_cast<std::size_t>(at)] != kMixed) {
          out[i] = cells[static_cast<std::size_t>(at)];
          continue;
        }
        const float* corners[8];
        float weights[8];
        for (int corner = 0; corner < 8; ++corner) {
          const bool hx = corner & 1, hy = corner & 2, hz = corner & 4;
          corners[corner] = map.at(map.grid.offset(hx ? x.high : x.low, hy ? y.high : y.low, hz ? z.high : z.low));
          weights[corner] = (hx ? x.share : 1 - x.share) * (hy ? y.share : 1 - y.share) * (hz ? z.share : 1 - z.share);
        }
        blend(corners, weights, mixed.data(), map.classes);
        out[i] = winner_of(mixed.data(), map.classes);
      }
    }
  });
  return result;
}

std::vector<double> expected_volumes_ml(const ProbabilityMap& map) {
  const std::int64_t slices = map.grid.size[2], slice = map.grid.voxel_count() / slices;
  std::vector<double> partial(static_cast<std::size_t>(slices * map.classes), 0.0);
  core::parallel_for(slices, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t z = begin; z < end; ++z) {
      double* own = partial.data() + z * map.classes;
      for (std::int64_t v = z * slice; v < (z + 1) * slice; ++v)
        for (std::int64_t c = 0; c < map.classes; ++c) own[c] += map.at(v)[c];
    }
  });
  std::vector<double> volumes(static_cast<std::size_t>(map.classes), 0.0);
  for (std::int64_t z = 0; z < slices; ++z)
    for (std::int64_t c = 0; c < map.classes; ++c)
      volumes[static_cast<std::size_t>(c)] += partial[static_cast<std::size_t>(z * map.classes + c)];
  for (double& volume : volumes) volume *= map.grid.voxel_volume_mm3() * 1e-3;
  return volumes;
}

}  // namespace isocenter::models
