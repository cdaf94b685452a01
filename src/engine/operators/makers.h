// Every kernel maker of the engine; operators/table.cpp puts them in order.
#pragma once

#include "engine/kernel.h"

namespace isocenter::engine {

// Convolutions. Their weights, and bias where there is one, are constants.
Candidate make_own_convolution(const Program& program, const Operation& operation);
bool own_convolution_fits(const Program& program, const Operation& operation);  // of Conv and ConvTranspose; makes nothing
Candidate make_onednn_convolution(const Program& program, const Operation& operation);
Candidate make_bf16_convolution(const Program& program, const Operation& operation);  // products of bf16 values, f32 sums
Candidate make_bf16_transposed_convolution(const Program& program, const Operation& operation);
Candidate make_depthwise_convolution(const Program& program, const Operation& operation);
Candidate make_own_transposed_convolution(const Program& program, const Operation& operation);
Candidate make_onednn_transposed_convolution(const Program& program, const Operation& operation);

Candidate make_instance_normalization(const Program& program, const Operation& operation);
Candidate make_channel_affine(const Program& program, const Operation& operation);
Candidate make_softmax(const Program& program, const Operation& operation);

Candidate make_unary(const Program& program, const Operation& operation);
Candidate make_binary(const Program& program, const Operation& operation);

Candidate make_max_pool(const Program& program, const Operation& operation);
Candidate make_average_pool(const Program& program, const Operation& operation);
Candidate make_global_average_pool(const Program& program, const Operation& operation);
Candidate make_nearest_resize(const Program& program, const Operation& operation);

Candidate make_gemm(const Program& program, const Operation& operation);
Candidate make_matrix_product(const Program& program, const Operation& operation);

// Values moved, not changed.
Candidate make_copy(const Program& program, const Operation& operation);  // Copy, Reshape and its like
Candidate make_relayout(const Program& program, const Operation& operation);
Candidate make_concatenation(const Program& program, const Operation& operation);
Candidate make_strided_copy(const Program& program, const Operation& operation);  // Transpose, Slice, Expand, Split

// Any operator of the graph's table by its plain evaluation in double precision: right, slow, last in every list.
Candidate make_reference(const Program& program, const Operation& operation);

}  // namespace isocenter::engine
