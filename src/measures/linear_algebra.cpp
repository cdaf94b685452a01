#include "measures/linear_algebra.h"

#include <algorithm>
#include <cmath>

namespace isocenter::measures {
namespace {

// L with L L^T = A; a pivot that is 0 to rounding is dropped: its row and column of L are 0.
Matrix cholesky(const Matrix& a) {
  const int n = a.rows;
  Matrix l(n, n);
  double largest = 0;
  for (int i = 0; i < n; ++i) largest = std::max(largest, std::abs(a(i, i)));
  for (int j = 0; j < n; ++j) {
    double pivot = a(j, j);
    for (int k = 0; k < j; ++k) pivot -= l(j, k) * l(j, k);
    if (!(pivot > 1e-14 * a(j, j)) || a(j, j) <= 1e-12 * largest) continue;
    l(j, j) = std::sqrt(pivot);
    for (int i = j + 1; i < n; ++i) {
      double value = a(i, j);
      for (int k = 0; k < j; ++k) value -= l(i, k) * l(j, k);
      l(i, j) = value / l(j, j);
    }
  }
  return l;
}

std::vector<double> solve(const Matrix& l, std::vector<double> x) {
  const int n = l.rows;
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < i; ++k) x[i] -= l(i, k) * x[k];
    x[i] = l(i, i) > 0 ? x[i] / l(i, i) : 0;
  }
  for (int i = n - 1; i >= 0; --i) {
    for (int k = i + 1; k < n; ++k) x[i] -= l(k, i) * x[k];
    x[i] = l(i, i) > 0 ? x[i] / l(i, i) : 0;
  }
  return x;
}

}  // namespace

std::vector<double> solve_symmetric(const Matrix& positive, const std::vector<double>& right_side) {
  return solve(cholesky(positive), right_side);
}

Matrix inverse_symmetric(const Matrix& positive) {
  const Matrix l = cholesky(positive);
  Matrix inverse(positive.rows, positive.rows);
  for (int c = 0; c < positive.rows; ++c) {
    std::vector<double> unit(positive.rows, 0.0);
    unit[c] = 1;
    const auto column = solve(l, std::move(unit));
    for (int r = 0; r < positive.rows; ++r) inverse(r, c) = column[r];
  }
  return inverse;
}

}  // namespace isocenter::measures
