#include "measures/distributions.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace isocenter::measures {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double tiny = 1e-300;
const double nan_value = std::numeric_limits<double>::quiet_NaN();

// glibc's lgamma writes a global sign; the re-entrant form does not, so that threads may call this.
double log_gamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

// x^a e^-x / Gamma(a), by Stirling's series of the difference where the terms would cancel (large a near x).
double gamma_prefix(double a, double x) {
  if (a < 50) return std::exp(a * std::log(x) - x - log_gamma(a));
  const double excess = (x - a) / a;
  // log Gamma(a) = (a - 1/2) log a - a + log(2 pi) / 2 + 1/(12 a) - 1/(360 a^3) + 1/(1260 a^5) - ...
  const double stirling = 1 / (12 * a) - 1 / (360 * a * a * a) + 1 / (1260 * std::pow(a, 5));
  return std::exp(a * (std::log1p(excess) - excess) - stirling) * std::sqrt(a / (2 * M_PI));
}

double gamma_series(double a, double x) {  // P(a, x), for x < a + 1
  double term = 1 / a, sum = term;
  for (int n = 1; n < 100000 && term > sum * epsilon; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * gamma_prefix(a, x);
}

double gamma_fraction(double a, double x) {  // Q(a, x), for x >= a + 1, by Lentz's method
  double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;
  for (int n = 1; n < 100000; ++n) {
    const double factor = -n * (n - a);
    b += 2;
    d = factor * d + b;
    if (std::abs(d) < tiny) d = tiny;
    c = b + factor / c;
    if (std::abs(c) < tiny) c = tiny;
    d = 1 / d;
    const double step = d * c;
    h *= step;
    if (std::abs(step - 1) < epsilon) break;
  }
  return h * gamma_prefix(a, x);
}

double beta_fraction(double a, double b, double x) {
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (std::abs(d) < tiny) d = tiny;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < 100000; ++m) {
    const double even = m * (b - m) * x / ((a - 1 + 2 * m) * (a + 2 * m));
    d = 1 + even * d;
    if (std::abs(d) < tiny) d = tiny;
    c = 1 + even / c;
    if (std::abs(c) < tiny) c = tiny;
    d = 1 / d;
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 1 + 2 * m));
    d = 1 + odd * d;
    if (std::abs(d) < tiny) d = tiny;
    c = 1 + odd / c;
    if (std::abs(c) < tiny) c = tiny;
    d = 1 / d;
    const double step = d * c;
    h *= step;
    if (std::abs(step - 1) < epsilon) break;
  }
  return h;
}

// The error of Stirling's formula: log Gamma(x) - [(x - 1/2) log x - x + log(2 pi) / 2].
double stirling_error(double x) {
  if (x < 10) return log_gamma(x) - ((x - 0.5) * std::log(x) - x + 0.5 * std::log(2 * M_PI));
  const double y = 1 / (x * x);
  return (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y / 1188)))) / x;
}

// x^a (1-x)^b / B(a, b) by Stirling's formula and its error: three log-gammas of large shapes would leave no digits of their sum.
double beta_prefix(double a, double b, double x, double one_minus_x) {
  const double sum = a + b;
  const double x_excess = (x * sum - a) / a, y_excess = (one_minus_x * sum - b) / b;
  const double exponent = a * std::log1p(x_excess) + b * std::log1p(y_excess) + stirling_error(sum) - stirling_error(a) - stirling_error(b);
  return std::exp(exponent) * std::sqrt(a * b / (2 * M_PI * sum));
}

// I_x(a, b) with 1 - x given apart, so that neither loses digits.
double incomplete_beta_of(double a, double b, double x, double one_minus_x) {
  if (x <= 0) return 0;
  if (one_minus_x <= 0) return 1;
  const double front = beta_prefix(a, b, x, one_minus_x);
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, one_minus_x) / b;
}

// The inverse of a growing function by bisection on doubles: slow, exact, and needs no derivative.
template <class Cdf>
double invert(const Cdf& cdf, double p, double low, double high) {
  for (int i = 0; i < 400; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (cdf(middle) < p ? low : high) = middle;
  }
  return low + (high - low) / 2;
}

template <class Cdf>
double invert_positive(const Cdf& cdf, double p) {
  if (!(p >= 0 && p <= 1)) return nan_value;
  if (p == 0) return 0;
  if (p == 1) return std::numeric_limits<double>::infinity();
  double high = 1;
  while (cdf(high) < p && high < 1e300) high *= 2;
  double low = high;
  while (cdf(low) >= p && low > 1e-300) low /= 2;
  return invert(cdf, p, low, high);
}

}  // namespace

double gamma_p(double a, double x) {
  if (!(a > 0) || std::isnan(x)) return nan_value;
  if (x <= 0) return 0;
  if (std::isinf(x)) return 1;
  return x < a + 1 ? gamma_series(a, x) : 1 - gamma_fraction(a, x);
}

double gamma_q(double a, double x) {
  if (!(a > 0) || std::isnan(x)) return nan_value;
  if (x <= 0) return 1;
  if (std::isinf(x)) return 0;
  return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

double incomplete_beta(double a, double b, double x) {
  if (!(a > 0 && b > 0) || std::isnan(x)) return nan_value;
  return incomplete_beta_of(a, b, x, 1 - x);
}

double normal_cdf(double z) { return 0.5 * std::erfc(-z / M_SQRT2); }
double normal_upper(double z) { return 0.5 * std::erfc(z / M_SQRT2); }

double normal_quantile(double p) {
  if (!(p >= 0 && p <= 1)) return nan_value;
  if (p == 0) return -std::numeric_limits<double>::infinity();
  if (p == 1) return std::numeric_limits<double>::infinity();
  if (p > 0.5) return -normal_quantile(1 - p);
  // Start from Abramowitz and Stegun 26.2.23 (error 4.5e-4), then Newton steps on log p, which converge from there in the far tail too.
  const double t = std::sqrt(-2 * std::log(p));
  double z = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 8; ++i) {
    const double cdf = normal_cdf(z), density = std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
    const double step = cdf / density * std::log(cdf / p);
    z -= step;
    if (std::abs(step) < 1e-16 * std::max(1.0, std::abs(z))) break;
  }
  return z;
}

double chi_square_cdf(double x, double degrees) { return gamma_p(degrees / 2, x / 2); }
double chi_square_upper(double x, double degrees) { return gamma_q(degrees / 2, x / 2); }
double chi_square_quantile(double p, double degrees) {
  return invert_positive([&](double x) { return chi_square_cdf(x, degrees); }, p);
}

double student_t_two_sided(double t, double degrees) {
  if (std::isnan(t) || !(degrees > 0)) return nan_value;
  if (std::isinf(t)) return 0;
  const double squares = t * t;
  return incomplete_beta_of(degrees / 2, 0.5, degrees / (degrees + squares), squares / (degrees + squares));
}
double student_t_upper(double t, double degrees) {
  const double half = student_t_two_sided(t, degrees) / 2;
  return t >= 0 ? half : 1 - half;
}
double student_t_cdf(double t, double degrees) { return student_t_upper(-t, degrees); }
double student_t_quantile(double p, double degrees) {
  if (!(p >= 0 && p <= 1)) return nan_value;
  if (p == 0.5) return 0;
  if (p < 0.5) return -student_t_quantile(1 - p, degrees);
  return invert_positive([&](double t) { return 1 - student_t_upper(t, degrees); }, p);
}

double f_cdf(double x, double d1, double d2) {
  if (std::isnan(x)) return nan_value;
  if (x <= 0) return 0;
  return incomplete_beta_of(d1 / 2, d2 / 2, d1 * x / (d1 * x + d2), d2 / (d1 * x + d2));
}
double f_upper(double x, double d1, double d2) {
  if (std::isnan(x)) return nan_value;
  if (x <= 0) return 1;
  return incomplete_beta_of(d2 / 2, d1 / 2, d2 / (d1 * x + d2), d1 * x / (d1 * x + d2));
}
double f_quantile(double p, double d1, double d2) {
  return invert_positive([&](double x) { return f_cdf(x, d1, d2); }, p);
}

double beta_quantile(double p, double a, double b) {
  if (!(p >= 0 && p <= 1)) return nan_value;
  return invert([&](double x) { return incomplete_beta(a, b, x); }, p, 0, 1);
}

double binomial_probability(double k, double n, double p) {
  if (k < 0 || k > n) return 0;
  if (p <= 0) return k == 0;
  if (p >= 1) return k == n;
  return std::exp(log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1) + k * std::log(p) + (n - k) * std::log1p(-p));
}
double binomial_cdf(double k, double n, double p) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return incomplete_beta_of(n - std::floor(k), std::floor(k) + 1, 1 - p, p);
}

}  // namespace isocenter::measures
