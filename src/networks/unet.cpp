#include "networks/unet.h"

#include <algorithm>

#include "core/error.h"
#include "graph/builder.h"

namespace isocenter::networks {
namespace {

using graph::Builder;
using graph::Shape;

void check(const UNetOptions& options) {
  const std::size_t stages = options.features.size();
  if (stages < 2) throw core::InputError("U-Net: {} stages where at least two are needed", stages);
  const auto require = [](bool fits, const char* what, std::size_t count, std::size_t wanted) {
    if (!fits) throw core::InputError("U-Net: '{}' has {} entries where {} are needed", what, count, wanted);
  };
  require(options.kernels.size() == stages, "kernels", options.kernels.size(), stages);
  require(options.strides.size() == stages, "strides", options.strides.size(), stages);
  require(options.encoder_blocks.size() == stages, "encoder_blocks", options.encoder_blocks.size(), stages);
  require(options.decoder_convolutions.size() == stages - 1, "decoder_convolutions", options.decoder_convolutions.size(), stages - 1);
  const std::size_t axes = options.kernels[0].size();
  if (axes != 2 && axes != 3) throw core::InputError("U-Net: kernels of {} axes; 2 or 3 are known", axes);
  if (options.input_channels < 1 || options.output_channels < 1) throw core::InputError("U-Net: it needs input and output channels");
  for (std::size_t i = 0; i < stages; ++i) {
    if (options.kernels[i].size() != axes || options.strides[i].size() != axes)
      throw core::InputError("U-Net: kernel and stride of stage {} do not have {} numbers", i, axes);
    for (std::size_t a = 0; a < axes; ++a)
      if (options.kernels[i][a] < 1 || options.kernels[i][a] % 2 == 0 || options.kernels[i][a] > 31 || options.strides[i][a] < 1 ||
          options.strides[i][a] > 31)
        throw core::InputError("U-Net: stage {}: kernels are odd and strides positive", i);
    if (options.features[i] < 1 || options.features[i] > 65536)
      throw core::InputError("U-Net: stage {} has {} features", i, options.features[i]);
    const auto sensible = [](std::int64_t count) { return count >= 1 && count <= 1000; };
    if (!sensible(options.encoder_blocks[i]) || (i + 1 < stages && !sensible(options.decoder_convolutions[i])))
      throw core::InputError("U-Net: stage {}: the number of blocks is out of range", i);
  }
}

bool moves(const Shape& stride) {
  return std::ranges::any_of(stride, [](std::int64_t step) { return step != 1; });
}

// Both networks' parts, over one builder.
class Assembly {
 public:
  Assembly(const UNetOptions& options, const std::string& name) : options_(options), net_(name) {}

  std::string input() {
    Shape shape{1, options_.input_channels};
    shape.insert(shape.end(), options_.kernels[0].size(), -1);
    return net_.input("image", shape);
  }

  // Convolution and norm, with or without the activation: `NAME.conv`, `NAME.norm`.
  std::string block(std::string x, const std::string& name, std::int64_t features, const Shape& kernel, const Shape& stride,
                    bool activated = true, std::optional<bool> bias = {}) {
    x = net_.convolution(x, name + ".conv",
                         {.outputs = features, .kernel = kernel, .stride = stride, .bias = bias.value_or(options_.convolution_bias)});
    if (options_.norm == Norm::instance) x = net_.instance_norm(x, name + ".norm", options_.norm_epsilon);
    if (options_.norm == Norm::batch) x = net_.batch_norm(x, name + ".norm", options_.norm_epsilon);
    return activated ? net_.leaky_relu(x, options_.leaky_slope) : x;
  }

  // `NAME.convs.0`, `NAME.convs.1`, ...; the first one strides.
  std::string stack(std::string x, const std::string& name, std::int64_t count, std::int64_t features, const Shape& kernel,
                    const Shape& stride) {
    for (std::int64_t i = 0; i < count; ++i)
      x = block(x, name + ".convs." + std::to_string(i), features, kernel, i == 0 ? stride : Shape(kernel.size(), 1));
    return x;
  }

  // The skip averages where the block strides and projects where it changes the number of features. In the skip's own sequence the
  // projection comes after the pool, so that its number in the name is 1 with a pool and 0 without.
  std::string residual_block(const std::string& x, const std::string& name, std::int64_t features, const Shape& kernel,
                             const Shape& stride) {
    const Shape one(kernel.size(), 1);
    std::string y = block(x, name + ".conv1", features, kernel, stride);
    y = block(y, name + ".conv2", features, kernel, one, false);
    std::string skip = x;
    if (moves(stride)) skip = net_.average_pool(skip, stride, stride);
    if (net_.channels(x) != features) skip = block(skip, name + (moves(stride) ? ".skip.1" : ".skip.0"), features, one, one, false, false);
    return net_.leaky_relu(net_.add(y, skip), options_.leaky_slope);
  }

  // Upwards from the coarsest stage; one head a level, the finest always and the others with deep supervision.
  graph::Graph decoder(const std::vector<std::string>& skips) {
    const std::size_t stages = options_.features.size();
    std::string x = skips.back();
    std::vector<std::string> levels;  // coarsest first
    for (std::size_t i = 0; i + 1 < stages; ++i) {
      const std::size_t below = stages - 1 - i, stage = below - 1;
      const std::string number = std::to_string(i);
      x = net_.transposed_convolution(
          x, "decoder.transpconvs." + number,
          {.outputs = options_.features[stage], .kernel = options_.strides[below], .bias = options_.convolution_bias});
      x = net_.concat({x, skips[stage]});
      x = stack(x, "decoder.stages." + number, options_.decoder_convolutions[i], options_.features[stage], options_.kernels[stage],
                Shape(options_.kernels[stage].size(), 1));
      levels.push_back(x);
    }
    std::vector<std::string> outputs;
    const Shape one(options_.kernels[0].size(), 1);
    for (std::size_t level = 0; level < (options_.deep_supervision ? levels.size() : 1); ++level) {
      const std::size_t index = levels.size() - 1 - level;
      const std::string logits = net_.convolution(levels[index], "decoder.seg_layers." + std::to_string(index),
                                                  {.outputs = options_.output_channels, .kernel = one});
      outputs.push_back(net_.name(logits, level == 0 ? "logits" : "logits_" + std::to_string(level)));
    }
    return net_.finish(outputs);
  }

 private:
  const UNetOptions& options_;
  Builder net_;
};

}  // namespace

graph::Graph plain_conv_unet(const UNetOptions& options) {
  check(options);
  Assembly net(options, "plain_conv_unet");
  std::string x = net.input();
  std::vector<std::string> skips;
  for (std::size_t s = 0; s < options.features.size(); ++s)
    skips.push_back(x = net.stack(x, "encoder.stages." + std::to_string(s) + ".0", options.encoder_blocks[s], options.features[s],
                                  options.kernels[s], options.strides[s]));
  return net.decoder(skips);
}

graph::Graph residual_encoder_unet(const UNetOptions& options) {
  check(options);
  Assembly net(options, "residual_encoder_unet");
  const Shape one(options.kernels[0].size(), 1);
  std::string x = net.stack(net.input(), "encoder.stem", 1, options.features[0], options.kernels[0], one);
  std::vector<std::string> skips;
  for (std::size_t s = 0; s < options.features.size(); ++s) {
    for (std::int64_t b = 0; b < options.encoder_blocks[s]; ++b)
      x = net.residual_block(x, "encoder.stages." + std::to_string(s) + ".blocks." + std::to_string(b), options.features[s],
                             options.kernels[s], b == 0 ? options.strides[s] : one);
    skips.push_back(x);
  }
  return net.decoder(skips);
}

}  // namespace isocenter::networks
