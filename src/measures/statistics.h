// Tests and intervals that studies report.
//
// p-values are two-sided unless said otherwise. Throws core::InputError for unequal lengths, too few values and values not finite. Where a
// test is undefined (no variation on either side) its statistic and p-value are NaN.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "measures/bootstrap.h"

namespace isocenter::measures {

struct TestResult {
  double statistic = 0, p_value = 1;
  double degrees_of_freedom = 0;  // 0 where there are none
};

using Values = std::span<const double>;

// Two samples.
TestResult paired_t_test(Values first, Values second);
TestResult welch_t_test(Values first, Values second);
// Sum of the smaller signed ranks; zero differences are left out. Exact for up to 50 differences without ties, otherwise normal with the
// correction for ties and without one for continuity.
TestResult wilcoxon_signed_rank(Values first, Values second);
// U of the first sample; normal with the corrections for ties and continuity.
TestResult mann_whitney(Values first, Values second);
// Largest difference of the two empirical distributions; exact.
TestResult kolmogorov_smirnov(Values first, Values second);

// Several samples; several conditions of the same cases (conditions[condition][case]).
TestResult kruskal_wallis(const std::vector<std::vector<double>>& samples);
TestResult friedman(const std::vector<std::vector<double>>& conditions);

// Correlation; the p-value by Student's t (Pearson, Spearman) or the normal distribution with ties (Kendall's tau b).
TestResult pearson(Values first, Values second);
TestResult spearman(Values first, Values second);
TestResult kendall_tau_b(Values first, Values second);
Interval pearson_interval(Values first, Values second, double level = 0.95);  // Fisher's z

// Counts. Tables are [row][column]; chi-square without Yates' correction.
TestResult chi_square_test(const std::vector<std::vector<std::int64_t>>& table);
enum class McNemar { exact, corrected, plain };
// Discordant pairs: b where only the first is right, c where only the second is. `exact`: binomial, the statistic is min(b, c).
TestResult mcnemar(std::int64_t b, std::int64_t c, McNemar kind = McNemar::exact);
TestResult cochran_q(const std::vector<std::vector<int>>& outcomes);  // outcomes[method][case], 0 or 1
// Of a 2 x 2 table, Woolf's interval on the logarithm; 0.5 is added to each count when one is 0 (Haldane, Anscombe).
Interval odds_ratio(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d, double level = 0.95);

// Of a proportion of successes in trials; Brown, Cai and DasGupta, Statistical Science 16 (2001) 101.
enum class ProportionInterval { normal, wilson, agresti_coull, clopper_pearson, jeffreys };
Interval proportion_interval(std::int64_t successes, std::int64_t trials, ProportionInterval kind = ProportionInterval::wilson,
                             double level = 0.95);

// p-values adjusted for many tests, in their order.
enum class Adjustment { bonferroni, sidak, holm, hommel, benjamini_hochberg, benjamini_yekutieli };
std::vector<double> adjusted_p_values(Values p_values, Adjustment adjustment);

// Ranks from 1, equal values sharing their mean rank.
std::vector<double> midranks(Values values);

}  // namespace isocenter::measures
