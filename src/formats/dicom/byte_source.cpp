#include "formats/dicom/byte_source.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace isocenter::formats {

struct ByteSource::Inflater {
  z_stream state{};
  std::array<std::uint8_t, 16384> packed{};
  bool good = inflateInit2(&state, -MAX_WBITS) == Z_OK;
  ~Inflater() { inflateEnd(&state); }
};

ByteSource::ByteSource(const std::filesystem::path& path) : stream_(path, std::ios::binary) {
  std::error_code fault;
  file_size_ = std::filesystem::file_size(path, fault);
  if (fault) file_size_ = 0;
}

ByteSource::~ByteSource() = default;

void ByteSource::inflate_from_here() { inflater_ = std::make_unique<Inflater>(); }

void ByteSource::rewind_to(std::uint64_t position) {
  stream_.clear();
  stream_.seekg(static_cast<std::streamoff>(position));
  position_ = position;
}

bool ByteSource::read(std::span<std::uint8_t> bytes) {
  if (!inflater_) {
    stream_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    position_ += static_cast<std::uint64_t>(stream_.gcount());
    return static_cast<std::size_t>(stream_.gcount()) == bytes.size();
  }
  auto& state = inflater_->state;
  state.next_out = bytes.data();
  state.avail_out = static_cast<uInt>(bytes.size());
  while (inflater_->good && state.avail_out > 0) {
    if (state.avail_in == 0) {
      stream_.read(reinterpret_cast<char*>(inflater_->packed.data()), static_cast<std::streamsize>(inflater_->packed.size()));
      state.next_in = inflater_->packed.data();
      state.avail_in = static_cast<uInt>(stream_.gcount());
      if (state.avail_in == 0) break;
    }
    inflater_->good = inflate(&state, Z_NO_FLUSH) == Z_OK;
  }
  position_ += bytes.size() - state.avail_out;
  return state.avail_out == 0;
}

bool ByteSource::skip(std::uint64_t count) {
  if (!inflater_) {
    if (count > file_size_ || position_ > file_size_ - count) return false;
    // Short hops stay within the stream's buffer.
    if (count < 4096)
      stream_.ignore(static_cast<std::streamsize>(count));
    else
      stream_.seekg(static_cast<std::streamoff>(position_ + count));
    position_ += count;
    return stream_.good();
  }
  std::array<std::uint8_t, 4096> thrown_away;
  while (count > 0) {
    const auto piece = std::min<std::uint64_t>(count, thrown_away.size());
    if (!read(std::span(thrown_away).first(static_cast<std::size_t>(piece)))) return false;
    count -= piece;
  }
  return true;
}

}  // namespace isocenter::formats
