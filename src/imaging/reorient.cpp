#include <algorithm>

#include "core/parallel.h"
#include "imaging/affine.h"
#include "imaging/resample.h"
#include "imaging/work_share.h"

namespace isocenter::imaging {
namespace {

Geometry reoriented(const Geometry& source, const Reorientation& change) {
  Geometry result = source;
  Vector3 first{0, 0, 0};  // the source index of the new first voxel
  for (int a = 0; a < 3; ++a) {
    const int from = change.axis_of[a];
    result.size[a] = source.size[from];
    result.spacing_mm[a] = source.spacing_mm[from];
    for (int r = 0; r < 3; ++r) result.direction[r][a] = change.flipped[a] ? -source.direction[r][from] : source.direction[r][from];
    if (change.flipped[a]) first[from] = static_cast<double>(source.size[from] - 1);
  }
  result.origin_lps_mm = source.point_mm(first);
  return result;
}

template <class Voxel>
Image<Voxel> reorient_image(const Image<Voxel>& source, const std::string& code) {
  const Reorientation change = reorientation_to(source.geometry, code);
  if (change.axis_of == std::array<int, 3>{0, 1, 2} && change.flipped == std::array<bool, 3>{}) return source;
  Image<Voxel> result;
  result.geometry = reoriented(source.geometry, change);
  result.voxels.resize(source.voxels.size());
  const Index3 source_stride{1, source.geometry.size[0], source.geometry.size[0] * source.geometry.size[1]};
  Index3 stride;
  std::int64_t first = 0;
  for (int a = 0; a < 3; ++a) {
    const auto step = source_stride[change.axis_of[a]];
    stride[a] = change.flipped[a] ? -step : step;
    if (change.flipped[a]) first += step * (result.geometry.size[a] - 1);
  }
  const Index3& size = result.geometry.size;
  // Blocks in the plane of the two axes of which one is contiguous in the source, so that its cache lines are used whole.
  constexpr std::int64_t block = 16;
  const int fast = change.axis_of[1] == 0 ? 1 : 2;  // the target axis, other than x, to block
  const int slow = 3 - fast;
  const Index3 target_stride{1, size[0], size[0] * size[1]};
  core::parallel_for(
      size[slow],
      [&](std::int64_t begin, std::int64_t end) {
        for (auto s = begin; s < end; ++s)
          for (std::int64_t f0 = 0; f0 < size[fast]; f0 += block)
            for (std::int64_t i0 = 0; i0 < size[0]; i0 += block)
              for (auto f = f0; f < std::min(f0 + block, size[fast]); ++f) {
                Voxel* out = result.voxels.data() + s * target_stride[slow] + f * target_stride[fast];
                const Voxel* in = source.voxels.data() + first + s * stride[slow] + f * stride[fast];
                for (auto i = i0; i < std::min(i0 + block, size[0]); ++i) out[i] = in[i * stride[0]];
              }
      },
      items_a_thread(size[0] * size[fast]));
  return result;
}

}  // namespace

Volume reorient(const Volume& source, const std::string& code) { return reorient_image(source, code); }
LabelMap reorient(const LabelMap& source, const std::string& code) { return reorient_image(source, code); }
Mask reorient(const Mask& source, const std::string& code) { return reorient_image(source, code); }
Geometry reorient(const Geometry& source, const std::string& code) { return reoriented(source, reorientation_to(source, code)); }

}  // namespace isocenter::imaging
