// Inside the room: a Winograd kernel's decisions, made once for a problem.
#pragma once

#include "kernels/winograd.h"

namespace isocenter::kernels {

struct WinogradPlan {
  GatherProblem problem;
  WinogradGrid grid;
  std::vector<int> blocks;      // vectors of each block of destination channels
  bool point_by_point = false;  // all tiles at one point after the other: transformed weights are read once
  int threads = 1;
};

std::optional<std::string> winograd_plan(const GatherProblem& problem, const WinogradTile& tile, int threads, WinogradPlan& plan);

std::int64_t winograd_lanes();  // 0: this processor has no vectors to speak of
void winograd_input(const WinogradPlan& plan, const float* source, std::int64_t first, std::int64_t count, float* v);

// Vectors of destination channels in blocks of two, and a three for the odd one.
inline std::vector<int> channel_blocks(std::int64_t vectors) {
  std::vector<int> blocks;
  while (vectors > 0) {
    blocks.push_back(vectors == 3 ? 3 : vectors == 1 ? 1 : 2);
    vectors -= blocks.back();
  }
  return blocks;
}

}  // namespace isocenter::kernels
