// Draws samples ahead in background threads while the network trains. The order of what `next` gives depends on the indices alone, never on
// the number of threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "learning/sources.h"

namespace isocenter::learning {

class Prefetch {
 public:
  // Samples first, first + 1, ... end - 1; at most `capacity` wait in memory.
  Prefetch(const SampleSource& source, std::uint64_t first, std::uint64_t end, int threads, std::size_t capacity);
  ~Prefetch();
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  // The next sample in order; waits for it. What a thread threw is thrown here.
  Sample next();
  double waited_seconds() const { return waited_seconds_; }  // by `next`, in all: near zero when the source keeps up

 private:
  void work();

  const SampleSource& source_;
  const std::uint64_t end_;
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Sample> ready_;
  std::uint64_t next_to_draw_, next_to_give_;
  std::exception_ptr error_;
  bool stopping_ = false;
  double waited_seconds_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace isocenter::learning
