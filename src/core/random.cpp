#include "core/random.h"

#include <cmath>
#include <numbers>

namespace isocenter::core {
namespace {

constexpr std::uint64_t mix(std::uint64_t value) {  // splitmix64's finalizer: spreads seeds that differ in one bit
  value += 0x9E3779B97F4A7C15ull;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBull;
  return value ^ (value >> 31);
}

constexpr float uniform_float(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

}  // namespace

std::array<std::uint32_t, 4> philox_4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0], b = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

Random::Random(std::uint64_t seed, std::uint64_t first, std::uint64_t second) {
  const std::uint64_t stream = mix(mix(first) ^ (second * 0xD6E8FEB86659FD93ull));
  key_ = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  stream_ = {static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
}

std::array<std::uint32_t, 4> Random::next_block() {
  const std::uint64_t at = position_++;
  return philox_4x32({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at >> 32), stream_[0], stream_[1]}, key_);
}

void Random::seek(std::uint64_t position) {
  position_ = position;
  left_ = 0;
  has_spare_ = false;
}

std::uint32_t Random::bits() {
  if (left_ == 0) {
    block_ = next_block();
    left_ = 4;
  }
  return block_[4 - left_--];
}

double Random::uniform() {
  const std::uint64_t high = bits(), low = bits();
  return static_cast<double>((high << 21) ^ (low >> 11)) * 0x1p-53;
}

double Random::uniform(double low, double high) { return low + (high - low) * uniform(); }

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2 * std::log(1 - uniform())), angle = 2 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

std::int64_t Random::integer(std::int64_t low, std::int64_t high) {
  const std::uint64_t range = static_cast<std::uint64_t>(high - low) + 1;
  if (range == 0) return static_cast<std::int64_t>((std::uint64_t{bits()} << 32) | bits());
  const std::uint64_t limit = ~std::uint64_t{0} - (~std::uint64_t{0} % range + 1) % range;
  for (;;) {
    const std::uint64_t high_bits = bits(), draw = (high_bits << 32) | bits();
    if (draw <= limit) return low + static_cast<std::int64_t>(draw % range);
  }
}

bool Random::chance(double probability) { return uniform() < probability; }

void Random::fill_uniform(float* values, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 4) {
    const auto block = next_block();
    for (std::size_t j = 0; j < 4 && i + j < count; ++j) values[i + j] = uniform_float(block[j]);
  }
}

void Random::fill_normal(float* values, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 4) {
    const auto block = next_block();
    float four[4];
    for (int pair = 0; pair < 4; pair += 2) {
      const float radius = std::sqrt(-2 * std::log(1 - uniform_float(block[pair])));
      const float angle = 2 * std::numbers::pi_v<float> * uniform_float(block[pair + 1]);
      four[pair] = radius * std::cos(angle);
      four[pair + 1] = radius * std::sin(angle);
    }
    for (std::size_t j = 0; j < 4 && i + j < count; ++j) values[i + j] = four[j];
  }
}

}  // namespace isocenter::core
