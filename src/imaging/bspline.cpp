#include "imaging/bspline.h"

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "imaging/work_share.h"

namespace isocenter::imaging {
namespace {

const float pole = static_cast<float>(std::sqrt(3.0) - 2);
constexpr std::int64_t lanes = 16;  // neighbouring lines filtered together, so that the loop over lanes vectorises

// `width` lines that begin at line[0], line[1] ...; sample n of each stands n * stride further on.
void filter_lines(float* line, std::int64_t count, std::int64_t stride, std::int64_t width) {
  const float gain = (1 - pole) * (1 - 1 / pole);
  const auto horizon = std::min<std::int64_t>(count, 16);  // |pole|^16 < 1e-9
  float start[lanes];
  for (std::int64_t w = 0; w < width; ++w) {
    double sum = 0, power = 1;
    if (horizon < count) {
      for (std::int64_t n = 0; n < horizon; ++n, power *= pole) sum += power * line[w + n * stride];
    } else {  // the whole mirrored period
      const std::int64_t period = 2 * count - 2;
      for (std::int64_t n = 0; n < period; ++n, power *= pole) sum += power * line[w + (n < count ? n : period - n) * stride];
      sum /= 1 - power;
    }
    start[w] = static_cast<float>(sum) * gain;
  }
  for (std::int64_t w = 0; w < width; ++w) line[w] = start[w];
  for (std::int64_t n = 1; n < count; ++n) {
    float *here = line + n * stride, *before = here - stride;
#pragma omp simd
    for (std::int64_t w = 0; w < width; ++w) here[w] = gain * here[w] + pole * before[w];
  }
  const float edge = pole / (pole * pole - 1);
  float* last = line + (count - 1) * stride;
  for (std::int64_t w = 0; w < width; ++w) last[w] = edge * (last[w] + pole * last[w - stride]);
  for (std::int64_t n = count - 2; n >= 0; --n) {
    float *here = line + n * stride, *after = here + stride;
#pragma omp simd
    for (std::int64_t w = 0; w < width; ++w) here[w] = pole * (after[w] - here[w]);
  }
}

}  // namespace

void to_bspline_coefficients(Volume& volume) {
  const auto [nx, ny, nz] = volume.geometry.size;
  float* const voxels = volume.voxels.data();
  if (nx > 1)
    core::parallel_for(
        ny * nz,
        [&, nx = nx](std::int64_t begin, std::int64_t end) {
          for (auto row = begin; row < end; ++row) filter_lines(voxels + row * nx, nx, 1, 1);
        },
        items_a_thread(nx));
  if (ny > 1)
    core::parallel_for(
        nz,
        [&, nx = nx, ny = ny](std::int64_t begin, std::int64_t end) {
          for (auto k = begin; k < end; ++k)
            for (std::int64_t i = 0; i < nx; i += lanes) filter_lines(voxels + k * nx * ny + i, ny, nx, std::min(lanes, nx - i));
        },
        items_a_thread(nx * ny));
  if (nz > 1) {
    const std::int64_t plane = nx * ny, pieces = (plane + lanes - 1) / lanes;
    core::parallel_for(
        pieces,
        [&, nz = nz](std::int64_t begin, std::int64_t end) {
          for (auto p = begin; p < end; ++p) filter_lines(voxels + p * lanes, nz, plane, std::min(lanes, plane - p * lanes));
        },
        items_a_thread(nz * lanes));
  }
}

}  // namespace isocenter::imaging
