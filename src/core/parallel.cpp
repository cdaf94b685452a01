#include "core/parallel.h"

#include <omp.h>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <vector>

namespace isocenter::core {

int thread_count() { return omp_get_max_threads(); }

void set_thread_count(int threads) {
  if (threads < 1) throw std::logic_error("set_thread_count: at least one thread");
  omp_set_num_threads(threads);
}

namespace {
void rethrow_first(const std::vector<std::exception_ptr>& errors) {
  for (const auto& error : errors)
    if (error) std::rethrow_exception(error);
}
}  // namespace

void parallel_for(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body, std::int64_t grain) {
  if (count <= 0) return;
  const std::int64_t pieces = std::clamp<std::int64_t>(count / std::max<std::int64_t>(grain, 1), 1, thread_count());
  if (pieces == 1 || omp_in_parallel()) return body(0, count);
  std::vector<std::exception_ptr> errors(pieces);
#pragma omp parallel for schedule(static, 1) num_threads(static_cast <int>(pieces))
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    try {
      body(count * piece / pieces, count * (piece + 1) / pieces);
    } catch (...) {
      errors[piece] = std::current_exception();
    }
  }
  rethrow_first(errors);
}

void parallel_each(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  if (count <= 0) return;
  if (count == 1 || omp_in_parallel()) {
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  std::vector<std::exception_ptr> errors(count);
#pragma omp parallel for schedule(dynamic, 1)
  for (std::int64_t i = 0; i < count; ++i) {
    try {
      body(i);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  }
  rethrow_first(errors);
}

}  // namespace isocenter::core
