// Probability distributions and the special functions under them, in double precision (relative error about 1e-13 in the middle, 1e-10 in
// the tails).
//
// Names: cdf = P(X <= x), upper = P(X > x) computed without cancellation, quantile = the inverse of cdf. Degrees of freedom and shapes are
// positive; arguments outside of the support give 0 or 1, probabilities outside of [0, 1] give NaN.
#pragma once

namespace isocenter::measures {

// Regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P.
double gamma_p(double a, double x);
double gamma_q(double a, double x);
// Regularised incomplete beta function I_x(a, b).
double incomplete_beta(double a, double b, double x);

double normal_cdf(double z);
double normal_upper(double z);
double normal_quantile(double p);

double chi_square_cdf(double x, double degrees);
double chi_square_upper(double x, double degrees);
double chi_square_quantile(double p, double degrees);

double student_t_cdf(double t, double degrees);
double student_t_upper(double t, double degrees);
double student_t_two_sided(double t, double degrees);  // P(|T| > |t|)
double student_t_quantile(double p, double degrees);

double f_cdf(double x, double numerator_degrees, double denominator_degrees);
double f_upper(double x, double numerator_degrees, double denominator_degrees);
double f_quantile(double p, double numerator_degrees, double denominator_degrees);

double beta_quantile(double p, double a, double b);

// P(X = k), P(X <= k) of k successes in n trials.
double binomial_probability(double k, double n, double p);
double binomial_cdf(double k, double n, double p);

}  // namespace isocenter::measures
