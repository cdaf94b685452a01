// Against values of tables and closed forms; every figure below can be derived by hand or is a printed table's.
#include "measures/distributions.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace isocenter::measures {
namespace {

TEST(Distributions, NormalHasItsTabledValues) {
  EXPECT_NEAR(normal_cdf(1.959963984540054), 0.975, 1e-15);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.5), 0, 1e-16);
  EXPECT_NEAR(normal_upper(10) / 7.619853024160527e-24, 1, 1e-12);
  EXPECT_NEAR(normal_quantile(1e-20), -9.262340089798408, 1e-11);
  EXPECT_TRUE(std::isinf(normal_quantile(0)));
  EXPECT_TRUE(std::isnan(normal_quantile(1.5)));
}

TEST(Distributions, ChiSquareOfTwoDegreesIsExponential) {
  for (double x : {0.1, 1.0, 5.0, 40.0}) {
    EXPECT_NEAR(chi_square_upper(x, 2) / std::exp(-x / 2), 1, 1e-13);
    EXPECT_NEAR(chi_square_cdf(x, 2), -std::expm1(-x / 2), 1e-14);
  }
  EXPECT_NEAR(chi_square_quantile(0.95, 1), 3.841458820694124, 1e-11);
}

TEST(Distributions, GammaOfHalfIsTheErrorFunction) {
  for (double x : {0.01, 0.5, 2.0, 9.0}) {
    EXPECT_NEAR(gamma_p(0.5, x), std::erf(std::sqrt(x)), 1e-14);
    EXPECT_NEAR(gamma_q(0.5, x) / std::erfc(std::sqrt(x)), 1, 1e-12);
  }
}

TEST(Distributions, StudentOfOneAndTwoDegreesHasClosedForms) {
  for (double t : {0.0, 0.3, 1.0, 12.0, -2.5}) {
    EXPECT_NEAR(student_t_cdf(t, 1), 0.5 + std::atan(t) / M_PI, 1e-14);
    EXPECT_NEAR(student_t_cdf(t, 2), 0.5 + t / (2 * std::sqrt(2 + t * t)), 1e-14);
  }
  // Even degrees have a closed form (Abramowitz and Stegun 26.7.4): A = sin(theta) (1 + cos^2/2 + 3 cos^4/8 + ...), theta = atan(t /
  // sqrt(10)).
  const double t = student_t_quantile(0.975, 10), c = 10 / (10 + t * t);
  const double series = 1 + c / 2 * (1 + c * 3 / 4 * (1 + c * 5 / 6 * (1 + c * 7 / 8)));
  EXPECT_NEAR((1 + std::sqrt(1 - c) * series) / 2, 0.975, 1e-14);
  // Many degrees: the normal.
  EXPECT_NEAR(student_t_cdf(1.5, 1e9), normal_cdf(1.5), 1e-9);
}

TEST(Distributions, FOfTwoNumeratorDegreesHasAClosedForm) {
  for (double x : {0.2, 1.0, 7.0})
    for (double d : {1.0, 6.0, 30.0}) EXPECT_NEAR(f_upper(x, 2, d), std::pow(1 + 2 * x / d, -d / 2), 1e-13);
  EXPECT_NEAR(f_cdf(f_quantile(0.9, 3, 7), 3, 7), 0.9, 1e-13);
}

TEST(Distributions, BinomialAddsUp) {
  double sum = 0;
  for (int k = 0; k <= 12; ++k) {
    sum += binomial_probability(k, 12, 0.3);
    EXPECT_NEAR(binomial_cdf(k, 12, 0.3), sum, 1e-14);
  }
}

RC_GTEST_PROP(Distributions, IncompleteBetaIsSymmetricAndGrows, ()) {
  const double a = *rc::gen::inRange(1, 4000) / 10.0, b = *rc::gen::inRange(1, 4000) / 10.0;
  const double x = *rc::gen::inRange(1, 999) / 1000.0;
  RC_ASSERT(std::abs(incomplete_beta(a, b, x) + incomplete_beta(b, a, 1 - x) - 1) < 1e-11);
  RC_ASSERT(incomplete_beta(a, b, x) <= incomplete_beta(a, b, x + 0.001) + 1e-15);
  // Recurrence (DLMF 8.17.20): I_x(a, b) = I_x(a + 1, b) + x^a (1-x)^b / (a B(a, b)), seen as: I_x(a, b) > I_x(a + 1, b).
  RC_ASSERT(incomplete_beta(a, b, x) >= incomplete_beta(a + 1, b, x) - 1e-15);
}

RC_GTEST_PROP(Distributions, GammaSumsToOne, ()) {
  const double a = *rc::gen::inRange(1, 100000) / 100.0, x = *rc::gen::inRange(1, 200000) / 100.0;
  RC_ASSERT(std::abs(gamma_p(a, x) + gamma_q(a, x) - 1) < 1e-13);
}

}  // namespace
}  // namespace isocenter::measures
