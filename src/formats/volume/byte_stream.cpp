#include "formats/volume/byte_stream.h"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "core/error.h"

namespace isocenter::formats {
namespace fs = std::filesystem;
using core::InputError;

// RFC 1951: a length code of 1 bit and a distance code of 1 bit stand for at most 258 bytes, so 8 bits stand for 4 * 258.
constexpr std::uint64_t deflate_growth = 1032;
constexpr int gzip_or_zlib_window = 15 + 32;

struct ByteStream::Inflater {
  z_stream stream{};
  std::array<std::uint8_t, 1 << 16> input;
  bool ended = false;

  explicit Inflater(const fs::path& path) {
    if (inflateInit2(&stream, gzip_or_zlib_window) != Z_OK) throw core::ResourceError("{}: no memory to unpack it", path.string());
  }
  ~Inflater() { inflateEnd(&stream); }
};

ByteStream::ByteStream(const fs::path& path, Packing packing, std::uint64_t file_offset)
    : path_(path), file_(std::fopen(path.c_str(), "rbe"), std::fclose) {
  if (!file_) {
    if (errno == ENOENT) throw InputError("{}: no such file", path.string());
    throw InputError("{}: cannot be read: {}", path.string(), std::generic_category().message(errno));
  }
  struct stat status {};
  if (::fstat(fileno(file_.get()), &status) != 0 || !S_ISREG(status.st_mode))
    throw InputError("{}: is not a regular file; a file is needed", path.string());
  const auto file_size = static_cast<std::uint64_t>(status.st_size);
  if (file_offset > file_size)
    throw InputError("{}: the data begin at byte {}, past the end of the file ({} bytes)", path.string(), file_offset, file_size);
  bytes_in_file_ = file_size - file_offset;
  std::setvbuf(file_.get(), nullptr, _IOFBF, 1 << 16);
  if (packing == Packing::by_magic) {
    std::array<std::uint8_t, 2> magic{};
    std::fseek(file_.get(), static_cast<long>(file_offset), SEEK_SET);
    const bool is_gzip = std::fread(magic.data(), 1, 2, file_.get()) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    packing = is_gzip ? Packing::deflate : Packing::none;
  }
  std::fseek(file_.get(), static_cast<long>(file_offset), SEEK_SET);
  if (packing == Packing::deflate) inflater_ = std::make_unique<Inflater>(path);
}

ByteStream::~ByteStream() = default;

std::uint64_t ByteStream::most_bytes() const { return packed() ? bytes_in_file_ * deflate_growth : bytes_in_file_; }

std::size_t ByteStream::read_file(std::span<std::uint8_t> bytes) {
  const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), file_.get());
  if (got < bytes.size() && std::ferror(file_.get()))
    throw InputError("{}: cannot be read: {}", path_.string(), std::generic_category().message(errno));
  return got;
}

std::size_t ByteStream::read_packed(std::span<std::uint8_t> bytes) {
  z_stream& stream = inflater_->stream;
  std::size_t filled = 0;
  while (filled < bytes.size() && !inflater_->ended) {
    if (stream.avail_in == 0) {
      stream.next_in = inflater_->input.data();
      stream.avail_in = static_cast<unsigned>(read_file(inflater_->input));
      if (stream.avail_in == 0) throw InputError("{}: the compressed data end early; the file is cut short", path_.string());
    }
    const std::size_t room = std::min<std::size_t>(bytes.size() - filled, 1u << 30);
    stream.next_out = bytes.data() + filled;
    stream.avail_out = static_cast<unsigned>(room);
    const int result = inflate(&stream, Z_NO_FLUSH);
    filled += room - stream.avail_out;
    if (result == Z_STREAM_END) {
      // Another gzip member may follow; anything else behind the end (padding) is not data.
      if (stream.avail_in == 0) {
        stream.next_in = inflater_->input.data();
        stream.avail_in = static_cast<unsigned>(read_file(inflater_->input));
      }
      if (stream.avail_in > 0 && stream.next_in[0] == 0x1f)
        inflateReset(&stream);
      else
        inflater_->ended = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      throw InputError("{}: the compressed data are damaged ({})", path_.string(), stream.msg ? stream.msg : "wrong format");
    }
  }
  return filled;
}

std::size_t ByteStream::read_some(std::span<std::uint8_t> bytes) { return packed() ? read_packed(bytes) : read_file(bytes); }

void ByteStream::read(std::span<std::uint8_t> bytes) {
  const std::size_t got = read_some(bytes);
  if (got < bytes.size())
    throw InputError("{}: ends early: {} more bytes were announced than the file holds", path_.string(), bytes.size() - got);
}

void ByteStream::skip(std::uint64_t count) {
  if (!packed()) {
    if (std::fseek(file_.get(), static_cast<long>(count), SEEK_CUR) != 0) throw InputError("{}: ends early", path_.string());
    return;
  }
  std::array<std::uint8_t, 1 << 14> scratch;
  while (count > 0) {
    const std::size_t piece = std::min<std::uint64_t>(count, scratch.size());
    read(std::span(scratch).first(piece));
    count -= piece;
  }
}

void ByteStream::finish() {
  if (!packed()) return;
  std::array<std::uint8_t, 1 << 14> scratch;
  for (int piece = 0; piece < 4096; ++piece)
    if (read_some(scratch) < scratch.size()) return;
}

std::vector<std::uint8_t> pack(std::span<const std::uint8_t> bytes, Wrapper wrapper, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, wrapper == Wrapper::gzip ? 15 + 16 : 15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw core::ResourceError("no memory to compress");
  std::vector<std::uint8_t> packed(1 << 16);
  std::size_t filled = 0, taken = 0;
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    if (stream.avail_in == 0 && taken < bytes.size()) {
      const std::size_t piece = std::min<std::size_t>(bytes.size() - taken, 1u << 30);
      stream.next_in = const_cast<std::uint8_t*>(bytes.data()) + taken;
      stream.avail_in = static_cast<unsigned>(piece);
      taken += piece;
    }
    if (packed.size() - filled < (1 << 15)) packed.resize(2 * packed.size());
    const std::size_t room = std::min<std::size_t>(packed.size() - filled, 1u << 30);
    stream.next_out = packed.data() + filled;
    stream.avail_out = static_cast<unsigned>(room);
    result = deflate(&stream, taken == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    filled += room - stream.avail_out;
  }
  deflateEnd(&stream);
  packed.resize(filled);
  return packed;
}

}  // namespace isocenter::formats
