// Whole files in and out. Writing goes to a temporary name in the same folder and is renamed at the end, so that a failed or killed run
// leaves either the old file or the new one.
//
// Throws InputError where the path is the user's fault (missing, a folder, not readable), ResourceError where the disk is (full,
// read-only).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace isocenter::core {

using Bytes = std::vector<std::uint8_t>;

// At most `limit` bytes are accepted; a larger file is an InputError.
Bytes read_bytes(const std::filesystem::path& path, std::uint64_t limit = ~std::uint64_t{0});
std::string read_text(const std::filesystem::path& path, std::uint64_t limit = 256u << 20);

void write_bytes(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
void write_text(const std::filesystem::path& path, std::string_view text);

// For writers that want a path of their own (libraries): body writes to the temporary path it is given; renamed when it returns, removed
// when it throws. The temporary name keeps the extension of `path`.
void write_file(const std::filesystem::path& path, const std::function<void(const std::filesystem::path& temporary)>& body);

// A folder that appears whole or not at all: body fills the temporary folder, which then takes the name `path`. An existing `path` is
// replaced file by file: files of the same name are overwritten, others stay.
void write_folder(const std::filesystem::path& path, const std::function<void(const std::filesystem::path& temporary)>& body);

// Removed with all it holds at the end of the scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace isocenter::core
