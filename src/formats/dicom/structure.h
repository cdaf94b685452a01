// A look at a file's skeleton before any library builds objects of it: elements, sequences and items (PS3.5 chapter 7), by lengths alone,
// in constant memory and without recursion. What it refuses could exhaust the stack or mean two things at once.
#pragma once

#include <filesystem>
#include <string>

namespace isocenter::formats {

// "sequences nested 5000 deep", "element (0028,0010) occurs twice", or an empty string. Other faults are left to the reader.
std::string structural_fault(const std::filesystem::path& path);

}  // namespace isocenter::formats
