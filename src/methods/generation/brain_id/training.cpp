#include "methods/generation/brain_id/training.h"

#include <algorithm>

#include "core/error.h"
#include "learning/sources.h"
#include "methods/generation/brain_id/generator.h"
#include "methods/generation/brain_id/output_classes.h"

namespace isocenter::methods {
namespace {

namespace fs = std::filesystem;

// Renderings of the validation maps are numbered apart from those for training, and there are as many as anyone asks for, up to this.
constexpr std::uint64_t validation_seed = 0x76616c6964;
constexpr std::uint64_t validation_renderings = 64;

brain_id::GeneratorOptions generator_options(const learning::SourceRequest& request) {
  brain_id::GeneratorOptions options;
  options.size = {request.size[0], request.size[1], request.size[2]};
  options.spacing_mm = request.spacing_mm[0];
  if (request.spacing_mm[1] != options.spacing_mm || request.spacing_mm[2] != options.spacing_mm)
    throw core::InputError("{}: source brain-id needs the same spacing_mm on every axis", request.settings.where());
  const auto take = [&](const char* key, double& value) { value = request.settings.number(key, value); };
  take("flip", options.flip);
  take("weighted_contrast", options.weighted_contrast);
  take("skull_removed", options.skull_removed);
  take("skull_partly_removed", options.skull_partly_removed);
  take("thick_slices", options.thick_slices);
  take("cropped_field", options.cropped_field);
  take("rotation_deg", options.rotation_deg);
  take("scale", options.scale);
  take("shear", options.shear);
  take("shift_mm", options.shift_mm);
  take("deformation_mm", options.deformation_mm);
  take("slice_mm_largest", options.slice_mm_largest);
  take("bias_largest", options.bias_largest);
  take("noise_largest", options.noise_largest);
  take("gamma_deviation", options.gamma_deviation);
  take("blur_mm_largest", options.blur_mm_largest);
  return options;
}

struct Split {
  std::vector<fs::path> training, validation;
};

Split split_maps(const learning::SourceRequest& request) {
  const fs::path folder = request.settings.text("label_maps");
  std::error_code error;
  std::vector<fs::path> maps;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().filename().string().find(".nii") != std::string::npos) maps.push_back(entry.path());
  if (error)
    throw core::InputError("{}: label_maps \"{}\" cannot be listed: {}", request.settings.where(), folder.string(), error.message());
  std::sort(maps.begin(), maps.end());
  const std::int64_t validation = request.settings.integer("validation_maps", 2), test = request.settings.integer("test_maps", 1);
  const std::int64_t training = static_cast<std::int64_t>(maps.size()) - validation - test;
  if (validation < 0 || test < 0 || training < 1)
    throw core::InputError("{}: {} label maps in {} leave none for training beside {} for validation and {} for test",
                           request.settings.where(), maps.size(), folder.string(), validation, test);
  return {{maps.begin(), maps.begin() + training}, {maps.begin() + training, maps.begin() + training + validation}};
}

learning::Sample sample_of(brain_id::Rendering rendering) {
  learning::Sample sample;
  const auto& size = rendering.image.geometry.size;
  sample.size = {size[0], size[1], size[2]};
  sample.image = std::move(rendering.image.voxels);
  sample.labels = std::move(rendering.classes.voxels);
  return sample;
}

class BrainIdSource : public learning::SampleSource {
 public:
  explicit BrainIdSource(const learning::SourceRequest& request) : BrainIdSource(request, split_maps(request)) {}

  std::int64_t channels() const override { return 1; }
  std::vector<std::string> classes() const override {
    std::vector<std::string> names;
    for (const auto& output : brain_id::output_classes()) names.push_back(output.name);
    return names;
  }
  learning::Sample draw(std::uint64_t index) const override { return sample_of(training_.draw(seed_, index)); }
  learning::Sample validation(std::uint64_t index) const override {
    if (!validation_) throw std::logic_error("brain-id: no validation maps");
    return sample_of(validation_->draw(validation_seed, index));
  }
  std::uint64_t validation_count() const override { return validation_ ? validation_renderings : 0; }

 private:
  BrainIdSource(const learning::SourceRequest& request, const Split& split)
      : seed_(request.seed), training_(brain_id::load_anatomies(table(request), split.training), generator_options(request)) {
    if (!split.validation.empty())
      validation_.emplace(brain_id::load_anatomies(table(request), split.validation), generator_options(request));
  }
  static fs::path table(const learning::SourceRequest& request) {
    const fs::path maps = request.settings.text("label_maps");
    return request.settings.text("label_table", (maps.parent_path() / "labels.csv").string());
  }

  std::uint64_t seed_;
  brain_id::Generator training_;
  std::optional<brain_id::Generator> validation_;
};

}  // namespace

void register_brain_id_source() {
  learning::register_source("brain-id", [](const learning::SourceRequest& request) { return std::make_unique<BrainIdSource>(request); });
}

}  // namespace isocenter::methods
