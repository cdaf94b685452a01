// What the two formats with a header in text (NRRD, MetaImage) share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace isocenter::formats {

std::string trimmed(std::string_view text);
std::string lower_case(std::string_view text);

// The words between white space as numbers; throws core::InputError "FILE: FIELD: 'x' is no number" unless there are exactly `count` (any
// number when `count` is 0).
std::vector<double> numbers_in(std::string_view text, std::size_t count, std::string_view field, const std::filesystem::path& shown);
// A size or count: a whole number of at least `low`.
std::int64_t whole_number_in(std::string_view text, std::int64_t low, std::string_view field, const std::filesystem::path& shown);

// The file that a header names as its data. Only names in the header's own folder (or below) are followed: a header from elsewhere must not
// make the program read any file of this machine.
std::filesystem::path data_file_beside(const std::filesystem::path& header, std::string_view name);

// The header's text: the first bytes of the file, at most 1 MB.
std::string beginning_of(const std::filesystem::path& path);

}  // namespace isocenter::formats
