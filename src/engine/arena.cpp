#include "engine/arena.h"

#include <sys/mman.h>

#include <fstream>
#include <limits>
#include <string>
#include <utility>

#include "core/error.h"

namespace isocenter::engine {

std::size_t available_memory_bytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string key; file >> key;) {
    std::size_t kilobytes = 0;
    if (key == "MemAvailable:" && file >> kilobytes) return kilobytes * 1024;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::numeric_limits<std::size_t>::max();
}

Arena::Arena(std::size_t bytes, const char* what) : bytes_(bytes) {
  if (bytes == 0) return;
  const auto refuse = [&] {
    throw core::ResourceError("{} needs {:.0f} MB of memory, which this machine does not have free", what,
                              static_cast<double>(bytes) / 1e6);
  };
  if (bytes > available_memory_bytes()) refuse();
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) refuse();
  madvise(memory, bytes, MADV_HUGEPAGE);
  memory_ = static_cast<std::uint8_t*>(memory);
}

Arena::~Arena() {
  if (memory_) munmap(memory_, bytes_);
}

Arena::Arena(Arena&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace isocenter::engine
