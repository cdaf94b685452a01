#include "apps/command_line/program.h"
#include "apps/isocenter/input_volume.h"
#include "apps/isocenter/verbs.h"
#include "core/error.h"
#include "formats/volume/describe.h"
#include "formats/volume/volume_file.h"

namespace isocenter::apps {
namespace {

int run(const Arguments& arguments) {
  const std::filesystem::path input = *arguments.path("INPUT"), output = *arguments.path("OUTPUT");
  if (!std::filesystem::exists(input)) throw core::InputError("{}: no such file or folder", input.string());
  if (std::filesystem::is_regular_file(input) && formats::is_volume_file(input)) {
    formats::convert_volume(input, output, arguments.integer("--channel", 0, 1 << 30));
    return 0;
  }
  formats::write_volume(output, read_input_volume(input, arguments.text("--series"), arguments.progress()).volume);
  return 0;
}

}  // namespace

Verb convert_verb() {
  return {"convert",
          "a volume from one format to another",
          "Reads a NIfTI, MGH, NRRD or MetaImage file or a DICOM series, and writes the format of the output's name: .nii, .nii.gz, .nrrd, "
          ".mha. Where the "
          "voxels are in the patient is kept.",
          {{"INPUT", "a volume file or a DICOM folder"}, {"OUTPUT", "the file to write"}},
          {{"--series", "UID", "the series to take where a DICOM folder holds several"},
           {"--channel", "N", "which of a file's channels or time points, counted from 0", "0"}},
          {{"isocenter convert series/ t1.nii.gz", "a DICOM series as NIfTI"}},
          run};
}

}  // namespace isocenter::apps
