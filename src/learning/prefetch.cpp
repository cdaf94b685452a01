#include "learning/prefetch.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "core/parallel.h"

namespace isocenter::learning {

Prefetch::Prefetch(const SampleSource& source, std::uint64_t first, std::uint64_t end, int threads, std::size_t capacity)
    : source_(source), end_(end), capacity_(std::max<std::size_t>(capacity, 1)), next_to_draw_(first), next_to_give_(first) {
  for (int i = 0; i < std::max(threads, 1); ++i) threads_.emplace_back([this] { work(); });
}

Prefetch::~Prefetch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Prefetch::work() {
  core::set_thread_count(1);  // of this thread alone: a sample is drawn by one thread, samples beside each other by several
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || error_ || (next_to_draw_ < end_ && next_to_draw_ < next_to_give_ + capacity_); });
    if (stopping_ || error_) return;
    const std::uint64_t index = next_to_draw_++;
    lock.unlock();
    try {
      Sample sample = source_.draw(index);
      lock.lock();
      ready_.emplace(index, std::move(sample));
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      if (!error_) error_ = std::current_exception();
    }
    changed_.notify_all();
  }
}

Sample Prefetch::next() {
  const auto begin = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  if (next_to_give_ >= end_) throw std::logic_error("Prefetch: no sample is left");
  changed_.wait(lock, [this] { return error_ || ready_.count(next_to_give_); });
  if (!ready_.count(next_to_give_)) std::rethrow_exception(error_);
  Sample sample = std::move(ready_.at(next_to_give_));
  ready_.erase(next_to_give_++);
  changed_.notify_all();
  waited_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return sample;
}

}  // namespace isocenter::learning
