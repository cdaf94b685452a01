#include "core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <random>

#include "core/error.h"

namespace isocenter::core {
namespace fs = std::filesystem;
namespace {

std::string reason(int code) { return std::generic_category().message(code); }

[[noreturn]] void throw_write_error(const fs::path& path, int code) {
  if (code == ENOSPC || code == EDQUOT)
    throw ResourceError("{}: the disk is full; free some space or choose another --output", path.string());
  if (code == EROFS) throw ResourceError("{}: the disk is read-only; choose another --output", path.string());
  if (code == EACCES || code == EPERM) throw ResourceError("{}: no permission to write here; choose another --output", path.string());
  throw ResourceError("{}: cannot be written: {}", path.string(), reason(code));
}

fs::path temporary_beside(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  const std::string stem = path.filename().string();
  return path.parent_path() / fmt::format(".{}-{}-{}", ::getpid(), counter++, stem);
}

void make_parent(const fs::path& path) {
  if (path.parent_path().empty()) return;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) {
    if (error.value() == ENOTDIR || error.value() == EEXIST)
      throw InputError("{}: a part of this path is a file, not a folder; choose another --output", path.parent_path().string());
    throw_write_error(path.parent_path(), error.value());
  }
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

void write_all(const fs::path& shown, const fs::path& path, std::span<const std::uint8_t> bytes) {
  Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
  if (file.number < 0) throw_write_error(shown, errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.number, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_write_error(shown, errno);
    bytes = bytes.subspan(written);
  }
  // The rename must not reach the disk before the data does: otherwise a power cut leaves an empty file under the final name.
  if (::fsync(file.number) != 0 && errno != EINVAL && errno != EROFS) throw_write_error(shown, errno);
}

}  // namespace

Bytes read_bytes(const fs::path& path, std::uint64_t limit) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) {
    if (errno == ENOENT) throw InputError("{}: no such file", path.string());
    throw InputError("{}: cannot be read: {}", path.string(), reason(errno));
  }
  struct stat status {};
  if (::fstat(file.number, &status) != 0) throw InputError("{}: cannot be read: {}", path.string(), reason(errno));
  if (S_ISDIR(status.st_mode)) throw InputError("{}: is a folder, a file is needed", path.string());
  if (static_cast<std::uint64_t>(status.st_size) > limit)
    throw InputError("{}: {} bytes, more than the {} that such a file may have", path.string(), status.st_size, limit);
  Bytes bytes(status.st_size);
  std::size_t filled = 0;
  for (;;) {
    if (filled == bytes.size()) {
      if (S_ISREG(status.st_mode)) break;
      bytes.resize(bytes.size() + 65536);  // a pipe tells no size
    }
    const ssize_t got = ::read(file.number, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw InputError("{}: cannot be read: {}", path.string(), reason(errno));
    if (got == 0) break;
    filled += got;
    if (filled > limit) throw InputError("{}: more than the {} bytes that such a file may have", path.string(), limit);
  }
  bytes.resize(filled);
  return bytes;
}

std::string read_text(const fs::path& path, std::uint64_t limit) {
  const Bytes bytes = read_bytes(path, limit);
  return std::string(bytes.begin(), bytes.end());
}

void write_bytes(const fs::path& path, std::span<const std::uint8_t> bytes) {
  write_file(path, [&](const fs::path& temporary) { write_all(path, temporary, bytes); });
}

void write_text(const fs::path& path, std::string_view text) {
  write_bytes(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void write_file(const fs::path& path, const std::function<void(const fs::path&)>& body) {
  make_parent(path);
  std::error_code error;
  if (fs::is_directory(path, error)) throw InputError("{}: is a folder, a file name is needed", path.string());
  const fs::path temporary = temporary_beside(path);
  try {
    body(temporary);
    fs::rename(temporary, path, error);
    if (error) throw_write_error(path, error.value());
  } catch (...) {
    fs::remove(temporary, error);
    throw;
  }
}

void write_folder(const fs::path& path, const std::function<void(const fs::path&)>& body) {
  fs::path target = path;
  if (target.filename().empty()) target = target.parent_path();  // "report/" is the folder "report"
  make_parent(target);
  std::error_code error;
  if (fs::exists(target, error) && !fs::is_directory(target, error))
    throw InputError("{}: is a file, a folder is needed; choose another --output", target.string());
  const fs::path temporary = temporary_beside(target);
  try {
    fs::create_directory(temporary, error);
    if (error) throw_write_error(target, error.value());
    body(temporary);
    if (!fs::exists(target)) {
      fs::rename(temporary, target, error);
      if (error) throw_write_error(target, error.value());
      return;
    }
    for (const auto& entry : fs::recursive_directory_iterator(temporary)) {
      const fs::path relative = fs::relative(entry.path(), temporary);
      if (entry.is_directory())
        fs::create_directories(target / relative, error);
      else
        fs::rename(entry.path(), target / relative, error);
      if (error) throw_write_error(target / relative, error.value());
    }
    fs::remove_all(temporary, error);
  } catch (...) {
    fs::remove_all(temporary, error);
    throw;
  }
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "isocenter-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw ResourceError("{}: no temporary folder can be made: {}", name, reason(errno));
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

}  // namespace isocenter::core
