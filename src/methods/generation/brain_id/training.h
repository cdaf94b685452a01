// The anatomy simulator as a source of training samples, "brain-id" in a recipe.
#pragma once

namespace isocenter::methods {

// Settings of the recipe's [source] table: `label_maps` (folder of NIfTI maps), `label_table` (labels.csv; beside that folder by default),
// `validation_maps` and `test_maps` (how many of the maps, last in order of name, are held out; the test maps are never read), and any of
// the generator's options by its own name (generator.h).
void register_brain_id_source();

}  // namespace isocenter::methods
