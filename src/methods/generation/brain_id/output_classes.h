// The 33 classes that a brain model of this kind says, in the order of its output channels: background, 31 structures by side, and what
// else is inside of the skull. Numbers are FreeSurfer's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace isocenter::methods::brain_id {

struct OutputClass {
  std::uint16_t number = 0;  // FreeSurfer's; 24 stands for "other intracranial"
  const char* name = "";
  std::uint8_t partner = 0;  // class of the other side; itself where there is none
};

std::span<const OutputClass> output_classes();                        // 33, index = channel
std::optional<std::uint8_t> class_of_output_label(int output_label);  // SynthSeg's output label to class
constexpr std::uint8_t other_intracranial = 32;

}  // namespace isocenter::methods::brain_id
