// A U-Net that learned on a coarse grid, continued on one twice as fine: the coarse network becomes all but the finest level of the new
// one. Most of what a segmenter must learn (which structure is where) is learned at a seventh of the cost.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tensor/graph_module.h"

namespace isocenter::learning {

// Takes the weights of a plain_conv_unet whose levels are those of `network` without the finest, from a checkpoint (its average) or a
// weights file. Level s there becomes level s + 1 here. The new finest level starts at random, but two of its channels carry the smoothed
// image and its negative, and the convolution after it reads the old first kernels from them, so that the coarse levels see nearly what
// they know. Returns the parameters that kept their random start. Throws core::InputError naming the file when no level fits.
std::vector<std::string> grow_from_coarser(const std::filesystem::path& weights, tensor::GraphModule& network);

}  // namespace isocenter::learning
