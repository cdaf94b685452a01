// Simulated head scans as files: what `isocenter synthesize` writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/progress.h"
#include "methods/generation/brain_id/generator.h"

namespace isocenter::methods::brain_id {

struct SynthesisRequest {
  std::filesystem::path label_table;        // labels.csv of the maps
  std::vector<std::filesystem::path> maps;  // label maps to draw from
  std::int64_t count = 10;                  // heads to write
  std::uint64_t seed = 1;
  GeneratorOptions options;
};

// Writes into the folder `output`, which appears whole or not at all: images/head-0000.nii.gz (0 to 1.2), labels/head-0000.nii.gz (the
// numbers of output_classes()), and so on, and labels.csv (number, name, voxels in all heads). Head n is a function of seed and n alone.
// Throws core::InputError for an unreadable map or table, a count that is not from 1 to 100000, or a grid without voxels.
void synthesize_heads(const SynthesisRequest& request, const std::filesystem::path& output,
                      const core::Progress& progress = core::no_progress());

}  // namespace isocenter::methods::brain_id
