#include "methods/generation/brain_id/synthesize.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "formats/volume/volume_file.h"
#include "methods/generation/brain_id/output_classes.h"

namespace isocenter::methods::brain_id {

void synthesize_heads(const SynthesisRequest& request, const std::filesystem::path& output, const core::Progress& progress) {
  if (request.count < 1 || request.count > 100'000)
    throw core::InputError("{} heads were asked for: give a number from 1 to 100000", request.count);
  imaging::Geometry grid;
  grid.size = request.options.size;
  grid.spacing_mm = {request.options.spacing_mm, request.options.spacing_mm, request.options.spacing_mm};
  if (const auto fault = imaging::problem(grid); !fault.empty()) throw core::InputError("simulated heads: {}", fault);
  for (const auto size : grid.size)
    if (size > 512) throw core::InputError("simulated heads: {} voxels along an axis: give at most 512", size);
  const Generator generator(load_anatomies(request.label_table, request.maps), request.options);
  const auto classes = output_classes();
  std::vector<std::int64_t> voxels(classes.size(), 0);

  core::write_folder(output, [&](const std::filesystem::path& folder) {
    // In groups of as many as there are threads, so that memory and the time between two signs of progress stay small.
    const std::int64_t group = core::thread_count();
    for (std::int64_t first = 0; first < request.count; first += group) {
      progress({"writing simulated heads", static_cast<double>(first) / static_cast<double>(request.count)});
      const auto heads = std::min(group, request.count - first);
      std::vector<std::vector<std::int64_t>> counted(heads, std::vector<std::int64_t>(classes.size(), 0));
      core::parallel_each(heads, [&](std::int64_t n) {
        const Rendering rendering = generator.draw(request.seed, static_cast<std::uint64_t>(first + n));
        imaging::LabelMap labels(rendering.classes.geometry);
        for (std::size_t i = 0; i < labels.voxels.size(); ++i) {
          const auto index = rendering.classes.voxels[i];
          labels.voxels[i] = classes[index].number;
          ++counted[n][index];
        }
        const std::string name = fmt::format("head-{:04}.nii.gz", first + n);
        formats::write_volume(folder / "images" / name, rendering.image);
        formats::write_label_map(folder / "labels" / name, labels);
      });
      for (const auto& head : counted)
        for (std::size_t c = 0; c < classes.size(); ++c) voxels[c] += head[c];
    }
    std::string table = "number,name,voxels\n";
    for (std::size_t c = 0; c < classes.size(); ++c) table += fmt::format("{},{},{}\n", classes[c].number, classes[c].name, voxels[c]);
    core::write_text(folder / "labels.csv", table);
    progress({"writing simulated heads", 1});
  });
}

}  // namespace isocenter::methods::brain_id
