// Freed activations stay in the process: every training step asks for the same blocks again, and getting them from the system anew each
// time (page faults) costs a third of libtorch's time.
#pragma once

namespace isocenter::tensor {

// For the whole process; call it once, before anything large is allocated.
void keep_freed_memory();

}  // namespace isocenter::tensor
