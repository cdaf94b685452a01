#include "measures/roc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "measures/distributions.h"
#include "measures/statistics.h"

namespace isocenter::measures {
using core::InputError;
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Classes {
  double positives = 0, negatives = 0;
};

Classes check(Labels labels, Scores scores) {
  if (labels.size() != scores.size()) throw InputError("{} labels but {} scores; one score a case is needed", labels.size(), scores.size());
  Classes classes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (std::isnan(scores[i])) throw InputError("the score of case {} of {} is NaN", i + 1, scores.size());
    if (labels[i] > 1) throw InputError("the label of case {} is {}; labels are 0 and 1", i + 1, labels[i]);
    ++(labels[i] ? classes.positives : classes.negatives);
  }
  if (classes.positives == 0 || classes.negatives == 0)
    throw InputError("only one class is there ({} positive, {} negative cases); both are needed", classes.positives, classes.negatives);
  return classes;
}

std::vector<std::uint32_t> by_falling_score(Scores scores) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return scores[a] > scores[b]; });
  return order;
}

// Positives and negatives called positive down to each distinct score.
struct Step {
  double score, true_positives, false_positives;
};
std::vector<Step> steps(Labels labels, Scores scores) {
  std::vector<Step> all;
  double true_positives = 0, false_positives = 0;
  const auto order = by_falling_score(scores);
  for (std::size_t i = 0; i < order.size(); ++i) {
    ++(labels[order[i]] ? true_positives : false_positives);
    if (i + 1 == order.size() || scores[order[i + 1]] != scores[order[i]])
      all.push_back({scores[order[i]], true_positives, false_positives});
  }
  return all;
}

// Every place between two distinct scores, and beyond both ends.
std::vector<OperatingPoint> operating_points(Labels labels, Scores scores) {
  const Classes classes = check(labels, scores);
  const auto all = steps(labels, scores);
  std::vector<OperatingPoint> points{{infinity, 0, 1}};
  for (std::size_t i = 0; i < all.size(); ++i)
    points.push_back({i + 1 == all.size() ? -infinity : (all[i].score + all[i + 1].score) / 2, all[i].true_positives / classes.positives,
                      1 - all[i].false_positives / classes.negatives});
  return points;
}

// For each positive the share of negatives below it, for each negative the share of positives above it (ties half).
struct Placements {
  std::vector<double> positive, negative;
  double area = 0;
};
Placements placements(Labels labels, Scores scores) {
  std::vector<double> positives, negatives;
  for (std::size_t i = 0; i < labels.size(); ++i) (labels[i] ? positives : negatives).push_back(scores[i]);
  std::vector<double> all = positives;
  all.insert(all.end(), negatives.begin(), negatives.end());
  const auto rank = midranks(all), rank_positive = midranks(positives), rank_negative = midranks(negatives);
  const double m = static_cast<double>(positives.size()), n = static_cast<double>(negatives.size());
  Placements result;
  double sum = 0;
  for (std::size_t i = 0; i < positives.size(); ++i) {
    result.positive.push_back((rank[i] - rank_positive[i]) / n);
    sum += rank[i] - rank_positive[i];
  }
  for (std::size_t j = 0; j < negatives.size(); ++j) result.negative.push_back(1 - (rank[positives.size() + j] - rank_negative[j]) / m);
  result.area = sum / (m * n);
  return result;
}

double covariance(const std::vector<double>& a, double mean_a, const std::vector<double>& b, double mean_b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_a) * (b[i] - mean_b);
  return sum / (static_cast<double>(a.size()) - 1);
}

double covariance(const Placements& a, const Placements& b) {
  return covariance(a.positive, a.area, b.positive, b.area) / static_cast<double>(a.positive.size()) +
         covariance(a.negative, a.area, b.negative, b.area) / static_cast<double>(a.negative.size());
}

// What is left of a variance that is 0 but for rounding.
double without_rounding(double variance) { return std::abs(variance) < 1e-16 ? 0 : variance; }

double ratio_statistic(double difference, double variance) {
  if (std::abs(difference) < 1e-15 && !std::isnan(variance)) return 0;
  return difference / std::sqrt(variance);
}

}  // namespace

double auroc(Labels labels, Scores scores) {
  const Classes classes = check(labels, scores);
  double area = 0, true_positives = 0, false_positives = 0;
  for (const Step& step : steps(labels, scores)) {
    area += (step.false_positives - false_positives) * (step.true_positives + true_positives) / 2;
    true_positives = step.true_positives, false_positives = step.false_positives;
  }
  return area / (classes.positives * classes.negatives);
}

std::vector<RocPoint> roc_curve(Labels labels, Scores scores) {
  const Classes classes = check(labels, scores);
  std::vector<RocPoint> curve{{infinity, 0, 0}};
  for (const Step& step : steps(labels, scores))
    curve.push_back({step.score, step.false_positives / classes.negatives, step.true_positives / classes.positives});
  return curve;
}

PartialArea partial_auroc(Labels labels, Scores scores, double highest) {
  if (!(highest > 0 && highest <= 1)) throw InputError("the highest false positive rate is {}; it lies in (0, 1]", highest);
  const auto curve = roc_curve(labels, scores);
  PartialArea result;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const RocPoint &from = curve[i - 1], &to = curve[i];
    if (from.false_positive_rate >= highest) break;
    const double end = std::min(to.false_positive_rate, highest), width = end - from.false_positive_rate;
    if (width <= 0) continue;
    const double share = width / (to.false_positive_rate - from.false_positive_rate);
    result.area +=
        width * (from.true_positive_rate + from.true_positive_rate + share * (to.true_positive_rate - from.true_positive_rate)) / 2;
  }
  const double chance = highest * highest / 2;
  result.standardised = (1 + (result.area - chance) / (highest - chance)) / 2;
  return result;
}

double false_positive_rate_at_sensitivity(Labels labels, Scores scores, double sensitivity) {
  for (const RocPoint& point : roc_curve(labels, scores))
    if (point.true_positive_rate >= sensitivity - 1e-12) return point.false_positive_rate;
  return 1;
}

double sensitivity_at_specificity(Labels labels, Scores scores, double specificity) {
  double best = 0;
  for (const RocPoint& point : roc_curve(labels, scores))
    if (1 - point.false_positive_rate >= specificity - 1e-12) best = point.true_positive_rate;
  return best;
}

std::vector<OperatingPoint> youden_points(Labels labels, Scores scores) {
  const auto points = operating_points(labels, scores);
  double best = -infinity;
  for (const OperatingPoint& point : points) best = std::max(best, point.sensitivity + point.specificity);
  std::vector<OperatingPoint> found;
  for (const OperatingPoint& point : points)
    if (point.sensitivity + point.specificity > best - 1e-12) found.push_back(point);
  return found;
}

OperatingPoint point_for_sensitivity(Labels labels, Scores scores, double sensitivity) {
  for (const OperatingPoint& point : operating_points(labels, scores))
    if (point.sensitivity >= sensitivity - 1e-12) return point;
  throw InputError("no threshold has a sensitivity of {}", sensitivity);
}

OperatingPoint point_for_specificity(Labels labels, Scores scores, double specificity) {
  const auto points = operating_points(labels, scores);
  for (auto point = points.rbegin(); point != points.rend(); ++point)
    if (point->specificity >= specificity - 1e-12) return *point;
  throw InputError("no threshold has a specificity of {}", specificity);
}

Interval DelongArea::interval(double level) const {
  const double half = normal_quantile((1 + level) / 2) * std::sqrt(variance);
  return {area, std::max(0.0, area - half), std::min(1.0, area + half)};
}

DelongArea delong(Labels labels, Scores scores) {
  check(labels, scores);
  const Placements placed = placements(labels, scores);
  return {placed.area, without_rounding(covariance(placed, placed))};
}

DelongTest delong_paired(Labels labels, Scores first, Scores second) {
  check(labels, first);
  check(labels, second);
  const Placements a = placements(labels, first), b = placements(labels, second);
  DelongTest test;
  test.first = {a.area, without_rounding(covariance(a, a))};
  test.second = {b.area, without_rounding(covariance(b, b))};
  test.covariance = covariance(a, b);
  test.statistic = ratio_statistic(a.area - b.area, without_rounding(test.first.variance + test.second.variance - 2 * test.covariance));
  test.p_value = 2 * normal_upper(std::abs(test.statistic));
  return test;
}

DelongTest delong_unpaired(Labels first_labels, Scores first, Labels second_labels, Scores second) {
  DelongTest test;
  test.first = delong(first_labels, first);
  test.second = delong(second_labels, second);
  const double a = test.first.variance, b = test.second.variance;
  test.statistic = ratio_statistic(test.first.area - test.second.area, a + b);
  test.degrees_of_freedom =
      (a + b) * (a + b) / (a * a / (static_cast<double>(first.size()) - 1) + b * b / (static_cast<double>(second.size()) - 1));
  test.p_value = student_t_two_sided(test.statistic, test.degrees_of_freedom);
  return test;
}

Interval auroc_bootstrap(Labels labels, Scores scores, const BootstrapOptions& options) {
  check(labels, scores);
  if (!(options.level > 0 && options.level < 1))
    throw InputError("the interval's level is {}; it lies between 0 and 1, as in 0.95", options.level);
  if (options.resamples < 1) throw InputError("{} resamples were asked for; at least 1 is needed", options.resamples);
  // Sorted once; a resample is then how often each case was drawn, and one pass over the order gives its area.
  const auto order = by_falling_score(scores);
  const auto count = static_cast<std::int64_t>(order.size());
  std::vector<std::uint32_t> place(count);
  for (std::int64_t i = 0; i < count; ++i) place[order[i]] = static_cast<std::uint32_t>(i);
  std::vector<std::uint8_t> positive(count), last_of_score(count);
  for (std::int64_t i = 0; i < count; ++i) {
    positive[i] = labels[order[i]];
    last_of_score[i] = i + 1 == count || scores[order[i + 1]] != scores[order[i]];
  }
  std::vector<double> areas(options.resamples);
  core::parallel_for(options.resamples, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint32_t> drawn(count);
    for (std::int64_t resample = begin; resample < end; ++resample) {
      std::fill(drawn.begin(), drawn.end(), 0u);
      core::Random random(options.seed, static_cast<std::uint64_t>(resample), "bootstrap");
      for (std::int64_t i = 0; i < count; ++i) ++drawn[place[random.integer(0, count - 1)]];
      // Counts stay whole numbers below 2^53, twice the area too.
      std::int64_t twice = 0, above = 0, tied_positive = 0, tied_negative = 0, negatives = 0;
      for (std::int64_t i = 0; i < count; ++i) {
        (positive[i] ? tied_positive : tied_negative) += drawn[i];
        if (!last_of_score[i]) continue;
        twice += tied_negative * (2 * above + tied_positive);
        above += tied_positive;
        negatives += tied_negative;
        tied_positive = tied_negative = 0;
      }
      areas[resample] = static_cast<double>(twice) / (2.0 * static_cast<double>(above) * static_cast<double>(negatives));
    }
  });
  std::erase_if(areas, [](double area) { return !std::isfinite(area); });
  if (areas.empty()) throw InputError("every resample holds one class only; there are too few cases");
  std::sort(areas.begin(), areas.end());
  const double tail = (1 - options.level) / 2;
  return {auroc(labels, scores), quantile_of_sorted(areas, tail), quantile_of_sorted(areas, 1 - tail)};
}

std::vector<PrecisionRecallPoint> precision_recall_curve(Labels labels, Scores scores) {
  const Classes classes = check(labels, scores);
  std::vector<PrecisionRecallPoint> curve;
  for (const Step& step : steps(labels, scores))
    curve.push_back(
        {step.score, step.true_positives / (step.true_positives + step.false_positives), step.true_positives / classes.positives});
  return curve;
}

double average_precision(Labels labels, Scores scores) {
  double sum = 0, recall = 0;
  for (const PrecisionRecallPoint& point : precision_recall_curve(labels, scores)) {
    sum += (point.recall - recall) * point.precision;
    recall = point.recall;
  }
  return sum;
}

}  // namespace isocenter::measures
