// What the numbers of a generation label map mean, read from its labels.csv (columns label, name, side, generation_class, output_label).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace isocenter::methods::brain_id {

struct LabelRow {
  int label = 0;
  std::string name;
  enum class Side { none, left, right } side = Side::none;
  int generation_class = 0;       // labels of one class share an intensity distribution
  std::uint8_t output_class = 0;  // index into output_classes(): structure, 0 outside of the skull, 32 other intracranial
  bool extra_cerebral = false;    // head, skull, skin, air: 502 to 530, and 0
};

struct LabelTable {
  std::vector<LabelRow> rows;  // at most 255
  int generation_classes = 0;  // one more than the largest

  // Row by label; throws core::InputError naming `file` for a label that is not in the table.
  std::uint8_t row_of(int label, const std::string& file) const;
};

// Throws core::InputError naming the file, the line and the fault.
LabelTable read_label_table(const std::filesystem::path& csv);

}  // namespace isocenter::methods::brain_id
