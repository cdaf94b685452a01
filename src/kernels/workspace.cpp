#include "kernels/workspace.h"

#include <sys/mman.h>

#include "core/error.h"

namespace isocenter::kernels {

namespace {
constexpr std::size_t large_page = std::size_t{2} << 20;
}

Workspace::~Workspace() {
  if (memory_) munmap(memory_, bytes_);
}

void* Workspace::reserve(std::size_t bytes) {
  if (bytes <= bytes_) return memory_;
  if (memory_) munmap(memory_, bytes_);
  memory_ = nullptr;
  bytes_ = 0;
  const std::size_t rounded = (bytes + large_page - 1) / large_page * large_page;
  void* memory = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw core::ResourceError("no memory for a workspace of {} MB: close other programs or use a smaller patch", rounded >> 20);
  madvise(memory, rounded, MADV_HUGEPAGE);
  memory_ = memory;
  bytes_ = rounded;
  return memory_;
}

}  // namespace isocenter::kernels
