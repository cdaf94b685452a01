// Memory that kernels use while they run. A kernel never allocates: it states the bytes it needs (workspace_bytes) and is given them.
// One Workspace of the largest size serves all the calls of a network, one after the other; never two calls at the same time.
//
//   Workspace workspace;
//   convolution.forward(x, w, bias, y, workspace.reserve(convolution.workspace_bytes()));
#pragma once

#include <cstddef>

namespace isocenter::kernels {

class Workspace {
 public:
  Workspace() = default;
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // At least `bytes` bytes, aligned to 64, of large pages where the system has them; contents are not kept when it has to grow.
  // Throws core::ResourceError, stating the size, where the memory is not to be had.
  void* reserve(std::size_t bytes);
  std::size_t bytes() const { return bytes_; }

 private:
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace isocenter::kernels
