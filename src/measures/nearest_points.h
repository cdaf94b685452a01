// The nearest of many grid points, exactly, in millimetres: a k-d tree with tight boxes (Bentley, CACM 18 (1975) 509).
//
// Made for surfaces: queries that follow each other closely are fast, because the last answer bounds the next one.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace isocenter::measures {

using GridPoint = std::array<std::int32_t, 3>;

class NearestPoints {
 public:
  // `points` may be empty; then every distance is infinite.
  NearestPoints(std::vector<GridPoint> points, const std::array<double, 3>& spacing_mm);

  // From each query to the nearest point, in the order of the queries; queries should be in raster order.
  std::vector<double> distances_mm(const std::vector<GridPoint>& queries) const;

 private:
  struct Node {
    GridPoint low, high;
    std::int32_t begin, end, right;  // right == 0: a leaf
  };
  std::int32_t build(std::int32_t begin, std::int32_t end);
  double nearest(const GridPoint& query, std::int32_t& hint) const;
  double squared(const GridPoint& a, const GridPoint& b) const {
    const double x = spacing_mm_[0] * (a[0] - b[0]), y = spacing_mm_[1] * (a[1] - b[1]), z = spacing_mm_[2] * (a[2] - b[2]);
    return x * x + y * y + z * z;
  }

  std::vector<GridPoint> points_;
  std::array<double, 3> spacing_mm_;
  std::vector<Node> nodes_;
};

}  // namespace isocenter::measures
