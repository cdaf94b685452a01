// A CSV file that grows by a line at a time and can be cut back to a step, so that after a resume it reads as if nothing had happened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace isocenter::learning {

class RunLog {
 public:
  // Lines whose first column is above `last_step` are dropped; the header is written when the file is new.
  RunLog(const std::filesystem::path& path, const std::string& header, std::int64_t last_step);
  void add(const std::string& line);

 private:
  std::filesystem::path path_;
  std::ofstream stream_;
};

}  // namespace isocenter::learning
