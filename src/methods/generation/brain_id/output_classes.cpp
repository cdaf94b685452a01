#include "methods/generation/brain_id/output_classes.h"

namespace isocenter::methods::brain_id {

std::span<const OutputClass> output_classes() {
  static constexpr OutputClass classes[] = {
      {0, "background", 0},
      {2, "left cerebral white matter", 18},
      {3, "left cerebral cortex", 19},
      {4, "left lateral ventricle", 20},
      {5, "left inferior lateral ventricle", 21},
      {7, "left cerebellum white matter", 22},
      {8, "left cerebellum cortex", 23},
      {10, "left thalamus", 24},
      {11, "left caudate", 25},
      {12, "left putamen", 26},
      {13, "left pallidum", 27},
      {14, "third ventricle", 11},
      {15, "fourth ventricle", 12},
      {16, "brain stem", 13},
      {17, "left hippocampus", 28},
      {18, "left amygdala", 29},
      {26, "left accumbens", 30},
      {28, "left ventral diencephalon", 31},
      {41, "right cerebral white matter", 1},
      {42, "right cerebral cortex", 2},
      {43, "right lateral ventricle", 3},
      {44, "right inferior lateral ventricle", 4},
      {46, "right cerebellum white matter", 5},
      {47, "right cerebellum cortex", 6},
      {49, "right thalamus", 7},
      {50, "right caudate", 8},
      {51, "right putamen", 9},
      {52, "right pallidum", 10},
      {53, "right hippocampus", 14},
      {54, "right amygdala", 15},
      {58, "right accumbens", 16},
      {60, "right ventral diencephalon", 17},
      {24, "other intracranial", 32},
  };
  return classes;
}

std::optional<std::uint8_t> class_of_output_label(int output_label) {
  const auto classes = output_classes();
  for (std::size_t i = 0; i + 1 < classes.size(); ++i)
    if (classes[i].number == output_label) return static_cast<std::uint8_t>(i);
  return std::nullopt;
}

}  // namespace isocenter::methods::brain_id
