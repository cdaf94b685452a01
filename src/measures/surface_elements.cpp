#include "measures/surface_elements.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/parallel.h"

namespace isocenter::measures {
namespace {

using Point = std::array<double, 3>;
using Edge = std::array<int, 2>;  // two corners, the lower one first

int coordinate(int corner, int axis) { return corner >> (2 - axis) & 1; }  // corner 4 x + 2 y + z

double triangle_area(const Point& p, const Point& q, const Point& r, const Point& scale) {
  Point a, b;
  for (int d = 0; d < 3; ++d) a[d] = (q[d] - p[d]) * scale[d], b[d] = (r[d] - p[d]) * scale[d];
  return std::hypot(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]) / 2;
}

using Triangles = std::vector<std::array<int, 3>>;

// Every way to cut the polygon first ... last into triangles.
std::vector<Triangles> triangulations(int first, int last) {
  if (last - first < 2) return {{}};
  std::vector<Triangles> all;
  for (int apex = first + 1; apex < last; ++apex)
    for (const Triangles& before : triangulations(first, apex))
      for (const Triangles& after : triangulations(apex, last)) {
        Triangles joined = before;
        joined.insert(joined.end(), after.begin(), after.end());
        joined.push_back({first, apex, last});
        all.push_back(std::move(joined));
      }
  return all;
}

double polygon_area(const std::vector<Point>& polygon, const Point& scale) {
  double largest = -1, area = 0;
  for (const Triangles& triangles : triangulations(0, static_cast<int>(polygon.size()) - 1)) {
    double on_unit_cube = 0, scaled = 0;
    for (const auto& [a, b, c] : triangles) {
      on_unit_cube += triangle_area(polygon[a], polygon[b], polygon[c], {1, 1, 1});
      scaled += triangle_area(polygon[a], polygon[b], polygon[c], scale);
    }
    if (on_unit_cube > largest + 1e-9) largest = on_unit_cube, area = scaled;
  }
  return area;
}

// The polygons of a cell: on each face the cut edges are linked in pairs, and the links followed round.
std::vector<std::vector<Point>> polygons(unsigned code) {
  if (std::popcount(code) > 4) code = ~code & 255u;  // the rarer kind of corner is "inside" from here on
  std::map<Edge, std::vector<Edge>> links;
  for (int axis = 0; axis < 3; ++axis)
    for (int side = 0; side < 2; ++side) {
      const int u = axis == 0 ? 1 : 0, v = axis == 2 ? 1 : 2;
      std::array<int, 4> ring;
      constexpr int du[] = {0, 1, 1, 0}, dv[] = {0, 0, 1, 1};
      for (int k = 0; k < 4; ++k) ring[k] = side << (2 - axis) | du[k] << (2 - u) | dv[k] << (2 - v);
      auto edge = [&](int k) { return Edge{std::min(ring[k % 4], ring[(k + 1) % 4]), std::max(ring[k % 4], ring[(k + 1) % 4])}; };
      auto inside = [&](int k) { return (code >> ring[k % 4] & 1u) != 0; };
      std::vector<int> cut;
      for (int k = 0; k < 4; ++k)
        if (inside(k) != inside(k + 1)) cut.push_back(k);
      std::vector<std::array<int, 2>> pairs;
      if (cut.size() == 2) pairs.push_back({cut[0], cut[1]});
      if (cut.size() == 4)
        for (int k = 0; k < 4; ++k)
          if (inside(k)) pairs.push_back({(k + 3) % 4, k});  // the two edges at an inside corner
      for (const auto& [a, b] : pairs) {
        links[edge(a)].push_back(edge(b));
        links[edge(b)].push_back(edge(a));
      }
    }
  std::vector<std::vector<Point>> found;
  while (!links.empty()) {
    std::vector<Point> polygon;
    const Edge start = links.begin()->first;
    Edge at = start, before = start;
    do {
      Point middle;
      for (int d = 0; d < 3; ++d) middle[d] = (coordinate(at[0], d) + coordinate(at[1], d)) / 2.0;
      polygon.push_back(middle);
      const auto node = links.extract(at);
      const Edge next = node.mapped()[0] != before ? node.mapped()[0] : node.mapped()[1];
      before = at;
      at = next;
    } while (at != start);
    found.push_back(std::move(polygon));
  }
  return found;
}

struct Piece {
  std::uint16_t label;
  std::uint8_t code;
  GridPoint cell;
};

// The labels of the corners of one cell row by row; beyond the image stands label 0.
class Cells {
 public:
  explicit Cells(const imaging::LabelMap& labels) : labels_(labels), size_(labels.geometry.size), flat_(size_[2] == 1) {
    for (auto& row : rows_) row.assign(size_[0] + 2, 0);
  }

  // All pieces of the cells (-1 ... size x - 1, j, k).
  void row(std::int64_t j, std::int64_t k, std::vector<Piece>& pieces) {
    // rows_[2 dy + dz]: x from -1 to size, so that index 0 is the voxel before the image.
    for (int dy = 0; dy < 2; ++dy)
      for (int dz = 0; dz < 2; ++dz) load(j + dy, k + dz, rows_[2 * dy + dz]);
    const std::uint16_t *a = rows_[0].data(), *b = rows_[1].data(), *c = rows_[2].data(), *d = rows_[3].data();
    const std::int64_t count = size_[0] + 2;
    varies_.resize(count);
    for (std::int64_t x = 0; x < count; ++x) varies_[x] = (a[x] != b[x]) | (a[x] != c[x]) | (a[x] != d[x]);
    for (std::int64_t x = 0; x + 1 < count; ++x) {
      if (!(varies_[x] | varies_[x + 1] | (a[x] != a[x + 1]))) continue;
      cell(x, j, k, pieces);
    }
  }

 private:
  void load(std::int64_t j, std::int64_t k, std::vector<std::uint16_t>& row) const {
    if (flat_) k = 0;  // one slice: both layers are the same, and only the first one is used
    if (j < 0 || k < 0 || j >= size_[1] || k >= size_[2])
      std::fill(row.begin(), row.end(), 0);
    else
      std::copy_n(labels_.voxels.data() + labels_.geometry.offset(0, j, k), size_[0], row.data() + 1);
  }

  void cell(std::int64_t x, std::int64_t j, std::int64_t k, std::vector<Piece>& pieces) const {
    std::uint16_t corner[8];
    const int layers = flat_ ? 1 : 2, corners = 4 * layers;
    for (int dx = 0; dx < 2; ++dx)
      for (int dy = 0; dy < 2; ++dy)
        for (int dz = 0; dz < layers; ++dz) corner[layers * (2 * dx + dy) + dz] = rows_[2 * dy + dz][x + dx];
    for (int i = 0; i < corners; ++i) {
      if (corner[i] == 0 || std::find(corner, corner + i, corner[i]) != corner + i) continue;
      unsigned code = 0;
      for (int other = i; other < corners; ++other) code |= static_cast<unsigned>(corner[other] == corner[i]) << other;
      if (code + 1 == 1u << corners) continue;
      pieces.push_back({corner[i],
                        static_cast<std::uint8_t>(code),
                        {static_cast<std::int32_t>(x - 1), static_cast<std::int32_t>(j), static_cast<std::int32_t>(k)}});
    }
  }

  const imaging::LabelMap& labels_;
  imaging::Index3 size_;
  bool flat_;
  std::array<std::vector<std::uint16_t>, 4> rows_;
  std::vector<std::uint8_t> varies_;
};

}  // namespace

std::array<double, 256> surface_areas_mm2(const imaging::Vector3& spacing_mm) {
  std::array<double, 256> areas{};
  for (unsigned code = 1; code < 255; ++code)
    for (const auto& polygon : polygons(code)) areas[code] += polygon_area(polygon, spacing_mm);
  return areas;
}

std::array<double, 16> contour_lengths_mm(const imaging::Vector3& spacing_mm) {
  const double x = spacing_mm[0], y = spacing_mm[1], diagonal = std::hypot(x, y) / 2;
  std::array<double, 16> lengths;
  for (unsigned code = 0; code < 16; ++code) {
    const int inside = std::popcount(code);
    const bool along_x = code == 0b0101 || code == 0b1010, along_y = code == 0b0011 || code == 0b1100;
    lengths[code] = inside == 0 || inside == 4 ? 0 : along_x ? x : along_y ? y : inside == 2 ? 2 * diagonal : diagonal;
  }
  return lengths;
}

double SurfaceElements::total() const {
  double sum = 0;
  for (double area : areas) sum += area;
  return sum;
}

std::map<std::uint16_t, SurfaceElements> surface_elements(const imaging::LabelMap& labels) {
  const auto& size = labels.geometry.size;
  const bool flat = size[2] == 1;
  const std::int64_t first_layer = flat ? 0 : -1, layers = flat ? 1 : size[2] + 1;
  std::vector<std::vector<Piece>> by_layer(layers);
  core::parallel_for(layers, [&](std::int64_t begin, std::int64_t end) {
    Cells cells(labels);
    for (std::int64_t layer = begin; layer < end; ++layer)
      for (std::int64_t j = -1; j < size[1]; ++j) cells.row(j, first_layer + layer, by_layer[layer]);
  });
  std::array<double, 256> areas{};
  if (flat) {
    const auto lengths = contour_lengths_mm(labels.geometry.spacing_mm);
    std::copy(lengths.begin(), lengths.end(), areas.begin());
  } else {
    areas = surface_areas_mm2(labels.geometry.spacing_mm);
  }
  std::map<std::uint16_t, SurfaceElements> surfaces;
  for (const auto& pieces : by_layer)
    for (const Piece& piece : pieces) {
      SurfaceElements& surface = surfaces[piece.label];
      surface.cells.push_back(piece.cell);
      surface.areas.push_back(areas[piece.code]);
    }
  return surfaces;
}

SurfaceElements surface_elements(const imaging::Mask& mask) {
  imaging::LabelMap labels;
  labels.geometry = mask.geometry;
  labels.voxels.resize(mask.voxels.size());
  for (std::size_t i = 0; i < mask.voxels.size(); ++i) labels.voxels[i] = mask.voxels[i] != 0;
  auto surfaces = surface_elements(labels);
  return surfaces.empty() ? SurfaceElements{} : std::move(surfaces.begin()->second);
}

}  // namespace isocenter::measures
