// The surface of a mask as small pieces, one for each cell of 2 x 2 x 2 voxel centres through which it passes.
//
// The piece is the polygon through the middles of the cell's cut edges; of the ways to cut a polygon that is not flat into triangles the
// one with the largest area on the unit cube counts, and on a face with four cut edges the corners of the rarer kind are kept apart. That
// gives, for every one of the 256 cells, the areas of google-deepmind/surface-distance (Nikolov et al., arXiv:1809.04430), so that figures
// agree. An image of one slice (size[2] = 1) has contours instead: cells of 2 x 2 and lengths in millimetres.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "imaging/image.h"
#include "measures/nearest_points.h"

namespace isocenter::measures {

// Bit 4 x + 2 y + z of the code says whether corner (x, y, z) of the cell is inside.
std::array<double, 256> surface_areas_mm2(const imaging::Vector3& spacing_mm);
// Bit 2 x + y says whether corner (x, y) of the square is inside.
std::array<double, 16> contour_lengths_mm(const imaging::Vector3& spacing_mm);

struct SurfaceElements {
  std::vector<GridPoint> cells;  // the cell's lowest corner, from -1 on: what lies beyond the image is outside; in raster order
  std::vector<double> areas;     // mm2, or mm in one slice
  double total() const;
};

// Of every label that occurs, in one pass over the map.
std::map<std::uint16_t, SurfaceElements> surface_elements(const imaging::LabelMap& labels);
SurfaceElements surface_elements(const imaging::Mask& mask);

}  // namespace isocenter::measures
