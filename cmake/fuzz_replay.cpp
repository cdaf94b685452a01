// A fuzz target's main for compilers without libFuzzer: runs the target on every file of a folder, and on damaged copies of it whose damage
// is the same in every run. A crash, an exception that the target lets through, or a sanitizer's report fails the run.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

// Keeps the last byte at the end of its own allocation, so that a sanitizer sees a read beyond it.
void run(const Bytes& bytes) {
  Bytes exact(bytes.begin(), bytes.end());
  exact.shrink_to_fit();
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

class Damage {
 public:
  explicit Damage(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}
  std::uint64_t next(std::uint64_t below) {
    state_ ^= state_ << 13, state_ ^= state_ >> 7, state_ ^= state_ << 17;  // Marsaglia's xorshift
    return state_ % below;
  }
  Bytes apply(Bytes bytes) {
    const auto times = 1 + next(4);
    for (std::uint64_t i = 0; i < times && !bytes.empty(); ++i) {
      const auto at = static_cast<std::ptrdiff_t>(next(bytes.size()));
      switch (next(5)) {
        case 0:
          bytes[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1u << next(8));
          break;
        case 1:
          bytes[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(next(2) == 0 ? 0xff : next(256));
          break;
        case 2:
          bytes.resize(static_cast<std::size_t>(at));
          break;
        case 3:
          bytes.erase(bytes.begin() + at);
          break;
        default:
          bytes.insert(bytes.begin() + at, bytes.begin(), bytes.begin() + std::min<std::ptrdiff_t>(at, 16));
          break;
      }
    }
    return bytes;
  }

 private:
  std::uint64_t state_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: " << arguments[0] << " CORPUS_FOLDER\n";
    return 2;
  }
  constexpr std::uint64_t copies = 300;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    std::cerr << arguments[1] << ": the corpus is empty\n";
    return 3;
  }
  run({});
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    run(bytes);
    for (std::uint64_t seed = 0; seed < copies; ++seed) run(Damage(seed).apply(bytes));
  }
  std::cout << files.size() << " files and " << copies << " damaged copies of each\n";
}
