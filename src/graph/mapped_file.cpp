#include "graph/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace isocenter::graph {

MappedFile map_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not wait for its writer
  if (file < 0) throw core::InputError("{}: cannot be read: {}", path.string(), std::strerror(errno));
  struct stat state {};
  if (::fstat(file, &state) != 0 || !S_ISREG(state.st_mode)) {
    ::close(file);
    throw core::InputError("{}: is not a file", path.string());
  }
  const auto size = static_cast<std::uint64_t>(state.st_size);
  if (size == 0) {
    ::close(file);
    return {allocate_bytes(0), 0};
  }
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const int reason = errno;
  ::close(file);
  if (address == MAP_FAILED) throw core::ResourceError("{}: cannot be mapped into memory: {}", path.string(), std::strerror(reason));
  return {
      {static_cast<const std::uint8_t*>(address), [size](const std::uint8_t* bytes) { ::munmap(const_cast<std::uint8_t*>(bytes), size); }},
      size};
}

std::shared_ptr<const std::uint8_t> share(const MappedFile& file, std::span<const std::uint8_t> part) {
  if (reinterpret_cast<std::uintptr_t>(part.data()) % 8 == 0) return {file.bytes, part.data()};
  const auto copy = allocate_bytes(part.size());
  if (!part.empty()) std::memcpy(copy.get(), part.data(), part.size());
  return copy;
}

}  // namespace isocenter::graph
