#include "measures/nearest_points.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace isocenter::measures {
namespace {

constexpr std::int32_t leaf_size = 8;

}  // namespace

NearestPoints::NearestPoints(std::vector<GridPoint> points, const std::array<double, 3>& spacing_mm)
    : points_(std::move(points)), spacing_mm_(spacing_mm) {
  if (points_.empty()) return;
  nodes_.reserve(4 * points_.size() / leaf_size + 4);
  build(0, static_cast<std::int32_t>(points_.size()));
}

std::int32_t NearestPoints::build(std::int32_t begin, std::int32_t end) {
  const auto number = static_cast<std::int32_t>(nodes_.size());
  Node node{points_[begin], points_[begin], begin, end, 0};
  for (std::int32_t i = begin + 1; i < end; ++i)
    for (int a = 0; a < 3; ++a) {
      node.low[a] = std::min(node.low[a], points_[i][a]);
      node.high[a] = std::max(node.high[a], points_[i][a]);
    }
  nodes_.push_back(node);
  if (end - begin <= leaf_size) return number;
  int axis = 0;
  double widest = -1;
  for (int a = 0; a < 3; ++a)
    if (const double width = spacing_mm_[a] * (node.high[a] - node.low[a]); width > widest) widest = width, axis = a;
  const std::int32_t middle = begin + (end - begin) / 2;
  // Ties are broken by the other axes, so that the tree, and with it the time, does not depend on the library's algorithm.
  std::nth_element(points_.begin() + begin, points_.begin() + middle, points_.begin() + end,
                   [axis](const GridPoint& p, const GridPoint& q) { return p[axis] != q[axis] ? p[axis] < q[axis] : p < q; });
  build(begin, middle);
  const std::int32_t right = build(middle, end);
  nodes_[number].right = right;
  return number;
}

double NearestPoints::nearest(const GridPoint& query, std::int32_t& hint) const {
  double best = squared(query, points_[hint]);
  auto box_distance = [&](const Node& node) {
    double sum = 0;
    for (int a = 0; a < 3; ++a) {
      const std::int32_t outside = std::max({node.low[a] - query[a], query[a] - node.high[a], 0});
      const double mm = spacing_mm_[a] * outside;
      sum += mm * mm;
    }
    return sum;
  };
  struct Waiting {
    std::int32_t node;
    double distance;
  };
  Waiting stack[64];
  int depth = 0;
  stack[depth++] = {0, box_distance(nodes_[0])};
  while (depth > 0) {
    const Waiting waiting = stack[--depth];
    if (waiting.distance >= best) continue;
    std::int32_t number = waiting.node;
    for (;;) {
      const Node& node = nodes_[number];
      if (node.right == 0) {
        for (std::int32_t i = node.begin; i < node.end; ++i)
          if (const double distance = squared(query, points_[i]); distance < best) best = distance, hint = i;
        break;
      }
      const std::int32_t left = number + 1;
      const double to_left = box_distance(nodes_[left]), to_right = box_distance(nodes_[node.right]);
      const bool left_first = to_left <= to_right;
      const double near_distance = left_first ? to_left : to_right, far_distance = left_first ? to_right : to_left;
      if (far_distance < best) stack[depth++] = {left_first ? node.right : left, far_distance};
      if (near_distance >= best) break;
      number = left_first ? left : node.right;
    }
  }
  return best;
}

std::vector<double> NearestPoints::distances_mm(const std::vector<GridPoint>& queries) const {
  std::vector<double> distances(queries.size(), std::numeric_limits<double>::infinity());
  if (points_.empty()) return distances;
  std::int32_t hint = 0;
  for (std::size_t i = 0; i < queries.size(); ++i) distances[i] = std::sqrt(nearest(queries[i], hint));
  return distances;
}

}  // namespace isocenter::measures
