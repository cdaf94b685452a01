#include "tensor/memory.h"

#include <malloc.h>

#include <limits>

namespace isocenter::tensor {

void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);  // everything from the heap, which is not given back
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 256 << 20);
  mallopt(M_ARENA_MAX, 4);  // or every thread keeps its own
}

}  // namespace isocenter::tensor
