#include "measures/classification.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "measures/roc.h"

namespace isocenter::measures {
using core::InputError;
namespace {

double share(std::int64_t part, std::int64_t whole) { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }

void check(std::span<const int> reference, std::span<const double> probabilities, int classes) {
  if (reference.empty()) throw InputError("there are no cases");
  if (classes < 2) throw InputError("{} classes; at least 2 are needed", classes);
  if (probabilities.size() != reference.size() * static_cast<std::size_t>(classes))
    throw InputError("{} cases of {} classes need {} probabilities, not {}", reference.size(), classes, reference.size() * classes,
                     probabilities.size());
  for (std::size_t i = 0; i < reference.size(); ++i) {
    if (reference[i] < 0 || reference[i] >= classes)
      throw InputError("case {} is of class {}; classes run from 0 to {}", i + 1, reference[i], classes - 1);
    for (int c = 0; c < classes; ++c)
      if (const double p = probabilities[i * classes + c]; !(p >= 0 && p <= 1))
        throw InputError("case {}: the probability of class {} is {}", i + 1, c, p);
  }
}

}  // namespace

std::int64_t ConfusionMatrix::total() const {
  std::int64_t sum = 0;
  for (int c = 0; c < classes(); ++c) sum += in_reference(c);
  return sum;
}
std::int64_t ConfusionMatrix::in_reference(int which) const {
  std::int64_t sum = 0;
  for (std::int64_t count : counts[which]) sum += count;
  return sum;
}
std::int64_t ConfusionMatrix::in_prediction(int which) const {
  std::int64_t sum = 0;
  for (const auto& row : counts) sum += row[which];
  return sum;
}

ConfusionMatrix confusion_matrix(std::span<const int> reference, std::span<const int> prediction, int classes) {
  if (reference.size() != prediction.size())
    throw InputError("{} reference classes but {} predicted ones", reference.size(), prediction.size());
  if (reference.empty()) throw InputError("there are no cases");
  ConfusionMatrix matrix{std::vector<std::vector<std::int64_t>>(classes, std::vector<std::int64_t>(classes, 0))};
  for (std::size_t i = 0; i < reference.size(); ++i) {
    for (int value : {reference[i], prediction[i]})
      if (value < 0 || value >= classes) throw InputError("case {} is of class {}; classes run from 0 to {}", i + 1, value, classes - 1);
    ++matrix.counts[reference[i]][prediction[i]];
  }
  return matrix;
}

double accuracy(const ConfusionMatrix& matrix) {
  std::int64_t right = 0;
  for (int c = 0; c < matrix.classes(); ++c) right += matrix.counts[c][c];
  return share(right, matrix.total());
}

double sensitivity_of(const ConfusionMatrix& matrix, int which) { return share(matrix.counts[which][which], matrix.in_reference(which)); }
double precision_of(const ConfusionMatrix& matrix, int which) { return share(matrix.counts[which][which], matrix.in_prediction(which)); }
double specificity_of(const ConfusionMatrix& matrix, int which) {
  const std::int64_t others = matrix.total() - matrix.in_reference(which),
                     wrongly_called = matrix.in_prediction(which) - matrix.counts[which][which];
  return share(others - wrongly_called, others);
}
double f1_of(const ConfusionMatrix& matrix, int which) {
  return share(2 * matrix.counts[which][which], matrix.in_reference(which) + matrix.in_prediction(which));
}

double balanced_accuracy(const ConfusionMatrix& matrix) {
  double sum = 0;
  int there = 0;
  for (int c = 0; c < matrix.classes(); ++c)
    if (matrix.in_reference(c) > 0) sum += sensitivity_of(matrix, c), ++there;
  return there == 0 ? 0 : sum / there;
}

double macro_f1(const ConfusionMatrix& matrix) {
  double sum = 0;
  for (int c = 0; c < matrix.classes(); ++c) sum += f1_of(matrix, c);
  return sum / matrix.classes();
}
double micro_f1(const ConfusionMatrix& matrix) { return accuracy(matrix); }
double weighted_f1(const ConfusionMatrix& matrix) {
  double sum = 0;
  for (int c = 0; c < matrix.classes(); ++c) sum += f1_of(matrix, c) * share(matrix.in_reference(c), matrix.total());
  return sum;
}

double matthews_correlation(const ConfusionMatrix& matrix) {
  const auto total = static_cast<double>(matrix.total());
  double right = 0, products = 0, reference_squares = 0, prediction_squares = 0;
  for (int c = 0; c < matrix.classes(); ++c) {
    const auto r = static_cast<double>(matrix.in_reference(c)), p = static_cast<double>(matrix.in_prediction(c));
    right += static_cast<double>(matrix.counts[c][c]);
    products += r * p, reference_squares += r * r, prediction_squares += p * p;
  }
  const double scale = (total * total - reference_squares) * (total * total - prediction_squares);
  return scale == 0 ? 0 : (right * total - products) / std::sqrt(scale);
}

double log_loss(std::span<const int> reference, std::span<const double> probabilities, int classes, double clip) {
  check(reference, probabilities, classes);
  double sum = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    // Clipped probabilities no longer add up to 1 and are scaled so that they do.
    double total = 0;
    for (int c = 0; c < classes; ++c) total += std::clamp(probabilities[i * classes + c], clip, 1 - clip);
    sum -= std::log(std::clamp(probabilities[i * classes + reference[i]], clip, 1 - clip) / total);
  }
  return sum / static_cast<double>(reference.size());
}

double top_k_accuracy(std::span<const int> reference, std::span<const double> probabilities, int classes, int k) {
  check(reference, probabilities, classes);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double own = probabilities[i * classes + reference[i]];
    int before = 0;
    for (int c = 0; c < classes; ++c)
      before += probabilities[i * classes + c] > own || (probabilities[i * classes + c] == own && c > reference[i]);
    right += before < k;
  }
  return share(right, static_cast<std::int64_t>(reference.size()));
}

double auroc_one_against_rest(std::span<const int> reference, std::span<const double> probabilities, int classes, bool weighted) {
  check(reference, probabilities, classes);
  double sum = 0, weights = 0;
  for (int c = 0; c < classes; ++c) {
    std::vector<std::uint8_t> labels;
    std::vector<double> scores;
    for (std::size_t i = 0; i < reference.size(); ++i)
      labels.push_back(reference[i] == c), scores.push_back(probabilities[i * classes + c]);
    const double weight = weighted ? static_cast<double>(std::count(labels.begin(), labels.end(), 1)) : 1;
    sum += weight * auroc(labels, scores);
    weights += weight;
  }
  return sum / weights;
}

double auroc_one_against_one(std::span<const int> reference, std::span<const double> probabilities, int classes) {
  check(reference, probabilities, classes);
  double sum = 0;
  int pairs = 0;
  for (int a = 0; a < classes; ++a)
    for (int b = 0; b < classes; ++b) {
      if (a == b) continue;
      std::vector<std::uint8_t> labels;
      std::vector<double> scores;
      for (std::size_t i = 0; i < reference.size(); ++i)
        if (reference[i] == a || reference[i] == b) labels.push_back(reference[i] == a), scores.push_back(probabilities[i * classes + a]);
      sum += auroc(labels, scores);
      ++pairs;
    }
  return sum / pairs;
}

}  // namespace isocenter::measures
