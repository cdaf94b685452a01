// Memory of a plan: one mapping, of large pages where the system has them (a fresh arena of 4 KB pages costs a tenth of a run), given back
// whole.
#pragma once

#include <cstddef>
#include <cstdint>

namespace isocenter::engine {

class Arena {
 public:
  Arena() = default;
  // Throws core::ResourceError stating the size where the memory is not to be had. `what` names the user of it in the message.
  Arena(std::size_t bytes, const char* what);
  ~Arena();
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;

  std::uint8_t* data() const { return memory_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::uint8_t* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

// What the system says can be had without swapping; the largest number when it does not say.
std::size_t available_memory_bytes();

}  // namespace isocenter::engine
