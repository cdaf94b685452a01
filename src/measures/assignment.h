// Who goes with whom, so that the sum is largest.
#pragma once

#include <optional>
#include <vector>

namespace isocenter::measures {

// For each row the column it is paired with, each column at most once, so that the sum of gains is largest; nothing for rows left over.
// Gains are finite. Kuhn's method (Naval Research Logistics Quarterly 2 (1955) 83) with potentials, in time rows^2 x columns.
std::vector<std::optional<int>> best_assignment(const std::vector<std::vector<double>>& gains);

}  // namespace isocenter::measures
