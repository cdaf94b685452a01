// From the 3 x 4 matrices that formats store to a Geometry, and back.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <string>

#include "imaging/geometry.h"

namespace isocenter::formats {

using Affine = std::array<std::array<double, 4>, 3>;  // [row][column]: index to millimetres

// RAS to LPS and back: the first two rows change sign.
Affine turn_ras_lps(Affine affine);

// Spacing, directions and origin of an index-to-LPS matrix. Directions that miss being orthonormal by up to 1e-3 are corrected, with a line
// in text["geometry_note"]; more (a sheared grid) is a core::InputError, as are zero columns, a singular matrix and values not finite.
imaging::Geometry geometry_from_affine(const Affine& index_to_lps_mm, const imaging::Index3& size, std::map<std::string, std::string>& text,
                                       const std::filesystem::path& shown);
Affine affine_of(const imaging::Geometry& geometry);

// Appends a sentence to text["geometry_note"]: what was corrected or assumed.
void add_note(std::map<std::string, std::string>& text, const std::string& note);

}  // namespace isocenter::formats
