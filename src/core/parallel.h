// All loops over threads go through here: one runtime (OpenMP), work divided in a fixed way, so that the same number of threads gives the
// same bits. An exception thrown in the body is carried to the caller (the one of the lowest piece).
#pragma once

#include <cstdint>
#include <functional>

namespace isocenter::core {

// Threads that parallel loops use; default: all cores this process may run on, or OMP_NUM_THREADS.
int thread_count();
void set_thread_count(int threads);

// Calls body(begin, end) for contiguous pieces of [0, count), one piece a thread; pieces are at least `grain` long.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t begin, std::int64_t end)>& body, std::int64_t grain = 1);

// Calls body(i) for each i, handed out one by one: for pieces of uneven cost whose results do not depend on the order.
void parallel_each(std::int64_t count, const std::function<void(std::int64_t i)>& body);

}  // namespace isocenter::core
