#include "measures/assignment.h"

#include <algorithm>
#include <limits>

namespace isocenter::measures {
namespace {

// As many rows as columns or fewer: each row gets a column, at the least cost.
std::vector<int> least_cost(const std::vector<std::vector<double>>& cost) {
  const int rows = static_cast<int>(cost.size()), columns = static_cast<int>(cost[0].size());
  constexpr double infinity = std::numeric_limits<double>::infinity();
  // Index 0 stands for "none"; rows and columns count from 1.
  std::vector<double> row_potential(rows + 1, 0), column_potential(columns + 1, 0);
  std::vector<int> row_of(columns + 1, 0), came_from(columns + 1, 0);
  for (int row = 1; row <= rows; ++row) {
    row_of[0] = row;
    int column = 0;
    std::vector<double> slack(columns + 1, infinity);
    std::vector<bool> visited(columns + 1, false);
    do {  // the shortest augmenting path, one column a round
      visited[column] = true;
      const int from = row_of[column];
      double least = infinity;
      int next = 0;
      for (int c = 1; c <= columns; ++c) {
        if (visited[c]) continue;
        const double reduced = cost[from - 1][c - 1] - row_potential[from] - column_potential[c];
        if (reduced < slack[c]) slack[c] = reduced, came_from[c] = column;
        if (slack[c] < least) least = slack[c], next = c;
      }
      for (int c = 0; c <= columns; ++c) {
        if (visited[c])
          row_potential[row_of[c]] += least, column_potential[c] -= least;
        else
          slack[c] -= least;
      }
      column = next;
    } while (row_of[column] != 0);
    while (column != 0) {
      row_of[column] = row_of[came_from[column]];
      column = came_from[column];
    }
  }
  std::vector<int> column_of(rows);
  for (int c = 1; c <= columns; ++c)
    if (row_of[c] != 0) column_of[row_of[c] - 1] = c - 1;
  return column_of;
}

}  // namespace

std::vector<std::optional<int>> best_assignment(const std::vector<std::vector<double>>& gains) {
  std::vector<std::optional<int>> result(gains.size());
  if (gains.empty() || gains[0].empty()) return result;
  const std::size_t rows = gains.size(), columns = gains[0].size();
  const bool turned = rows > columns;
  std::vector<std::vector<double>> cost(turned ? columns : rows, std::vector<double>(turned ? rows : columns));
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) (turned ? cost[c][r] : cost[r][c]) = -gains[r][c];
  const auto paired = least_cost(cost);
  for (std::size_t i = 0; i < paired.size(); ++i) {
    if (turned)
      result[paired[i]] = static_cast<int>(i);
    else
      result[i] = paired[i];
  }
  return result;
}

}  // namespace isocenter::measures
