// Counter-based random numbers (Philox 4x32-10; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
//
// A stream is named by a seed and up to two keys, as in Random(seed, case_number, "bias-field"_key): the same names give the same numbers
// on every machine and in any order of threads. Never share one Random between threads; name one each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace isocenter::core {

// The block function itself: 128 bits of counter and 64 bits of key to 128 random bits.
std::array<std::uint32_t, 4> philox_4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

// A key from a name (64-bit FNV-1a), so that streams are told apart by what they are for.
constexpr std::uint64_t stream_key(std::string_view name) {
  std::uint64_t hash = 14695981039346656037ull;
  for (char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211ull;
  return hash;
}

class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t first = 0, std::uint64_t second = 0);
  Random(std::uint64_t seed, std::uint64_t first, std::string_view purpose) : Random(seed, first, stream_key(purpose)) {}

  std::uint32_t bits();                                       // 32 uniform bits
  double uniform();                                           // in [0, 1), 53 bits
  double uniform(double low, double high);                    // in [low, high)
  double normal();                                            // mean 0, deviation 1
  std::int64_t integer(std::int64_t low, std::int64_t high);  // in [low, high], both ends included, no modulo bias
  bool chance(double probability);

  // Fills many at once (much faster than one by one); the same numbers whatever the length of the pieces asked for is NOT promised.
  void fill_normal(float* values, std::size_t count);
  void fill_uniform(float* values, std::size_t count);

  // For resuming: how many blocks were drawn, and setting it again.
  std::uint64_t position() const { return position_; }
  void seek(std::uint64_t position);

 private:
  std::array<std::uint32_t, 4> next_block();
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 2> stream_;
  std::uint64_t position_ = 0;
  std::array<std::uint32_t, 4> block_{};
  int left_ = 0;
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

}  // namespace isocenter::core
