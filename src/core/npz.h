// NumPy's .npy and .npz files, read: one array, or a ZIP archive of them (stored or deflated). Reference cases for tests and users' arrays
// come so.
//
//   const auto arrays = core::read_npz("io.npz");
//   const core::NumpyArray& input = arrays.at("input0");  // input.shape, input.as_float()
//
// Element types: bool, signed and unsigned integers of 8 to 64 bits, float16, float32, float64, little-endian; both memory orders (Fortran
// order is turned to C order). Objects, text and complex numbers are refused. A damaged file is a core::InputError that names it; nothing
// is allocated that the file's own bytes do not justify (deflate expands at most 1032 times). Source: NumPy Enhancement Proposal 1 (format
// versions 1.0 to 3.0); PKWARE APPNOTE 6.3 (ZIP, with ZIP64 sizes).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/file.h"

namespace isocenter::core {

struct NumpyArray {
  char kind = 'f';                  // 'f' float, 'i' signed, 'u' unsigned, 'b' bool, 'c' complex
  int size = 4;                     // bytes an element
  std::vector<std::int64_t> shape;  // slowest first
  Bytes bytes;                      // C order, little-endian

  std::int64_t count() const;  // elements
  // Each converts the elements, whatever type they are stored as; a complex one gives two numbers, real part first. Throws InputError when
  // a value does not fit (a fraction as integer).
  std::vector<float> as_float() const;
  std::vector<double> as_double() const;
  std::vector<std::int64_t> as_integer() const;
};

NumpyArray read_npy(const std::filesystem::path& path);
std::map<std::string, NumpyArray> read_npz(const std::filesystem::path& path);  // by name, without ".npy"

}  // namespace isocenter::core
