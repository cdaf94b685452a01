#include "imaging/resample.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/error.h"
#include "core/parallel.h"
#include "imaging/affine.h"
#include "imaging/bspline.h"
#include "imaging/work_share.h"

namespace isocenter::imaging {
namespace {

// Positions on a voxel's face belong to the voxel, and two grids that share a face may miss each other by rounding.
constexpr double slack = 1e-6;

template <class Voxel>
void check(const Image<Voxel>& source, const Geometry& target) {
  if (const auto fault = problem(target); !fault.empty()) throw core::InputError("cannot resample to this grid: {}", fault);
  if (const auto fault = problem(source.geometry); !fault.empty()) throw core::InputError("cannot resample from this grid: {}", fault);
  if (static_cast<std::int64_t>(source.voxels.size()) != source.geometry.voxel_count())
    throw std::logic_error("resample: the image's voxels do not fill its grid");
}

bool is_identity(const Affine& map, const Geometry& source, const Geometry& target) {
  if (source.size != target.size) return false;
  for (int r = 0; r < 3; ++r) {
    if (std::abs(map.offset[r]) > slack) return false;
    for (int c = 0; c < 3; ++c)
      if (std::abs(map.linear[r][c] - (r == c)) * static_cast<double>(target.size[c]) > slack) return false;
  }
  return true;
}

// The part [first, last) of a target row whose positions start + i * step lie inside of the source's voxels.
struct Span {
  std::int64_t first, last;
};
Span inside_span(const Vector3& start, const Vector3& step, const Index3& size, std::int64_t count) {
  double low = 0, high = static_cast<double>(count - 1);
  for (int a = 0; a < 3; ++a) {
    const double lower = -0.5 - slack, upper = static_cast<double>(size[a]) - 0.5 + slack;
    if (std::abs(step[a]) * static_cast<double>(count) < slack * 1e-3) {
      if (start[a] < lower || start[a] > upper) return {0, 0};
      continue;
    }
    double from = (lower - start[a]) / step[a], to = (upper - start[a]) / step[a];
    if (from > to) std::swap(from, to);
    low = std::max(low, std::ceil(from));
    high = std::min(high, std::floor(to));
  }
  if (!(low <= high)) return {0, 0};
  return {static_cast<std::int64_t>(low), static_cast<std::int64_t>(high) + 1};
}

// Calls row(out, start, step, span) for every row of the target; voxels outside of the span are set to `outside`.
template <class Voxel, class Row>
Image<Voxel> sample_rows(const Geometry& source, const Geometry& target, const Affine& map, Voxel outside, const Row& row) {
  Image<Voxel> result;
  result.geometry = target;
  result.voxels.resize(target.voxel_count());
  const Vector3 step{map.linear[0][0], map.linear[1][0], map.linear[2][0]};
  core::parallel_for(
      target.size[1] * target.size[2],
      [&](std::int64_t begin, std::int64_t end) {
        for (auto r = begin; r < end; ++r) {
          const Vector3 start = map({0, static_cast<double>(r % target.size[1]), static_cast<double>(r / target.size[1])});
          Voxel* out = result.voxels.data() + r * target.size[0];
          const Span span = inside_span(start, step, source.size, target.size[0]);
          std::fill(out, out + span.first, outside);
          if (span.first < span.last) row(out, start, step, span);
          std::fill(out + std::max(span.first, span.last), out + target.size[0], outside);
        }
      },
      items_a_thread(target.size[0]));
  return result;
}

template <class Voxel>
Image<Voxel> nearest(const Image<Voxel>& source, const Geometry& target, Voxel outside) {
  check(source, target);
  const Affine map = index_to_index(target, source.geometry);
  if (is_identity(map, source.geometry, target)) {
    Image<Voxel> same = source;
    same.geometry = target;
    return same;
  }
  const auto& size = source.geometry.size;
  const std::int64_t stride_y = size[0], stride_z = size[0] * size[1];
  const int last[3] = {static_cast<int>(size[0] - 1), static_cast<int>(size[1] - 1), static_cast<int>(size[2] - 1)};
  // A position half-way between two voxels, exact or off by rounding, goes to the higher index.
  const auto round = [](double x, int high) { return std::clamp(static_cast<int>(x + (0.5 + slack) + 1) - 1, 0, high); };
  return sample_rows<Voxel>(source.geometry, target, map, outside, [&](Voxel* out, const Vector3& start, const Vector3& step, Span span) {
    for (auto i = span.first; i < span.last; ++i) {
      const double t = static_cast<double>(i);
      const int x = round(start[0] + t * step[0], last[0]), y = round(start[1] + t * step[1], last[1]),
                z = round(start[2] + t * step[2], last[2]);
      out[i] = source.voxels[x + y * stride_y + z * stride_z];
    }
  });
}

struct Cell {
  int index;
  float fraction;
};
// The lower of the two samples that a position lies between, clamped to the samples there are.
inline Cell cell(double x, int last) {
  x = std::clamp(x, 0.0, static_cast<double>(last));
  const int index = std::min(static_cast<int>(x), std::max(last - 1, 0));
  return {index, static_cast<float>(x - index)};
}

Volume linear(const Volume& source, const Geometry& target, const Affine& map, float outside) {
  const auto& size = source.geometry.size;
  const int last[3] = {static_cast<int>(size[0] - 1), static_cast<int>(size[1] - 1), static_cast<int>(size[2] - 1)};
  const std::int64_t stride_y = size[0], stride_z = size[0] * size[1];
  const std::int64_t next_x = last[0] > 0, next_y = last[1] > 0 ? stride_y : 0, next_z = last[2] > 0 ? stride_z : 0;
  const float* const voxels = source.voxels.data();
  return sample_rows<float>(source.geometry, target, map, outside, [=](float* out, const Vector3& start, const Vector3& step, Span span) {
    for (auto i = span.first; i < span.last; ++i) {
      const double t = static_cast<double>(i);
      const Cell x = cell(start[0] + t * step[0], last[0]), y = cell(start[1] + t * step[1], last[1]),
                 z = cell(start[2] + t * step[2], last[2]);
      const float* p = voxels + x.index + y.index * stride_y + z.index * stride_z;
      const auto along_x = [&](const float* q) { return q[0] + x.fraction * (q[next_x] - q[0]); };
      const float near_z = along_x(p) + y.fraction * (along_x(p + next_y) - along_x(p));
      const float far_z = along_x(p + next_z) + y.fraction * (along_x(p + next_y + next_z) - along_x(p + next_z));
      out[i] = near_z + z.fraction * (far_z - near_z);
    }
  });
}

Volume cubic(const Volume& source, const Geometry& target, const Affine& map, float outside) {
  Volume coefficients = source;
  to_bspline_coefficients(coefficients);
  const auto& size = source.geometry.size;
  const Index3 strides{1, size[0], size[0] * size[1]};
  const float* const voxels = coefficients.voxels.data();
  return sample_rows<float>(source.geometry, target, map, outside, [=](float* out, const Vector3& start, const Vector3& step, Span span) {
    for (auto i = span.first; i < span.last; ++i) {
      std::int64_t offset[3][4];
      float weight[3][4];
      for (int a = 0; a < 3; ++a) {
        const Cell at = cell(start[a] + static_cast<double>(i) * step[a], static_cast<int>(size[a] - 1));
        if (size[a] == 1) {  // constant along it
          for (int n = 0; n < 4; ++n) offset[a][n] = 0, weight[a][n] = n == 1;
          continue;
        }
        cubic_bspline_weights(at.fraction, weight[a]);
        for (int n = 0; n < 4; ++n) {
          std::int64_t index = std::abs(at.index + n - 1);
          if (index >= size[a]) index = 2 * size[a] - 2 - index;
          offset[a][n] = index * strides[a];
        }
      }
      float sum = 0;
      for (int c = 0; c < 4; ++c)
        for (int b = 0; b < 4; ++b) {
          const float* p = voxels + offset[2][c] + offset[1][b];
          const float row = weight[0][0] * p[offset[0][0]] + weight[0][1] * p[offset[0][1]] + weight[0][2] * p[offset[0][2]] +
                            weight[0][3] * p[offset[0][3]];
          sum += weight[2][c] * weight[1][b] * row;
        }
      out[i] = sum;
    }
  });
}

}  // namespace

Volume resample(const Volume& source, const Geometry& target, Interpolation interpolation, float outside) {
  if (interpolation == Interpolation::nearest) return nearest(source, target, outside);
  check(source, target);
  const Affine map = index_to_index(target, source.geometry);
  if (is_identity(map, source.geometry, target)) {
    Volume same = source;
    same.geometry = target;
    return same;
  }
  return interpolation == Interpolation::linear ? linear(source, target, map, outside) : cubic(source, target, map, outside);
}

LabelMap resample_labels(const LabelMap& source, const Geometry& target, std::uint16_t outside) { return nearest(source, target, outside); }

Mask resample_mask(const Mask& source, const Geometry& target) { return nearest<std::uint8_t>(source, target, 0); }

Geometry grid_covering(const Geometry& source, const Vector3& spacing_mm) {
  if (const auto fault = problem(source); !fault.empty()) throw core::InputError("cannot cover this grid: {}", fault);
  const Affine map = index_to_point(source);
  Geometry grid;
  grid.spacing_mm = spacing_mm;
  for (int a = 0; a < 3; ++a) {
    double extent = 0;  // of the box that the voxels' outer faces span
    for (int b = 0; b < 3; ++b) extent += std::abs(map.linear[a][b]) * static_cast<double>(source.size[b]);
    grid.size[a] = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(extent / spacing_mm[a] - 1e-4)));
  }
  const Vector3 centre = map({(source.size[0] - 1) / 2.0, (source.size[1] - 1) / 2.0, (source.size[2] - 1) / 2.0});
  for (int a = 0; a < 3; ++a) grid.origin_lps_mm[a] = centre[a] - spacing_mm[a] * static_cast<double>(grid.size[a] - 1) / 2;
  return grid;
}

}  // namespace isocenter::imaging
