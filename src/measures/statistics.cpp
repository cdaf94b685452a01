#include "measures/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "measures/distributions.h"

namespace isocenter::measures {
using core::InputError;
namespace {

void check(Values values, std::size_t least) {
  if (values.size() < least) throw InputError("{} values; at least {} are needed", values.size(), least);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) throw InputError("value {} of {} is {}; tests need finite values", i + 1, values.size(), values[i]);
}

void check_pairs(Values first, Values second, std::size_t least) {
  if (first.size() != second.size()) throw InputError("{} values against {}; pairs are needed", first.size(), second.size());
  check(first, least);
  check(second, least);
}

double mean_of(Values values) { return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()); }

double sample_variance(Values values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  return squares / (static_cast<double>(values.size()) - 1);
}

// How often each distinct value occurs.
std::vector<double> tie_counts(Values values) {
  std::vector<double> sorted(values.begin(), values.end()), counts;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin;
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    counts.push_back(static_cast<double>(end - begin));
    begin = end;
  }
  return counts;
}

double cubic_ties(Values values) {  // sum of t^3 - t
  double sum = 0;
  for (double t : tie_counts(values)) sum += t * t * t - t;
  return sum;
}

std::vector<double> joined(Values first, Values second) {
  std::vector<double> all(first.begin(), first.end());
  all.insert(all.end(), second.begin(), second.end());
  return all;
}

TestResult correlation_test(double r, double n) {
  const double degrees = n - 2;
  return {r, student_t_two_sided(r * std::sqrt(degrees / ((1 - r) * (1 + r))), degrees), degrees};
}

// P(W <= w) of the signed rank sum of n differences: the number of subsets of 1 ... n by their sum.
double signed_rank_cdf(double w, int n) {
  std::vector<double> ways(n * (n + 1) / 2 + 1, 0.0);
  ways[0] = 1;
  for (int rank = 1; rank <= n; ++rank)
    for (int sum = static_cast<int>(ways.size()) - 1; sum >= rank; --sum) ways[sum] += ways[sum - rank];
  double below = 0;
  for (int sum = 0; sum <= static_cast<int>(w); ++sum) below += ways[sum];
  return below / std::ldexp(1.0, n);
}

}  // namespace

std::vector<double> midranks(Values values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = (static_cast<double>(begin + end) + 1) / 2;
    begin = end;
  }
  return ranks;
}

TestResult paired_t_test(Values first, Values second) {
  check_pairs(first, second, 2);
  std::vector<double> differences;
  for (std::size_t i = 0; i < first.size(); ++i) differences.push_back(first[i] - second[i]);
  const double n = static_cast<double>(first.size()), t = mean_of(differences) / std::sqrt(sample_variance(differences) / n);
  return {t, student_t_two_sided(t, n - 1), n - 1};
}

TestResult welch_t_test(Values first, Values second) {
  check(first, 2);
  check(second, 2);
  const double n = static_cast<double>(first.size()), m = static_cast<double>(second.size());
  const double a = sample_variance(first) / n, b = sample_variance(second) / m;
  const double t = (mean_of(first) - mean_of(second)) / std::sqrt(a + b), degrees = (a + b) * (a + b) / (a * a / (n - 1) + b * b / (m - 1));
  return {t, student_t_two_sided(t, degrees), degrees};
}

TestResult wilcoxon_signed_rank(Values first, Values second) {
  check_pairs(first, second, 1);
  std::vector<double> differences, sizes;
  for (std::size_t i = 0; i < first.size(); ++i)
    if (first[i] != second[i]) differences.push_back(first[i] - second[i]), sizes.push_back(std::abs(differences.back()));
  const double n = static_cast<double>(differences.size());
  if (differences.empty()) return {0, 1, 0};
  const auto ranks = midranks(sizes);
  double plus = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i)
    if (differences[i] > 0) plus += ranks[i];
  const double smaller = std::min(plus, n * (n + 1) / 2 - plus), ties = cubic_ties(sizes);
  if (n <= 50 && ties == 0 && differences.size() == first.size())
    return {smaller, std::min(1.0, 2 * signed_rank_cdf(smaller, static_cast<int>(n))), 0};
  const double deviation = std::sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24);
  return {smaller, 2 * normal_upper(std::abs(smaller - n * (n + 1) / 4) / deviation), 0};
}

TestResult mann_whitney(Values first, Values second) {
  check(first, 1);
  check(second, 1);
  const auto all = joined(first, second);
  const auto ranks = midranks(all);
  const double n = static_cast<double>(first.size()), m = static_cast<double>(second.size()), total = n + m;
  const double u = std::accumulate(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(first.size()), 0.0) - n * (n + 1) / 2;
  const double deviation = std::sqrt(n * m / 12 * (total + 1 - cubic_ties(all) / (total * (total - 1))));
  const double z = (std::max(u, n * m - u) - n * m / 2 - 0.5) / deviation;
  return {u, std::clamp(2 * normal_upper(z), 0.0, 1.0), 0};
}

TestResult kolmogorov_smirnov(Values first, Values second) {
  check(first, 1);
  check(second, 1);
  std::vector<double> a(first.begin(), first.end()), b(second.begin(), second.end());
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  const auto n = static_cast<std::int64_t>(a.size()), m = static_cast<std::int64_t>(b.size());
  // In whole numbers: the difference of i / n and j / m is (i m - j n) / (n m).
  std::int64_t largest = 0;
  for (std::int64_t i = 0, j = 0; i < n && j < m;) {
    const double value = std::min(a[i], b[j]);
    while (i < n && a[i] == value) ++i;
    while (j < m && b[j] == value) ++j;
    largest = std::max(largest, std::abs(i * m - j * n));
  }
  // The chance that a random walk from (0, 0) to (n, m) leaves the band |i m - j n| < largest (Hodges, Arkiv foer Matematik 3 (1958) 469):
  // outside[j] is the share of paths to (i, j) that have touched it.
  std::vector<double> outside(m + 1);
  for (std::int64_t i = 0; i <= n; ++i)
    for (std::int64_t j = 0; j <= m; ++j) {
      if (std::abs(i * m - j * n) >= largest) {
        outside[j] = 1;
      } else if (i == 0 || j == 0) {
        outside[j] = i == 0 ? (j == 0 ? 0 : outside[j - 1]) : outside[j];
      } else {
        // Of the paths to (i, j) a share i / (i + j) comes from (i - 1, j), the others from (i, j - 1).
        const double share = static_cast<double>(i) / static_cast<double>(i + j);
        outside[j] = share * outside[j] + (1 - share) * outside[j - 1];
      }
    }
  return {static_cast<double>(largest) / (static_cast<double>(n) * static_cast<double>(m)), largest == 0 ? 1 : outside[m], 0};
}

TestResult kruskal_wallis(const std::vector<std::vector<double>>& samples) {
  if (samples.size() < 2) throw InputError("{} samples; at least 2 are needed", samples.size());
  std::vector<double> all;
  for (const auto& sample : samples) {
    check(sample, 1);
    all.insert(all.end(), sample.begin(), sample.end());
  }
  const auto ranks = midranks(all);
  const double n = static_cast<double>(all.size());
  double sum = 0;
  std::size_t at = 0;
  for (const auto& sample : samples) {
    double rank_sum = 0;
    for (std::size_t i = 0; i < sample.size(); ++i) rank_sum += ranks[at++];
    sum += rank_sum * rank_sum / static_cast<double>(sample.size());
  }
  const double h = (12 / (n * (n + 1)) * sum - 3 * (n + 1)) / (1 - cubic_ties(all) / (n * n * n - n)),
               degrees = static_cast<double>(samples.size()) - 1;
  return {h, chi_square_upper(h, degrees), degrees};
}

TestResult friedman(const std::vector<std::vector<double>>& conditions) {
  if (conditions.size() < 3) throw InputError("{} conditions; at least 3 are needed", conditions.size());
  const std::size_t cases = conditions[0].size();
  for (const auto& condition : conditions) check_pairs(conditions[0], condition, 1);
  const double k = static_cast<double>(conditions.size()), n = static_cast<double>(cases);
  std::vector<double> rank_sums(conditions.size(), 0.0);
  double ties = 0;
  for (std::size_t i = 0; i < cases; ++i) {
    std::vector<double> row;
    for (const auto& condition : conditions) row.push_back(condition[i]);
    const auto ranks = midranks(row);
    for (std::size_t j = 0; j < ranks.size(); ++j) rank_sums[j] += ranks[j];
    ties += cubic_ties(row);
  }
  double squares = 0;
  for (double sum : rank_sums) squares += sum * sum;
  const double statistic = (12 / (k * n * (k + 1)) * squares - 3 * n * (k + 1)) / (1 - ties / (k * (k * k - 1) * n));
  return {statistic, chi_square_upper(statistic, k - 1), k - 1};
}

TestResult pearson(Values first, Values second) {
  check_pairs(first, second, 3);
  const double mean_a = mean_of(first), mean_b = mean_of(second);
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    aa += (first[i] - mean_a) * (first[i] - mean_a);
    bb += (second[i] - mean_b) * (second[i] - mean_b);
    ab += (first[i] - mean_a) * (second[i] - mean_b);
  }
  const double r = ab / std::sqrt(aa * bb);
  return correlation_test(std::isnan(r) ? r : std::clamp(r, -1.0, 1.0), static_cast<double>(first.size()));
}

TestResult spearman(Values first, Values second) {
  check_pairs(first, second, 3);
  return pearson(midranks(first), midranks(second));
}

TestResult kendall_tau_b(Values first, Values second) {
  check_pairs(first, second, 3);
  const double n = static_cast<double>(first.size()), pairs = n * (n - 1) / 2;
  double score = 0;
  for (std::size_t i = 0; i < first.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const double product = (first[i] > first[j]   ? 1.0
                              : first[i] < first[j] ? -1.0
                                                    : 0.0) *
                             (second[i] > second[j]   ? 1.0
                              : second[i] < second[j] ? -1.0
                                                      : 0.0);
      score += product;
    }
  struct Ties {
    double pairs = 0, triples = 0, weighted = 0;
  };
  auto ties_of = [](Values values) {
    Ties ties;
    for (double t : tie_counts(values))
      ties.pairs += t * (t - 1) / 2, ties.triples += t * (t - 1) * (t - 2), ties.weighted += t * (t - 1) * (2 * t + 5);
    return ties;
  };
  const Ties a = ties_of(first), b = ties_of(second);
  const double variance = (n * (n - 1) * (2 * n + 5) - a.weighted - b.weighted) / 18 + 2 * a.pairs * b.pairs / (n * (n - 1)) +
                          a.triples * b.triples / (9 * n * (n - 1) * (n - 2));
  return {score / std::sqrt((pairs - a.pairs) * (pairs - b.pairs)), 2 * normal_upper(std::abs(score) / std::sqrt(variance)), 0};
}

Interval pearson_interval(Values first, Values second, double level) {
  check_pairs(first, second, 4);
  const double r = pearson(first, second).statistic,
               half = normal_quantile((1 + level) / 2) / std::sqrt(static_cast<double>(first.size()) - 3);
  return {r, std::tanh(std::atanh(r) - half), std::tanh(std::atanh(r) + half)};
}

TestResult chi_square_test(const std::vector<std::vector<std::int64_t>>& table) {
  if (table.size() < 2 || table[0].size() < 2) throw InputError("a table of at least 2 x 2 counts is needed");
  std::vector<double> rows(table.size(), 0.0), columns(table[0].size(), 0.0);
  double total = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].size() != columns.size())
      throw InputError("row {} has {} counts, the first one {}", i + 1, table[i].size(), columns.size());
    for (std::size_t j = 0; j < columns.size(); ++j) {
      if (table[i][j] < 0) throw InputError("row {}, column {}: the count is {}", i + 1, j + 1, table[i][j]);
      rows[i] += static_cast<double>(table[i][j]), columns[j] += static_cast<double>(table[i][j]),
          total += static_cast<double>(table[i][j]);
    }
  }
  double statistic = 0;
  for (std::size_t i = 0; i < table.size(); ++i)
    for (std::size_t j = 0; j < columns.size(); ++j) {
      const double expected = rows[i] * columns[j] / total, difference = static_cast<double>(table[i][j]) - expected;
      statistic += difference * difference / expected;
    }
  const double degrees = static_cast<double>((rows.size() - 1) * (columns.size() - 1));
  return {statistic, chi_square_upper(statistic, degrees), degrees};
}

TestResult mcnemar(std::int64_t b, std::int64_t c, McNemar kind) {
  if (b < 0 || c < 0) throw InputError("counts of pairs are {} and {}; they are at least 0", b, c);
  const double sum = static_cast<double>(b + c);
  if (b + c == 0) return {0, 1, 0};
  if (kind == McNemar::exact) {
    const double smaller = static_cast<double>(std::min(b, c));
    return {smaller, std::min(1.0, 2 * binomial_cdf(smaller, sum, 0.5)), 0};
  }
  const double difference = std::abs(static_cast<double>(b - c)) - (kind == McNemar::corrected ? 1 : 0);
  return {difference * difference / sum, chi_square_upper(difference * difference / sum, 1), 1};
}

TestResult cochran_q(const std::vector<std::vector<int>>& outcomes) {
  if (outcomes.size() < 2) throw InputError("{} methods; at least 2 are needed", outcomes.size());
  const double k = static_cast<double>(outcomes.size());
  std::vector<double> of_case(outcomes[0].size(), 0.0);
  double total = 0, method_squares = 0, case_squares = 0;
  for (const auto& method : outcomes) {
    if (method.size() != of_case.size()) throw InputError("a method has {} outcomes, the first one {}", method.size(), of_case.size());
    double sum = 0;
    for (std::size_t i = 0; i < method.size(); ++i) {
      if (method[i] != 0 && method[i] != 1) throw InputError("an outcome is {}; outcomes are 0 and 1", method[i]);
      sum += method[i], of_case[i] += method[i];
    }
    total += sum, method_squares += sum * sum;
  }
  for (double sum : of_case) case_squares += sum * sum;
  const double q = (k - 1) * (k * method_squares - total * total) / (k * total - case_squares);
  return {q, chi_square_upper(q, k - 1), k - 1};
}

Interval odds_ratio(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d, double level) {
  if (std::min({a, b, c, d}) < 0) throw InputError("counts are at least 0");
  const double shift = std::min({a, b, c, d}) == 0 ? 0.5 : 0;
  const double w = static_cast<double>(a) + shift, x = static_cast<double>(b) + shift, y = static_cast<double>(c) + shift,
               z = static_cast<double>(d) + shift;
  const double ratio = w * z / (x * y), half = normal_quantile((1 + level) / 2) * std::sqrt(1 / w + 1 / x + 1 / y + 1 / z);
  return {ratio, ratio * std::exp(-half), ratio * std::exp(half)};
}

Interval proportion_interval(std::int64_t successes, std::int64_t trials, ProportionInterval kind, double level) {
  if (trials < 1 || successes < 0 || successes > trials) throw InputError("{} successes in {} trials is no proportion", successes, trials);
  const double k = static_cast<double>(successes), n = static_cast<double>(trials), p = k / n, z = normal_quantile((1 + level) / 2),
               tail = (1 - level) / 2;
  auto clipped = [p](double low, double high) { return Interval{p, std::max(0.0, low), std::min(1.0, high)}; };
  switch (kind) {
    case ProportionInterval::normal: {
      const double half = z * std::sqrt(p * (1 - p) / n);
      return clipped(p - half, p + half);
    }
    case ProportionInterval::wilson: {
      const double centre = (k + z * z / 2) / (n + z * z), half = z / (n + z * z) * std::sqrt(p * (1 - p) * n + z * z / 4);
      return clipped(centre - half, centre + half);
    }
    case ProportionInterval::agresti_coull: {
      const double larger = n + z * z, centre = (k + z * z / 2) / larger, half = z * std::sqrt(centre * (1 - centre) / larger);
      return clipped(centre - half, centre + half);
    }
    case ProportionInterval::clopper_pearson:
      return {p, successes == 0 ? 0 : beta_quantile(tail, k, n - k + 1), successes == trials ? 1 : beta_quantile(1 - tail, k + 1, n - k)};
    case ProportionInterval::jeffreys:
      return {p, beta_quantile(tail, k + 0.5, n - k + 0.5), beta_quantile(1 - tail, k + 0.5, n - k + 0.5)};
  }
  throw std::logic_error("an interval without a kind");
}

std::vector<double> adjusted_p_values(Values p_values, Adjustment adjustment) {
  for (double p : p_values)
    if (!(p >= 0 && p <= 1)) throw InputError("{} is no p-value", p);
  const std::size_t count = p_values.size();
  const double n = static_cast<double>(count);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> sorted;
  for (std::size_t i : order) sorted.push_back(p_values[i]);
  std::vector<double> adjusted = sorted;
  double harmonic = 0;
  for (std::size_t i = 1; i <= count; ++i) harmonic += 1 / static_cast<double>(i);
  switch (adjustment) {
    case Adjustment::bonferroni:
      for (double& p : adjusted) p *= n;
      break;
    case Adjustment::sidak:
      for (double& p : adjusted) p = -std::expm1(n * std::log1p(-p));
      break;
    case Adjustment::holm:  // step down: never less than a smaller p-value's
      for (std::size_t i = 0; i < count; ++i)
        adjusted[i] = std::max(i == 0 ? 0 : adjusted[i - 1], sorted[i] * (n - static_cast<double>(i)));
      break;
    case Adjustment::benjamini_hochberg:
    case Adjustment::benjamini_yekutieli:  // step up: never more than a larger p-value's
      for (std::size_t i = count; i-- > 0;) {
        const double own = sorted[i] * n / static_cast<double>(i + 1) * (adjustment == Adjustment::benjamini_hochberg ? 1 : harmonic);
        adjusted[i] = i + 1 == count ? own : std::min(adjusted[i + 1], own);
      }
      break;
    case Adjustment::hommel: {
      // Wright's algorithm, Biometrics 48 (1992) 1005.
      for (std::size_t m = count; m >= 2; --m) {
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t i = count - m + 1; i <= count; ++i)
          least = std::min(least, static_cast<double>(m) * sorted[i - 1] / static_cast<double>(m + i - count));
        for (std::size_t i = count - m + 1; i <= count; ++i) adjusted[i - 1] = std::max(adjusted[i - 1], least);
        for (std::size_t i = 1; i <= count - m; ++i)
          adjusted[i - 1] = std::max(adjusted[i - 1], std::min(least, static_cast<double>(m) * sorted[i - 1]));
      }
      break;
    }
  }
  std::vector<double> result(count);
  for (std::size_t i = 0; i < count; ++i) result[order[i]] = std::min(1.0, adjusted[i]);
  return result;
}

}  // namespace isocenter::measures
