// Small dense symmetric systems, as regression and rank tests need them.
#pragma once

#include <vector>

namespace isocenter::measures {

struct Matrix {
  int rows = 0, columns = 0;
  std::vector<double> values;  // row by row

  Matrix() = default;
  Matrix(int row_count, int column_count)
      : rows(row_count), columns(column_count), values(static_cast<std::size_t>(row_count) * column_count, 0.0) {}
  double& operator()(int r, int c) { return values[static_cast<std::size_t>(r) * columns + c]; }
  double operator()(int r, int c) const { return values[static_cast<std::size_t>(r) * columns + c]; }
};

// By Cholesky's decomposition; pivots that are 0 to rounding (a variable that depends on others) give 0 in their place.
std::vector<double> solve_symmetric(const Matrix& positive, const std::vector<double>& right_side);
Matrix inverse_symmetric(const Matrix& positive);

}  // namespace isocenter::measures
