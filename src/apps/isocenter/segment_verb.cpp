#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "apps/command_line/program.h"
#include "apps/isocenter/input_volume.h"
#include "apps/isocenter/precision_option.h"
#include "apps/isocenter/verbs.h"
#include "formats/volume/volume_file.h"
#include "models/package.h"
#include "models/segmentation.h"

namespace isocenter::apps {
namespace {

int run(const Arguments& arguments) {
  const auto package = models::read_package(models::find_package(arguments.text("--model")));
  const auto input = read_input_volume(*arguments.path("INPUT"), arguments.text("--series"), arguments.progress());
  const auto result = models::segment(package, input.volume, chosen_precision(arguments), arguments.progress());
  formats::write_label_map(*arguments.path("--output"), result.labels);

  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  std::map<std::uint16_t, std::int64_t> voxels;
  for (const auto value : result.labels.voxels) ++voxels[value];
  for (const auto& label : package.labels) {
    if (label.value == 0) continue;
    const double volume_ml = 1e-3 * static_cast<double>(voxels[label.value]) * result.labels.geometry.voxel_volume_mm3();
    rows.push_back({{"label", label.value}, {"name", label.name}, {"volume_ml", volume_ml}});
    if (!arguments.json()) print_line(fmt::format("{:>6}  {:<40} {:>10.2f} ml", label.value, label.name, volume_ml));
  }
  if (arguments.json()) print_line(nlohmann::ordered_json{{"model", package.name}, {"seconds", result.seconds}, {"labels", rows}}.dump(2));
  return 0;
}

}  // namespace

Verb segment_verb() {
  return {"segment",
          "one model on one volume: a label map",
          "Runs a segmentation model and writes the label map on the input's own grid; prints the volume of each label.",
          {{"INPUT", "a NIfTI, MGH, NRRD or MetaImage file, or a DICOM series"}},
          {{"--output", "FILE", "label map to write: .nii, .nii.gz, .nrrd or .mha", "", {}, true, "-o"},
           {"--model", "NAME", "model, by name or folder", "brain-any"},
           {"--series", "UID", "the series to take where a DICOM folder holds several"},
           precision_option()},
          {{"isocenter segment t1.nii.gz --output labels.nii.gz", "the structures of the brain as labels"}},
          run};
}

}  // namespace isocenter::apps
