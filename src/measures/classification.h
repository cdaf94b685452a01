// How right decisions and probabilities are, for two classes and for more. Classes are numbers from 0.
//
// A share whose denominator is 0 (the F1 of a class that neither occurs nor is predicted) counts as 0, as in scikit-learn; balanced
// accuracy averages over the classes that occur. Throws core::InputError for unequal lengths, no cases, class numbers or probabilities out
// of range.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace isocenter::measures {

// counts[reference][prediction]
struct ConfusionMatrix {
  std::vector<std::vector<std::int64_t>> counts;

  int classes() const { return static_cast<int>(counts.size()); }
  std::int64_t total() const;
  std::int64_t in_reference(int which) const;
  std::int64_t in_prediction(int which) const;
};
ConfusionMatrix confusion_matrix(std::span<const int> reference, std::span<const int> prediction, int classes);

double accuracy(const ConfusionMatrix& matrix);
double balanced_accuracy(const ConfusionMatrix& matrix);  // mean sensitivity over the classes that occur
double precision_of(const ConfusionMatrix& matrix, int which);
double sensitivity_of(const ConfusionMatrix& matrix, int which);
double specificity_of(const ConfusionMatrix& matrix, int which);
double f1_of(const ConfusionMatrix& matrix, int which);
double macro_f1(const ConfusionMatrix& matrix);     // mean over classes
double micro_f1(const ConfusionMatrix& matrix);     // of pooled counts; equals accuracy
double weighted_f1(const ConfusionMatrix& matrix);  // weighted by how often a class occurs
// Matthews correlation, for many classes by Gorodkin, Computational Biology and Chemistry 28 (2004) 367; 0 when either side is constant.
double matthews_correlation(const ConfusionMatrix& matrix);

// Probabilities row by row: probabilities[case * classes + class].
double log_loss(std::span<const int> reference, std::span<const double> probabilities, int classes, double clip = 1e-12);
double top_k_accuracy(std::span<const int> reference, std::span<const double> probabilities, int classes, int k);
// One class against the rest: the mean of areas, or weighted by how often each occurs.
double auroc_one_against_rest(std::span<const int> reference, std::span<const double> probabilities, int classes, bool weighted = false);
// Each pair of classes both ways (Hand and Till, Machine Learning 45 (2001) 171).
double auroc_one_against_one(std::span<const int> reference, std::span<const double> probabilities, int classes);

}  // namespace isocenter::measures
