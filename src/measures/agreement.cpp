#include "measures/agreement.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "measures/distributions.h"

namespace isocenter::measures {
using core::InputError;
namespace {

void check_pairs(std::span<const double> first, std::span<const double> second, std::size_t least) {
  if (first.size() != second.size()) throw InputError("{} values against {}; pairs are needed", first.size(), second.size());
  if (first.size() < least) throw InputError("{} pairs; at least {} are needed", first.size(), least);
  for (std::size_t i = 0; i < first.size(); ++i)
    if (!std::isfinite(first[i]) || !std::isfinite(second[i])) throw InputError("pair {} holds a value that is not finite", i + 1);
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// counts[case][grade]
std::vector<std::vector<double>> grade_counts(const std::vector<std::vector<int>>& ratings, int classes) {
  if (ratings.size() < 2) throw InputError("{} observers; at least 2 are needed", ratings.size());
  std::vector<std::vector<double>> counts(ratings[0].size(), std::vector<double>(classes, 0));
  if (counts.empty()) throw InputError("there are no cases");
  for (std::size_t observer = 0; observer < ratings.size(); ++observer) {
    if (ratings[observer].size() != counts.size())
      throw InputError("observer {} rated {} cases, the first one {}", observer + 1, ratings[observer].size(), counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const int grade = ratings[observer][i];
      if (grade < 0 || grade >= classes)
        throw InputError("observer {}, case {}: grade {}; grades run from 0 to {}", observer + 1, i + 1, grade, classes - 1);
      ++counts[i][grade];
    }
  }
  return counts;
}

double observed_agreement(const std::vector<std::vector<double>>& counts, double observers) {
  double sum = 0;
  for (const auto& row : counts)
    for (double count : row) sum += count * (count - 1);
  return sum / (static_cast<double>(counts.size()) * observers * (observers - 1));
}

// Mean squares of the two-way layout: rows are cases, columns observers.
struct TwoWay {
  double cases, observers, rows, columns, error;
};
TwoWay two_way(const std::vector<std::vector<double>>& values) {
  if (values.size() < 2 || values[0].size() < 2) throw InputError("at least 2 cases and 2 observers are needed");
  const double n = static_cast<double>(values.size()), k = static_cast<double>(values[0].size());
  std::vector<double> row_means, column_means(values[0].size(), 0.0);
  double grand = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].size() != values[0].size())
      throw InputError("case {} has {} values, the first one {}", i + 1, values[i].size(), values[0].size());
    for (std::size_t j = 0; j < values[i].size(); ++j) {
      if (!std::isfinite(values[i][j])) throw InputError("case {}, observer {}: the value is not finite", i + 1, j + 1);
      column_means[j] += values[i][j] / n;
    }
    row_means.push_back(mean_of(values[i]));
    grand += row_means.back() / n;
  }
  double rows = 0, columns = 0, total = 0;
  for (double mean : row_means) rows += k * (mean - grand) * (mean - grand);
  for (double mean : column_means) columns += n * (mean - grand) * (mean - grand);
  for (const auto& row : values)
    for (double value : row) total += (value - grand) * (value - grand);
  return {n, k, rows / (n - 1), columns / (k - 1), (total - rows - columns) / ((n - 1) * (k - 1))};
}

}  // namespace

Interval Kappa::interval(double level) const {
  const double half = normal_quantile((1 + level) / 2) * standard_error;
  return {kappa, kappa - half, kappa + half};
}

Kappa cohen_kappa(const ConfusionMatrix& matrix, KappaWeights weights) {
  const int classes = matrix.classes();
  if (classes < 2) throw InputError("{} grades; at least 2 are needed", classes);
  const double total = static_cast<double>(matrix.total());
  if (total == 0) throw InputError("there are no cases");
  std::vector<double> row(classes), column(classes), row_weight(classes, 0), column_weight(classes, 0);
  for (int c = 0; c < classes; ++c)
    row[c] = static_cast<double>(matrix.in_reference(c)) / total, column[c] = static_cast<double>(matrix.in_prediction(c)) / total;
  auto weight = [&](int i, int j) {
    const double distance = std::abs(i - j) / static_cast<double>(classes - 1);
    return weights == KappaWeights::none ? (i == j ? 1.0 : 0.0) : weights == KappaWeights::linear ? 1 - distance : 1 - distance * distance;
  };
  double observed = 0, expected = 0;
  for (int i = 0; i < classes; ++i)
    for (int j = 0; j < classes; ++j) {
      observed += weight(i, j) * static_cast<double>(matrix.counts[i][j]) / total;
      expected += weight(i, j) * row[i] * column[j];
      row_weight[i] += weight(i, j) * column[j];
      column_weight[j] += weight(i, j) * row[i];
    }
  Kappa result;
  result.kappa = (observed - expected) / (1 - expected);
  double variance = 0, null_variance = 0;
  for (int i = 0; i < classes; ++i)
    for (int j = 0; j < classes; ++j) {
      const double own = weight(i, j) - (column_weight[j] + row_weight[i]) * (1 - result.kappa),
                   null = weight(i, j) - (column_weight[j] + row_weight[i]);
      variance += static_cast<double>(matrix.counts[i][j]) / total * own * own;
      null_variance += row[i] * column[j] * null * null;
    }
  const double shift = result.kappa - expected * (1 - result.kappa), scale = (1 - expected) * (1 - expected) * total;
  result.standard_error = std::sqrt(std::max(0.0, variance - shift * shift) / scale);
  result.standard_error_null = std::sqrt(std::max(0.0, null_variance - expected * expected) / scale);
  result.z = result.kappa / result.standard_error_null;
  result.p_value = normal_upper(result.z);
  return result;
}

double fleiss_kappa(const std::vector<std::vector<int>>& ratings, int classes) {
  const auto counts = grade_counts(ratings, classes);
  const double observers = static_cast<double>(ratings.size());
  double chance = 0;
  for (int c = 0; c < classes; ++c) {
    double share = 0;
    for (const auto& row : counts) share += row[c] / (observers * static_cast<double>(counts.size()));
    chance += share * share;
  }
  return (observed_agreement(counts, observers) - chance) / (1 - chance);
}

double randolph_kappa(const std::vector<std::vector<int>>& ratings, int classes) {
  const double chance = 1.0 / classes;
  return (observed_agreement(grade_counts(ratings, classes), static_cast<double>(ratings.size())) - chance) / (1 - chance);
}

BlandAltman bland_altman(std::span<const double> first, std::span<const double> second) {
  check_pairs(first, second, 2);
  std::vector<double> differences;
  for (std::size_t i = 0; i < first.size(); ++i) differences.push_back(first[i] - second[i]);
  BlandAltman result;
  const double n = static_cast<double>(differences.size());
  result.mean = mean_of(differences);
  double squares = 0;
  for (double value : differences) squares += (value - result.mean) * (value - result.mean);
  result.standard_deviation = std::sqrt(squares / (n - 1));
  result.lower_limit = result.mean - 1.96 * result.standard_deviation;
  result.upper_limit = result.mean + 1.96 * result.standard_deviation;
  result.mean_error = result.standard_deviation / std::sqrt(n);
  result.limit_error = std::sqrt(3.0) * result.mean_error;
  return result;
}

Interval lin_concordance(std::span<const double> first, std::span<const double> second, double level) {
  check_pairs(first, second, 3);
  const double n = static_cast<double>(first.size()), mean_a = mean_of(first), mean_b = mean_of(second);
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    aa += (first[i] - mean_a) * (first[i] - mean_a) / n;
    bb += (second[i] - mean_b) * (second[i] - mean_b) / n;
    ab += (first[i] - mean_a) * (second[i] - mean_b) / n;
  }
  const double c = 2 * ab / (aa + bb + (mean_a - mean_b) * (mean_a - mean_b));
  const double r2 = ab * ab / (aa * bb), u2 = (mean_a - mean_b) * (mean_a - mean_b) / std::sqrt(aa * bb), c2 = c * c;
  const double r = std::sqrt(r2);
  const double variance = ((1 - r2) * c2 / ((1 - c2) * r2) + 2 * c * c2 * (1 - c) * u2 / (r * (1 - c2) * (1 - c2)) -
                           c2 * c2 * u2 * u2 / (2 * r2 * (1 - c2) * (1 - c2))) /
                          (n - 2);
  const double half = normal_quantile((1 + level) / 2) * std::sqrt(variance), z = std::atanh(c);
  return {c, std::tanh(z - half), std::tanh(z + half)};
}

Interval icc_3_1(const std::vector<std::vector<double>>& values, double level) {
  const TwoWay m = two_way(values);
  const double tail = 1 - (1 - level) / 2, f = m.rows / m.error, df1 = m.cases - 1, df2 = (m.cases - 1) * (m.observers - 1);
  const double low = f / f_quantile(tail, df1, df2), high = f * f_quantile(tail, df2, df1);
  return {(m.rows - m.error) / (m.rows + (m.observers - 1) * m.error), (low - 1) / (low + m.observers - 1),
          (high - 1) / (high + m.observers - 1)};
}

Interval icc_2_1(const std::vector<std::vector<double>>& values, double level) {
  const TwoWay m = two_way(values);
  const double n = m.cases, k = m.observers, tail = 1 - (1 - level) / 2;
  const double icc = (m.rows - m.error) / (m.rows + (k - 1) * m.error + k * (m.columns - m.error) / n);
  // Satterthwaite's degrees of freedom of the denominator.
  const double a = k * icc / (n * (1 - icc)), b = 1 + k * icc * (n - 1) / (n * (1 - icc));
  const double sum = a * m.columns + b * m.error;
  const double v = sum * sum / (a * m.columns * a * m.columns / (k - 1) + b * m.error * b * m.error / ((n - 1) * (k - 1)));
  const double f_low = f_quantile(tail, n - 1, v), f_high = f_quantile(tail, v, n - 1);
  const double rest = k * m.columns + (k * n - k - n) * m.error;
  return {icc, n * (m.rows - f_low * m.error) / (f_low * rest + n * m.rows),
          n * (f_high * m.rows - m.error) / (rest + n * f_high * m.rows)};
}

}  // namespace isocenter::measures
