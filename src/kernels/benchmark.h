// The speed of the kernels on this machine, beside the FMA peak measured in the same run: what `isocenter bench kernels` prints.
//
// Memory is written before it is read (fresh pages share one zero page and would look twice as fast). Rates are of the direct convolution's
// operations, so Winograd can pass the peak.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/convolution.h"

namespace isocenter::kernels {

struct BenchmarkCase {
  std::string name;  // "32-32-at-96"
  ConvolutionShape shape;
};

// The layers of nnU-Net's plain 3D network that the targets are stated for, the strided and first layers, and small grids with many
// channels.
std::vector<BenchmarkCase> benchmark_cases();

struct BenchmarkRow {
  std::string case_name;  // "32-32-at-96 forward"
  std::string kernel;     // "winograd-4-4-4"
  std::string precision = "f32";
  double seconds = 0, gflop = 0, gflops = 0, limit_gflops = 0, share_of_limit = 0;
};

struct BenchmarkOptions {
  int runs = 3;               // the median is taken
  bool every_kernel = false;  // each kernel that fits instead of the chosen one
  double accuracy = 2e-5;
  std::string only;  // cases whose name holds this text
};

// Three rows a case: forward, gradient of the input, gradient of the weights. Calls `report` after each row.
std::vector<BenchmarkRow> benchmark_kernels(const BenchmarkOptions& options, const std::function<void(const BenchmarkRow&)>& report = {});

// Rate over channels and grid size for each Winograd tile and the direct kernel, as a chart (SVG text); seconds of work: about a minute.
std::string benchmark_chart(const std::function<void(std::string_view what, double share)>& progress = {});

}  // namespace isocenter::kernels
