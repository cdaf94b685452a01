// Concatenation of channels without a copy: each part is written where it will stand in the wide tensor, and who else reads it reads it
// there. Possible where everybody concerned works on voxels that lie further apart than their channels.
#include <algorithm>
#include <array>
#include <string_view>

#include "engine/operators/makers.h"
#include "engine/passes.h"

namespace isocenter::engine {
namespace {

// Besides our own convolutions.
constexpr std::array<std::string_view, 5> kWalksInSteps = {"InstanceNormalization", "ChannelAffine", "MaxPool", "AveragePool",
                                                           "GlobalAveragePool"};

bool works_on_slices(const Program& program, const Operation& operation) {
  if (operation.op() == "Conv" || operation.op() == "ConvTranspose") return own_convolution_fits(program, operation);
  return std::find(kWalksInSteps.begin(), kWalksInSteps.end(), operation.op()) != kWalksInSteps.end();
}

bool can_be_slice(const Program& program, int part, int concatenation) {
  const Tensor& tensor = program.tensor(part);
  if (tensor.is_constant() || tensor.wide >= 0 || !tensor.channels_last || program.is_output(part)) return false;
  const auto producer = program.producer(part);
  if (!producer) return false;
  const Operation& makes = program.operations[static_cast<std::size_t>(*producer)];
  if (makes.op() == "GlobalAveragePool" || !works_on_slices(program, makes)) return false;
  const auto readers = program.consumers(part);
  return std::all_of(readers.begin(), readers.end(), [&](int reader) {
    return reader == concatenation || works_on_slices(program, program.operations[static_cast<std::size_t>(reader)]);
  });
}

void make_slice(Program& program, int part, int wide, std::int64_t first_channel) {
  program.tensor(part).wide = wide;
  program.tensor(part).first_channel = first_channel;
  // A normalization in place: what it reads is written there already.
  const Operation& makes = program.operations[static_cast<std::size_t>(*program.producer(part))];
  if (makes.op() != "InstanceNormalization" && makes.op() != "ChannelAffine") return;
  const int raw = makes.inputs[0];
  const auto source = program.producer(raw);
  if (!source || program.tensor(raw).wide >= 0 || program.consumers(raw).size() != 1 || program.is_output(raw) || makes.residual == raw)
    return;
  const Operation& before = program.operations[static_cast<std::size_t>(*source)];
  if ((before.op() == "Conv" || before.op() == "ConvTranspose") && works_on_slices(program, before)) {
    program.tensor(raw).wide = wide;
    program.tensor(raw).first_channel = first_channel;
  }
}

}  // namespace

void place_concatenations(Program& program) {
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    const Operation& operation = program.operations[i];
    if (operation.op() != "Concat") continue;
    const int wide = operation.outputs[0];
    const Tensor& whole = program.tensor(wide);
    const std::int64_t axis = operation.node.integer("axis", 0);
    const bool channels = axis == 1 || axis + static_cast<std::int64_t>(whole.shape.size()) == 1;
    if (!channels || !whole.channels_last || whole.wide >= 0 || whole.type != graph::DataType::f32) continue;
    std::int64_t first = 0;
    for (int part : std::vector<int>(operation.inputs)) {
      const std::int64_t count = program.tensor(part).channels();
      if (std::count(operation.inputs.begin(), operation.inputs.end(), part) == 1 && can_be_slice(program, part, static_cast<int>(i)))
        make_slice(program, part, wide, first);
      first += count;
    }
  }
}

}  // namespace isocenter::engine
