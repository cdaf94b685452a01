#include "core/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

#include "core/error.h"
#include "core/shared_data.h"

namespace isocenter::core {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
void append(Bytes& bytes, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
}
void append_text(Bytes& bytes, std::string_view text) { bytes.insert(bytes.end(), text.begin(), text.end()); }

Bytes npy(const std::string& header, const Bytes& data) {
  Bytes bytes;
  append_text(bytes, std::string_view("\x93NUMPY\x01\x00", 8));
  append(bytes, static_cast<std::uint16_t>(header.size()));
  append_text(bytes, header);
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

template <class T>
Bytes raw(std::initializer_list<T> values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

Bytes deflated(const Bytes& bytes) {
  Bytes packed(compressBound(bytes.size()) + 64);
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = const_cast<Bytef*>(bytes.data()), stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = packed.data(), stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// An archive of one member; `size` is what it claims to unpack to.
Bytes zip(const std::string& name, const Bytes& content, bool packed, std::uint32_t size, std::uint32_t checksum_change = 0) {
  const Bytes data = packed ? deflated(content) : content;
  const auto checksum = static_cast<std::uint32_t>(crc32(0, content.data(), static_cast<uInt>(content.size()))) ^ checksum_change;
  const auto common = [&](Bytes& bytes) {
    append(bytes, std::uint16_t{20}), append(bytes, std::uint16_t{0}), append(bytes, static_cast<std::uint16_t>(packed ? 8 : 0));
    append(bytes, std::uint32_t{0}), append(bytes, checksum);
    append(bytes, static_cast<std::uint32_t>(data.size())), append(bytes, size);
    append(bytes, static_cast<std::uint16_t>(name.size())), append(bytes, std::uint16_t{0});
  };
  Bytes bytes;
  append(bytes, std::uint32_t{0x04034b50}), common(bytes), append_text(bytes, name);
  bytes.insert(bytes.end(), data.begin(), data.end());
  const auto directory = static_cast<std::uint32_t>(bytes.size());
  append(bytes, std::uint32_t{0x02014b50}), append(bytes, std::uint16_t{20}), common(bytes);
  append(bytes, std::uint16_t{0}), append(bytes, std::uint16_t{0}), append(bytes, std::uint16_t{0}), append(bytes, std::uint32_t{0});
  append(bytes, std::uint32_t{0}), append_text(bytes, name);
  const auto length = static_cast<std::uint32_t>(bytes.size()) - directory;
  append(bytes, std::uint32_t{0x06054b50}), append(bytes, std::uint32_t{0}), append(bytes, std::uint16_t{1}),
      append(bytes, std::uint16_t{1});
  append(bytes, length), append(bytes, directory), append(bytes, std::uint16_t{0});
  return bytes;
}

const std::string header_2x3 = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
const Bytes floats_2x3 = raw<float>({1, 2, 3, 4, 5, 6});

class Npz : public testing::Test {
 protected:
  std::filesystem::path file(const Bytes& bytes) {
    const auto path = folder_.path() / "a.npz";
    write_bytes(path, bytes);
    return path;
  }
  void expect_refused(const Bytes& bytes, const std::string& fault, bool archive = false) {
    try {
      archive ? static_cast<void>(read_npz(file(bytes))) : static_cast<void>(read_npy(file(bytes)));
      ADD_FAILURE() << "accepted; expected: " << fault;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("a.npz"), HasSubstr(fault)));
    }
  }
  TemporaryFolder folder_;
};

TEST_F(Npz, ReadsEachElementType) {
  const auto read = [&](const std::string& type, const Bytes& data) {
    return read_npy(file(npy("{'descr': '" + type + "', 'fortran_order': False, 'shape': (3,), }", data))).as_double();
  };
  EXPECT_THAT(read("<f4", raw<float>({1.5f, -2, 3})), ElementsAre(1.5, -2, 3));
  EXPECT_THAT(read("<f8", raw<double>({1e300, -2, 3})), ElementsAre(1e300, -2, 3));
  EXPECT_THAT(read("<f2", raw<std::uint16_t>({0x3c00, 0xc000, 0x0001})), ElementsAre(1, -2, std::ldexp(1.0, -24)));
  EXPECT_THAT(read("|i1", raw<std::int8_t>({-1, 2, 3})), ElementsAre(-1, 2, 3));
  EXPECT_THAT(read("|u1", raw<std::uint8_t>({255, 2, 3})), ElementsAre(255, 2, 3));
  EXPECT_THAT(read("<i2", raw<std::int16_t>({-300, 2, 3})), ElementsAre(-300, 2, 3));
  EXPECT_THAT(read("<u4", raw<std::uint32_t>({4'000'000'000u, 2, 3})), ElementsAre(4e9, 2, 3));
  EXPECT_THAT(read("<i8", raw<std::int64_t>({-(1ll << 40), 2, 3})), ElementsAre(-1099511627776.0, 2, 3));
  EXPECT_THAT(read("<c8", raw<float>({1, 2, 3, 4, 5, 6})), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read("<c16", raw<double>({1, 2, 3, 4, 5, 6})), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read("|b1", raw<std::uint8_t>({1, 0, 1})), ElementsAre(1, 0, 1));
}

TEST_F(Npz, TurnsFortranOrderAround) {
  const auto array = read_npy(file(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", floats_2x3)));
  EXPECT_THAT(array.as_float(), ElementsAre(1, 3, 5, 2, 4, 6));
}

TEST_F(Npz, ReadsStoredAndDeflatedArchives) {
  const Bytes content = npy(header_2x3, floats_2x3);
  for (const bool packed : {false, true}) {
    const auto arrays = read_npz(file(zip("x.npy", content, packed, static_cast<std::uint32_t>(content.size()))));
    ASSERT_EQ(arrays.size(), 1u);
    EXPECT_THAT(arrays.at("x").shape, ElementsAre(2, 3));
    EXPECT_THAT(arrays.at("x").as_integer(), ElementsAre(1, 2, 3, 4, 5, 6));
  }
}

TEST_F(Npz, FractionsAreNoIntegers) {
  const auto array = read_npy(file(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", raw<float>({0.5f}))));
  EXPECT_THROW(array.as_integer(), InputError);
}

TEST_F(Npz, RefusesDamagedArrays) {
  const auto with = [](const std::string& header) { return npy(header, floats_2x3); };
  expect_refused({1, 2, 3}, "not a NumPy array");
  expect_refused(with("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }"), "'>f4'");
  expect_refused(with("{'descr': '|O8', 'fortran_order': False, 'shape': (2, 3), }"), "'|O8'");
  expect_refused(with("{'descr': '<f3', 'fortran_order': False, 'shape': (2, 3), }"), "'<f3'");
  expect_refused(with("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3), }"), "'descr'");
  expect_refused(with("{'descr': '<f4', 'fortran_order': 7, 'shape': (2, 3), }"), "'fortran_order'");
  expect_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }"), "takes 32 bytes");
  expect_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }"), "'shape'");
  expect_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3"), "'shape'");
  expect_refused(with("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999, 99999999999999999), }"), "out of range");
  expect_refused(with("{'descr': '<f4', 'fortran_order': False, }"), "'shape' is missing");
  const Bytes whole = npy(header_2x3, floats_2x3);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    SCOPED_TRACE(length);
    expect_refused({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}, "NumPy");
  }
}

TEST_F(Npz, RefusesDamagedArchives) {
  const Bytes content = npy(header_2x3, floats_2x3);
  const auto size = static_cast<std::uint32_t>(content.size());
  expect_refused(content, "not a ZIP archive", true);
  expect_refused(zip("x.npy", content, true, size, 1), "wrong checksum", true);
  expect_refused(zip("x.npy", content, true, size + 1), "damaged", true);
  expect_refused(zip("x.npy", content, true, 0x7fffffff), "claims", true);
  expect_refused(zip("x.npy", content, false, size - 1), "two sizes", true);
  const Bytes whole = zip("x.npy", content, true, size);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    SCOPED_TRACE(length);
    expect_refused({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}, "", true);
  }
  // Any single damaged byte is either refused or leaves the numbers as they were.
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes damaged = whole;
    damaged[at] ^= 0x55;
    try {
      for (const auto& [name, array] : read_npz(file(damaged))) EXPECT_THAT(array.as_float(), ElementsAre(1, 2, 3, 4, 5, 6)) << at;
    } catch (const InputError&) {
    }
  }
}

TEST(NpzReference, ReadsEveryArchiveOfTheReferenceFolder) {
  const auto folder = shared_path("reference");
  if (!folder) GTEST_SKIP() << "shared/reference is absent: 0 archives read";
  std::size_t archives = 0, arrays = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
    if (entry.path().extension() != ".npz") continue;
    ++archives;
    for (const auto& [name, array] : read_npz(entry.path())) {
      ++arrays;
      EXPECT_EQ(array.as_double().size(), static_cast<std::size_t>(array.count() * (array.kind == 'c' ? 2 : 1)))
          << entry.path() << " " << name;
    }
  }
  EXPECT_GT(archives, 0u);
  std::cout << archives << " archives, " << arrays << " arrays read\n";
}

}  // namespace
}  // namespace isocenter::core
