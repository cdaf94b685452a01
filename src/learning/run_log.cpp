#include "learning/run_log.h"

#include <cstdlib>
#include <sstream>

#include "core/error.h"
#include "core/file.h"

namespace isocenter::learning {

RunLog::RunLog(const std::filesystem::path& path, const std::string& header, std::int64_t last_step) : path_(path) {
  std::string kept = header + "\n";
  if (std::filesystem::exists(path)) {
    std::istringstream lines(core::read_text(path));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line))
      if (!line.empty() && std::strtoll(line.c_str(), nullptr, 10) <= last_step) kept += line + "\n";
  }
  core::write_text(path, kept);
  stream_.open(path, std::ios::app);
}

void RunLog::add(const std::string& line) {
  stream_ << line << '\n' << std::flush;
  if (!stream_) throw core::ResourceError("{}: cannot be written; is the disk full?", path_.string());
}

}  // namespace isocenter::learning
