#include "methods/generation/brain_id/smooth_field.h"

#include <cmath>

#include "imaging/bspline.h"

namespace isocenter::methods::brain_id {
namespace {

struct Tap {
  int first;
  float weight[4];
};

std::vector<Tap> taps_of(std::int64_t size, std::int64_t cells) {
  std::vector<Tap> taps(size);
  for (std::int64_t i = 0; i < size; ++i) {
    const double at = (i + 0.5) / static_cast<double>(size) * static_cast<double>(cells);
    const int cell = std::min<int>(static_cast<int>(at), static_cast<int>(cells) - 1);
    taps[i].first = cell;
    imaging::cubic_bspline_weights(static_cast<float>(at - cell), taps[i].weight);
  }
  return taps;
}

// Expands the middle axis of [outer][from][inner] to `taps.size()`.
std::vector<float> expand(const std::vector<float>& from, std::int64_t outer, std::int64_t count, std::int64_t inner,
                          const std::vector<Tap>& taps) {
  std::vector<float> to(outer * taps.size() * inner);
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < taps.size(); ++i) {
      const float* source = from.data() + (o * count + taps[i].first) * inner;
      const float a = taps[i].weight[0], b = taps[i].weight[1], c = taps[i].weight[2], d = taps[i].weight[3];
      float* target = to.data() + (o * taps.size() + i) * inner;
      for (std::int64_t x = 0; x < inner; ++x)
        target[x] = a * source[x] + b * source[x + inner] + c * source[x + 2 * inner] + d * source[x + 3 * inner];
    }
  return to;
}

}  // namespace

std::vector<float> smooth_field(const imaging::Index3& size, const imaging::Index3& cells, double deviation, core::Random& random) {
  const std::int64_t nx = cells[0] + 3, ny = cells[1] + 3, nz = cells[2] + 3;
  std::vector<float> coarse(nx * ny * nz);
  random.fill_normal(coarse.data(), coarse.size());
  for (auto& value : coarse) value *= static_cast<float>(deviation);
  // The x axis is expanded first, while the field is small; the last expansion then runs along whole planes.
  auto along_x = expand(coarse, ny * nz, nx, 1, taps_of(size[0], cells[0]));
  auto along_y = expand(along_x, nz, ny, size[0], taps_of(size[1], cells[1]));
  return expand(along_y, 1, nz, size[0] * size[1], taps_of(size[2], cells[2]));
}

}  // namespace isocenter::methods::brain_id
