// What the rooms that know libtorch compile against, as one precompiled header: tensors and autograd, never the umbrella torch/torch.h.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/grad_mode.h>
