// The anatomy simulator: from whole-head label maps to MR-like volumes of any contrast, with the labels that go with them.
//
//   Generator generator(load_anatomies(folder / "labels.csv", files), {.size = {64, 80, 64}, .spacing_mm = 3});
//   Rendering rendering = generator.draw(seed, index);
//
// Source: Liu et al., Brain-ID (ECCV 2024), its generator; after Billot et al., SynthSeg (Medical Image Analysis 86, 2023). Without
// Brain-ID's mild-to-severe schedule: every draw takes its severity at random. A draw is a function of (seed, index) alone, whatever thread
// makes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "imaging/image.h"
#include "methods/generation/brain_id/label_table.h"

namespace isocenter::methods::brain_id {

struct Anatomy {
  std::string name;
  imaging::Geometry geometry;      // axes along LPS
  std::vector<std::uint8_t> rows;  // by voxel: row of the table
  imaging::Vector3 centre_mm{};    // of what is inside of the skull
};

struct AnatomySet {
  LabelTable table;
  std::vector<std::uint8_t> mirrored_class;  // output class of the other side, by output class
  std::vector<Anatomy> anatomies;
};

// Throws core::InputError naming the file for labels that the table lacks, or a map without anything inside of the skull.
AnatomySet load_anatomies(const std::filesystem::path& label_table, const std::vector<std::filesystem::path>& maps);

struct GeneratorOptions {
  imaging::Index3 size{64, 80, 64};  // x, y, z voxels of every rendering
  double spacing_mm = 3;
  double flip = 0.5;               // probabilities from here ...
  double weighted_contrast = 0.5;  // near T1, T2, FLAIR or PD; otherwise any
  double skull_removed = 0.4;      // all of the head outside of the brain
  double skull_partly_removed = 0.15;
  double thick_slices = 0.45;
  double cropped_field = 0.3;                                          // ... to here
  double rotation_deg = 18, scale = 0.18, shear = 0.08, shift_mm = 8;  // of the affine map, uniform in plus or minus these
  double deformation_mm = 5;  // largest deviation of the control points of the smooth deformation (smooth_field.h)
  double slice_mm_largest = 8;
  double bias_largest = 0.5, noise_largest = 0.09, gamma_deviation = 0.15, blur_mm_largest = 2.2;
};

struct Rendering {
  imaging::Volume image;                 // scaled as imaging::scale_percentile does
  imaging::Image<std::uint8_t> classes;  // output classes
};

class Generator {
 public:
  Generator(AnatomySet anatomies, GeneratorOptions options);
  Rendering draw(std::uint64_t seed, std::uint64_t index) const;
  // The labels alone, upright and undeformed, of one anatomy on the output grid.
  imaging::Image<std::uint8_t> upright(std::size_t anatomy) const;
  const AnatomySet& anatomies() const { return anatomies_; }

 private:
  AnatomySet anatomies_;
  GeneratorOptions options_;
};

}  // namespace isocenter::methods::brain_id
