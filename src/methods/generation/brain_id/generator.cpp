#include "methods/generation/brain_id/generator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/random.h"
#include "imaging/intensity.h"
#include "methods/generation/brain_id/acquisition.h"
#include "methods/generation/brain_id/contrast.h"
#include "methods/generation/brain_id/output_classes.h"
#include "methods/generation/brain_id/smooth_field.h"

namespace isocenter::methods::brain_id {
namespace {

using core::Random;
using imaging::Matrix3;
using imaging::Vector3;

Matrix3 product(const Matrix3& a, const Matrix3& b) {
  Matrix3 c{};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 3; ++k) c[i][j] += a[i][k] * b[k][j];
  return c;
}

// Rotation about each axis, scale and shear of each, uniform in plus or minus the options' values.
Matrix3 draw_affine(const GeneratorOptions& options, Random& random) {
  Matrix3 matrix{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  for (int axis = 0; axis < 3; ++axis) {
    const double angle = random.uniform(-1, 1) * options.rotation_deg * std::numbers::pi / 180;
    const int a = (axis + 1) % 3, b = (axis + 2) % 3;
    Matrix3 turn{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
    turn[a][a] = turn[b][b] = std::cos(angle);
    turn[a][b] = -std::sin(angle);
    turn[b][a] = std::sin(angle);
    matrix = product(matrix, turn);
  }
  Matrix3 stretch{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  const double overall = 1 + 0.7 * random.uniform(-1, 1) * options.scale;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      stretch[i][j] = i == j ? overall * (1 + 0.5 * random.uniform(-1, 1) * options.scale) : random.uniform(-1, 1) * options.shear;
  return product(matrix, stretch);
}

imaging::Geometry output_grid(const GeneratorOptions& options) {
  imaging::Geometry grid;
  grid.size = options.size;
  grid.spacing_mm = {options.spacing_mm, options.spacing_mm, options.spacing_mm};
  for (int axis = 0; axis < 3; ++axis) grid.origin_lps_mm[axis] = -0.5 * static_cast<double>(options.size[axis] - 1) * options.spacing_mm;
  return grid;
}

// The field of view ends before the head does: nothing is seen beyond one or two planes.
void crop_field(std::vector<float>& image, std::vector<std::uint8_t>& classes, const imaging::Index3& size, Random& random) {
  std::array<std::int64_t, 3> low{0, 0, 0}, high = size;
  const int cuts = static_cast<int>(random.integer(1, 2));
  for (int cut = 0; cut < cuts; ++cut) {
    const int axis = random.chance(0.6) ? 2 : static_cast<int>(random.integer(0, 1));
    const auto depth = static_cast<std::int64_t>(random.uniform(0.05, 0.4) * static_cast<double>(size[axis]));
    if (random.chance(0.5))
      low[axis] = std::max(low[axis], depth);
    else
      high[axis] = std::min(high[axis], size[axis] - depth);
  }
  std::size_t at = 0;
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i, ++at)
        if (i < low[0] || i >= high[0] || j < low[1] || j >= high[1] || k < low[2] || k >= high[2]) image[at] = 0, classes[at] = 0;
}

}  // namespace

Generator::Generator(AnatomySet anatomies, GeneratorOptions options) : anatomies_(std::move(anatomies)), options_(options) {}

imaging::Image<std::uint8_t> Generator::upright(std::size_t index) const {
  const Anatomy& anatomy = anatomies_.anatomies.at(index);
  imaging::Image<std::uint8_t> classes(output_grid(options_));
  std::size_t at = 0;
  for (std::int64_t k = 0; k < options_.size[2]; ++k)
    for (std::int64_t j = 0; j < options_.size[1]; ++j)
      for (std::int64_t i = 0; i < options_.size[0]; ++i, ++at) {
        Vector3 point = classes.geometry.point_mm({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
        for (int axis = 0; axis < 3; ++axis) point[axis] += anatomy.centre_mm[axis];
        const Vector3 source = anatomy.geometry.index_of(point);
        const imaging::Index3 nearest{std::llround(source[0]), std::llround(source[1]), std::llround(source[2])};
        if (!anatomy.geometry.contains(nearest)) continue;
        classes.voxels[at] = anatomies_.table.rows[anatomy.rows[anatomy.geometry.offset(nearest[0], nearest[1], nearest[2])]].output_class;
      }
  return classes;
}

Rendering Generator::draw(std::uint64_t seed, std::uint64_t index) const {
  const auto& options = options_;
  const auto& table = anatomies_.table;
  Random shape(seed, index, "shape"), look(seed, index, "look"), scan(seed, index, "scan"), grain(seed, index, "grain");

  const Anatomy& anatomy = anatomies_.anatomies[shape.integer(0, static_cast<std::int64_t>(anatomies_.anatomies.size()) - 1)];
  const bool flipped = shape.chance(options.flip);
  const auto [nx, ny, nz] = options.size;
  const std::size_t voxels = nx * ny * nz;

  // One sampling of the anatomy: affine about its centre, then the smooth deformation, straight onto the output grid.
  Matrix3 affine = draw_affine(options, shape);
  Vector3 shift;
  for (auto& value : shift) value = shape.uniform(-1, 1) * options.shift_mm;
  // Index in the anatomy = matrix * voxel of the output grid + offset.
  struct {
    std::array<std::array<float, 3>, 3> matrix;
    std::array<float, 3> offset;
  } sampling;
  for (int row = 0; row < 3; ++row) {
    const double to_index = 1 / anatomy.geometry.spacing_mm[row];
    double offset = (anatomy.centre_mm[row] - anatomy.geometry.origin_lps_mm[row]) * to_index;
    for (int column = 0; column < 3; ++column) {
      const double sign = flipped && row == 0 ? -1 : 1;
      const double entry = sign * affine[row][column] * to_index;
      sampling.matrix[row][column] = static_cast<float>(entry * options.spacing_mm);
      offset += entry * (shift[column] - 0.5 * static_cast<double>(options.size[column] - 1) * options.spacing_mm);
    }
    sampling.offset[row] = static_cast<float>(offset + 0.5);  // floor then rounds to the nearest
  }
  const double strength = shape.uniform(0, options.deformation_mm);
  std::array<std::vector<float>, 3> deformation;
  const std::int64_t cells = shape.integer(3, 8);
  for (int axis = 0; axis < 3; ++axis)
    deformation[axis] = smooth_field(options.size, {cells, cells, cells}, strength / anatomy.geometry.spacing_mm[axis], shape);

  // What is left of the head outside of the brain.
  std::vector<bool> removed(table.rows.size(), false);
  const double removal = look.uniform();
  if (removal < options.skull_removed) {
    const bool fluid_too = look.chance(0.5);
    for (std::size_t row = 0; row < removed.size(); ++row)
      removed[row] = table.rows[row].extra_cerebral || (fluid_too && table.rows[row].label == 24);
  } else if (removal < options.skull_removed + options.skull_partly_removed) {
    for (std::size_t row = 0; row < removed.size(); ++row) removed[row] = table.rows[row].extra_cerebral && look.chance(0.5);
  }
  std::vector<TissueIntensity> tissues = draw_contrast(table, options.weighted_contrast, look);
  std::vector<std::uint8_t> class_of_row(table.rows.size());
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    if (removed[row]) tissues[row] = {0, 0};
    const std::uint8_t plain = table.rows[row].output_class;
    class_of_row[row] = removed[row] ? 0 : flipped ? anatomies_.mirrored_class[plain] : plain;
  }

  Rendering rendering;
  rendering.image.geometry = rendering.classes.geometry = output_grid(options);
  auto& image = rendering.image.voxels;
  auto& classes = rendering.classes.voxels;
  image.resize(voxels);
  classes.assign(voxels, 0);
  grain.fill_normal(image.data(), voxels);

  const auto [sx, sy, sz] = anatomy.geometry.size;
  const auto row_at = [&](float x, float y, float z) -> int {  // -1 outside of the map
    // Truncation after a shift is floor, without its call: positions are never below -1024.
    const int i = static_cast<int>(x + 1024) - 1024, j = static_cast<int>(y + 1024) - 1024, k = static_cast<int>(z + 1024) - 1024;
    if (static_cast<unsigned>(i) >= static_cast<unsigned>(sx) || static_cast<unsigned>(j) >= static_cast<unsigned>(sy) ||
        static_cast<unsigned>(k) >= static_cast<unsigned>(sz))
      return -1;
    return anatomy.rows[i + sx * (j + sy * k)];
  };
  // Partial volume: eight samples half a voxel apart instead of one, where the output voxel is larger than the anatomy's.
  const bool partial_volume = look.chance(0.7);
  std::array<std::array<float, 3>, 8> corner;
  for (int c = 0; c < 8; ++c)
    for (int row = 0; row < 3; ++row) {
      corner[c][row] = 0;
      for (int axis = 0; axis < 3; ++axis) corner[c][row] += ((c >> axis & 1) ? 0.25f : -0.25f) * sampling.matrix[row][axis];
    }
  const auto& m = sampling.matrix;
  std::size_t at = 0;
  for (std::int64_t k = 0; k < nz; ++k)
    for (std::int64_t j = 0; j < ny; ++j) {
      float start[3];
      for (int row = 0; row < 3; ++row)
        start[row] = sampling.offset[row] + m[row][1] * static_cast<float>(j) + m[row][2] * static_cast<float>(k);
      for (std::int64_t i = 0; i < nx; ++i, ++at) {
        const float x = start[0] + m[0][0] * static_cast<float>(i) + deformation[0][at];
        const float y = start[1] + m[1][0] * static_cast<float>(i) + deformation[1][at];
        const float z = start[2] + m[2][0] * static_cast<float>(i) + deformation[2][at];
        const int row = row_at(x, y, z);
        if (row < 0) {
          image[at] = 0;
          continue;
        }
        classes[at] = class_of_row[row];
        float mean = tissues[row].mean;
        if (partial_volume) {
          mean = 0;
          for (const auto& shift_index : corner) {
            const int there = row_at(x + shift_index[0], y + shift_index[1], z + shift_index[2]);
            if (there >= 0) mean += 0.125f * tissues[there].mean;
          }
        }
        image[at] = mean + tissues[row].deviation * image[at];
      }
    }

  // The scanner.
  apply_bias_field(image, options.size, scan.integer(2, 5), scan.uniform(0, options.bias_largest), scan);
  const double blur_mm = scan.chance(0.7) ? scan.uniform(0, options.blur_mm_largest) : 0;
  for (int axis = 0; axis < 3; ++axis) blur_axis(image, options.size, axis, blur_mm / options.spacing_mm);
  const bool rician = scan.chance(0.3);
  const double noise = scan.uniform(0, 1);
  const double noise_deviation = noise * noise * options.noise_largest;
  if (scan.chance(options.thick_slices)) {
    const int axis = scan.chance(0.6) ? 2 : static_cast<int>(scan.integer(0, 1));
    const double slice_mm = scan.uniform(options.spacing_mm, options.slice_mm_largest);
    const double thickness_mm = slice_mm * scan.uniform(0.6, 1);
    blur_axis(image, options.size, axis, resolution_blur_deviation(thickness_mm, options.spacing_mm, scan.uniform()));
    add_noise(image, noise_deviation, rician, grain);
    const double step = slice_mm / options.spacing_mm;
    resample_axis(image, options.size, axis, step, scan.uniform(0, step));
  } else {
    add_noise(image, noise_deviation, rician, grain);
  }
  // Zeros of a removed head stay zero in real scans: stripping is done after the scan.
  if (removal < options.skull_removed)
    for (std::size_t voxel = 0; voxel < voxels; ++voxel)
      if (classes[voxel] == 0) image[voxel] = 0;
  imaging::scale_percentile(image.data(), static_cast<std::int64_t>(voxels));
  const float gamma = static_cast<float>(std::exp(options.gamma_deviation * scan.normal()));
  for (auto& value : image) value = std::pow(value, gamma);
  if (scan.chance(options.cropped_field)) crop_field(image, classes, options.size, scan);
  return rendering;
}

}  // namespace isocenter::methods::brain_id
