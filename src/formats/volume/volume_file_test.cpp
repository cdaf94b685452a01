// Round trips through every format that is written, and headers broken field by field.
#include "formats/volume/volume_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/file.h"
#include "formats/volume/byte_stream.h"
#include "formats/volume/bytes.h"
#include "formats/volume/describe.h"

namespace isocenter::formats {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// A grid with nothing special about it: odd sizes, three spacings, a rotation about an oblique axis, left-handed when asked.
imaging::Geometry oblique_grid(bool left_handed = false, double angle = 0.4) {
  imaging::Geometry g;
  g.size = {5, 4, 3};
  g.spacing_mm = {0.9, 1.1, 3.25};
  g.origin_lps_mm = {-31.5, 12.25, 100.75};
  const double u[3] = {2.0 / 7, 3.0 / 7, 6.0 / 7}, c = std::cos(angle), s = std::sin(angle);
  for (int r = 0; r < 3; ++r)
    for (int a = 0; a < 3; ++a) {
      const int other = 3 - r - a;
      const double sign = (a - r + 3) % 3 == 1 ? -1 : 1;
      g.direction[r][a] = u[r] * u[a] * (1 - c) + (r == a ? c : sign * s * u[other]);
    }
  if (left_handed)
    for (auto& row : g.direction) row[2] = -row[2];
  return g;
}

imaging::Volume ramp(const imaging::Geometry& grid) {
  imaging::Volume volume(grid);
  for (std::size_t i = 0; i < volume.voxels.size(); ++i) volume.voxels[i] = 0.25f * static_cast<float>(i) - 3.5f;
  return volume;
}

void expect_same_place(const imaging::Geometry& a, const imaging::Geometry& b) {
  EXPECT_EQ(a.size, b.size);
  for (int r = 0; r < 3; ++r) {
    EXPECT_NEAR(a.spacing_mm[r], b.spacing_mm[r], 1e-6);
    EXPECT_NEAR(a.origin_lps_mm[r], b.origin_lps_mm[r], 1e-5);
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(a.direction[r][c], b.direction[r][c], 1e-6);
  }
}

class WrittenVolume : public testing::TestWithParam<const char*> {};

TEST_P(WrittenVolume, IsReadBackAsItWas) {
  core::TemporaryFolder folder;
  const fs::path path = folder.path() / (std::string("volume") + GetParam());
  for (bool left_handed : {false, true})
    for (double angle : {0.0, 0.4, M_PI / 2, M_PI - 1e-4, M_PI, 3.5}) {
      SCOPED_TRACE(testing::Message() << "left-handed " << left_handed << ", angle " << angle);
      const imaging::Volume volume = ramp(oblique_grid(left_handed, angle));
      write_volume(path, volume);
      const imaging::Volume read = read_volume(path);
      EXPECT_EQ(read.voxels, volume.voxels);
      expect_same_place(read.geometry, volume.geometry);
    }
  imaging::LabelMap labels(oblique_grid());
  for (std::size_t i = 0; i < labels.voxels.size(); ++i) labels.voxels[i] = static_cast<std::uint16_t>(i * 1111);
  write_label_map(path, labels);
  EXPECT_EQ(read_label_map(path).voxels, labels.voxels);
  EXPECT_TRUE(is_volume_file(path));
  EXPECT_EQ(read_volume_header(path).voxel_type, "uint16");
}
INSTANTIATE_TEST_SUITE_P(EveryFormat, WrittenVolume, testing::Values(".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"));

// The quaternion of a written NIfTI must say the same as its matrix: a reader that takes the qform sees the same head.
TEST(Nifti, QformAndSformOfWrittenFilesAgree) {
  core::TemporaryFolder folder;
  const fs::path path = folder.path() / "a.nii";
  for (bool left_handed : {false, true})
    for (double angle : {0.0, 0.4, 2.0, M_PI - 1e-3, M_PI, 4.0, 6.0}) {
      const imaging::Volume volume = ramp(oblique_grid(left_handed, angle));
      write_volume(path, volume);
      core::Bytes bytes = core::read_bytes(path);
      store_number<std::int16_t>(bytes.data() + 254, 0, false);  // sform_code
      core::write_bytes(path, bytes);
      expect_same_place(read_volume(path).geometry, volume.geometry);
    }
}

// A written file, one of its fields changed.
struct Broken {
  core::TemporaryFolder folder;
  fs::path path = folder.path() / "broken.nii";
  core::Bytes bytes;
  Broken() {
    write_volume(path, ramp(oblique_grid()));
    bytes = core::read_bytes(path);
  }
  template <class Number>
  Broken& put(std::size_t offset, Number value) {
    store_number(bytes.data() + offset, value, false);
    return *this;
  }
  void read() {
    core::write_bytes(path, bytes);
    read_volume(path);
  }
};

TEST(BrokenNifti, EachFieldIsRefusedByName) {
  auto refused = [](Broken&& file, const char* why) {
    EXPECT_THAT([&] { file.read(); }, ThrowsMessage<core::InputError>(AllOf(HasSubstr("broken.nii"), HasSubstr(why)))) << why;
  };
  refused(std::move(Broken().put<std::int32_t>(0, 347)), "size field");
  refused(std::move(Broken().put<std::uint8_t>(344, 'x')), "magic");
  refused(std::move(Broken().put<std::int16_t>(40, 0)), "0 dimensions");
  refused(std::move(Broken().put<std::int16_t>(40, 8)), "8 dimensions");
  refused(std::move(Broken().put<std::int16_t>(44, -4)), "size -4 along dimension 2");
  refused(std::move(Broken().put<std::int16_t>(46, 0)), "size 0 along dimension 3");
  refused(std::move(Broken().put<std::int16_t>(46, 4)), "cannot hold");
  refused(std::move(Broken().put<std::int16_t>(70, 9999)), "data type 9999");
  refused(std::move(Broken().put<std::int16_t>(70, 32)), "complex");
  refused(std::move(Broken().put<std::int16_t>(70, 1)), "bits");
  refused(std::move(Broken().put<float>(80, 0)), "spacing along axis x is 0");
  refused(std::move(Broken().put<float>(84, -1.5f)), "spacing along axis y is -1.5");
  refused(std::move(Broken().put<float>(88, NAN)), "spacing along axis z is nan");
  refused(std::move(Broken().put<float>(88, INFINITY)), "spacing along axis z is inf");
  refused(std::move(Broken().put<float>(108, 100)), "inside the header");
  refused(std::move(Broken().put<float>(108, NAN)), "begin at byte nan");
  refused(std::move(Broken().put<float>(108, 1e6f)), "cannot hold");
  refused(std::move(Broken().put<float>(112, INFINITY)), "infinite");
  refused(std::move(Broken().put<float>(280, NAN)), "not finite");
  Broken zero_row;
  for (int r = 0; r < 3; ++r) zero_row.put<float>(280 + 16 * r, 0);
  refused(std::move(zero_row), "singular");
  Broken sheared;
  sheared.put<float>(280 + 4, 0.5f);
  refused(std::move(sheared), "sheared");
  refused(std::move(Broken().put<float>(352 + 8, NAN)), "1 NaNs");
}

TEST(BrokenNifti, ABillionVoxelsInATinyFileAreRefusedAtOnce) {
  Broken file;
  for (int axis = 0; axis < 3; ++axis) file.put<std::int16_t>(42 + 2 * axis, 1000);
  EXPECT_THAT([&] { file.read(); }, ThrowsMessage<core::InputError>(HasSubstr("cannot hold")));
  for (int axis = 0; axis < 7; ++axis) file.put<std::int16_t>(42 + 2 * axis, 32767);
  file.put<std::int16_t>(40, 7);
  EXPECT_THAT([&] { file.read(); }, ThrowsMessage<core::InputError>(HasSubstr("too many channels")));
  // The same, packed: at most 1032 bytes can come out of one.
  Broken packed;
  for (int axis = 0; axis < 3; ++axis) packed.put<std::int16_t>(42 + 2 * axis, 1000);
  packed.bytes = pack(packed.bytes);
  EXPECT_THAT([&] { packed.read(); }, ThrowsMessage<core::InputError>(HasSubstr("cannot hold")));
}

TEST(BrokenNifti, EveryCutOfTheFileIsRefused) {
  const Broken whole;
  const core::Bytes packed = pack(whole.bytes);
  for (const core::Bytes* bytes : {&whole.bytes, &packed})
    for (std::size_t length = 0; length < bytes->size(); length += length < 400 ? 7 : 29) {
      core::TemporaryFolder folder;
      core::write_bytes(folder.path() / "cut.nii", std::span(*bytes).first(length));
      EXPECT_THROW(read_volume(folder.path() / "cut.nii"), core::InputError) << length << " of " << bytes->size();
    }
}

// Whatever bytes stand in the header, the reader answers with a volume or an InputError.
RC_GTEST_PROP(BrokenNifti, AnyHeaderByteMayBeWrong, ()) {
  static const Broken whole;
  core::TemporaryFolder folder;
  core::Bytes bytes = whole.bytes;
  const auto changes = *rc::gen::container<std::vector<std::pair<std::uint16_t, std::uint8_t>>>(
      rc::gen::pair(rc::gen::inRange<std::uint16_t>(0, 352), rc::gen::arbitrary<std::uint8_t>()));
  for (const auto& [at, value] : changes) bytes[at] = value;
  core::write_bytes(folder.path() / "a.nii", bytes);
  try {
    read_volume(folder.path() / "a.nii");
  } catch (const core::InputError&) {
  }
}

RC_GTEST_PROP(BrokenNrrd, AnyHeaderByteMayBeWrong, ()) {
  core::TemporaryFolder folder;
  for (const char* name : {"a.nrrd", "a.mha"}) {
    write_volume(folder.path() / name, ramp(oblique_grid()));
    core::Bytes bytes = core::read_bytes(folder.path() / name);
    const auto changes = *rc::gen::container<std::vector<std::pair<std::uint16_t, std::uint8_t>>>(
        rc::gen::pair(rc::gen::inRange<std::uint16_t>(0, 330), rc::gen::arbitrary<std::uint8_t>()));
    for (const auto& [at, value] : changes) bytes[at] = value;
    core::write_bytes(folder.path() / name, bytes);
    try {
      read_volume(folder.path() / name);
    } catch (const core::InputError&) {
    }
  }
}

struct TextFile {
  core::TemporaryFolder folder;
  void expect(const std::string& name, const std::string& text, const char* why) {
    core::write_text(folder.path() / name, text);
    EXPECT_THAT([&] { read_volume(folder.path() / name); }, ThrowsMessage<core::InputError>(AllOf(HasSubstr(name), HasSubstr(why))))
        << text;
  }
};

TEST(BrokenNrrd, EachFieldIsRefusedByName) {
  TextFile file;
  const std::string data = "abcdefgh";
  auto nrrd = [&](const std::string& fields) { return "NRRD0004\n" + fields + "\n\n" + data; };
  const std::string good = "type: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw";
  core::write_text(file.folder.path() / "good.nrrd", nrrd(good));
  EXPECT_EQ(read_volume(file.folder.path() / "good.nrrd").at(1, 0, 0), 'b');
  file.expect("a.nrrd", nrrd("dimension: 3\nsizes: 2 2 2\nencoding: raw"), "no 'type'");
  file.expect("a.nrrd", nrrd("type: block\ndimension: 3\nsizes: 2 2 2\nencoding: raw"), "unknown NRRD type 'block'");
  file.expect("a.nrrd", nrrd("type: uchar\ndimension: three\nsizes: 2 2 2\nencoding: raw"), "dimension: 'three'");
  file.expect("a.nrrd", nrrd("type: uchar\ndimension: 3\nsizes: 2 2\nencoding: raw"), "sizes: 2 numbers for 3 axes");
  file.expect("a.nrrd", nrrd("type: uchar\ndimension: 3\nsizes: 2 -2 2\nencoding: raw"), "sizes: '-2'");
  file.expect("a.nrrd", nrrd("type: uchar\ndimension: 3\nsizes: 1000 1000 1000\nencoding: raw"), "cannot hold");
  file.expect("a.nrrd", nrrd("type: uchar\ndimension: 3\nsizes: 9223372036854775807 9223372036854775807 2\nencoding: raw"),
              "more than any file holds");
  file.expect("a.nrrd", nrrd("type: short\ndimension: 3\nsizes: 2 2 1\nencoding: raw"), "no 'endian'");
  file.expect("a.nrrd", nrrd(good + "\nspace directions: (1,0,0) (0,1,0)"), "2 vectors for 3 axes");
  file.expect("a.nrrd", nrrd(good + "\nspace directions: (1,0,0) (0,1,0) (0,0,0)"), "singular");
  file.expect("a.nrrd", nrrd(good + "\nspace directions: (1,0,0) (0,1,0) (0,0,nan)"), "no finite number");
  file.expect("a.nrrd", nrrd(good + "\nspacings: 1 0 1"), "0 is not positive");
  file.expect("a.nrrd", nrrd(good + "\ndata file: ../other.raw"), "outside of its folder");
  file.expect("a.nrrd", nrrd(good + "\ndata file: other.raw"), "missing");
  file.expect("a.nrrd", nrrd(good + "\ntype: uchar"), "stands twice");
  file.expect("a.nrrd", "NRRD0009\n" + good + "\n\n" + data, "unknown version");
  file.expect("a.nrrd", "NRRD0004\n" + good, "no end");
}

TEST(Nrrd, ReadsTextChannelsAndOtherSpaces) {
  core::TemporaryFolder folder;
  core::write_text(folder.path() / "a.nrrd",
                   "NRRD0005\ntype: float\ndimension: 4\nspace: RAS\nsizes: 2 2 1 1\nspace directions: none (2,0,0) (0,3,0) (0,0,4)\n"
                   "space origin: (10,20,30)\nencoding: text\n\n1.5 -2\n3e1 4\n");
  const imaging::Volume second = read_volume(folder.path() / "a.nrrd", 1);
  EXPECT_EQ(second.voxels, (std::vector<float>{-2, 4}));
  EXPECT_EQ(second.geometry.origin_lps_mm, (imaging::Vector3{-10, -20, 30}));
  EXPECT_EQ(imaging::orientation_code(second.geometry), "RAS");
  EXPECT_THAT([&] { read_volume(folder.path() / "a.nrrd", 2); }, ThrowsMessage<core::InputError>(HasSubstr("no channel 2")));
}

TEST(BrokenMetaImage, EachFieldIsRefusedByName) {
  TextFile file;
  auto meta = [&](const std::string& fields) { return "ObjectType = Image\n" + fields + "\nElementDataFile = LOCAL\nabcdefgh"; };
  const std::string good = "NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR";
  core::write_text(file.folder.path() / "good.mha", meta(good));
  EXPECT_EQ(read_volume(file.folder.path() / "good.mha").at(1, 1, 1), 'h');
  file.expect("a.mha", meta("NDims = 3\nDimSize = 2 2 2"), "states no ElementType");
  file.expect("a.mha", meta("NDims = 5\nDimSize = 2 2 2\nElementType = MET_UCHAR"), "NDims: 5");
  file.expect("a.mha", meta("NDims = 3\nDimSize = 2 2\nElementType = MET_UCHAR"), "3 numbers are needed, 2 are there");
  file.expect("a.mha", meta("NDims = 3\nDimSize = 2 0 2\nElementType = MET_UCHAR"), "DimSize: 0");
  file.expect("a.mha", meta("NDims = 3\nDimSize = 1e3 1e3 1e3\nElementType = MET_UCHAR"), "cannot hold");
  file.expect("a.mha", meta(good + "\nElementSpacing = 1 -1 1"), "-1 is not positive");
  file.expect("a.mha", meta(good + "\nTransformMatrix = 1 0 0 1 0 0 0 0 1"), "singular");
  file.expect("a.mha", meta(good + "\nCompressedData = True"), "damaged");
  file.expect("a.mha", "ObjectType = Tube\n" + good + "\nElementDataFile = LOCAL\nabcdefgh", "'Tube'");
  file.expect("a.mha", "ObjectType = Image\n" + good, "names no ElementDataFile");
}

TEST(VolumeFile, SaysWhatItCannotReadOrWrite) {
  core::TemporaryFolder folder;
  core::write_text(folder.path() / "a.txt", "hello");
  core::write_text(folder.path() / "b.nii", "");
  EXPECT_THAT([&] { read_volume(folder.path() / "a.txt"); }, ThrowsMessage<core::InputError>(HasSubstr("is no volume")));
  EXPECT_THAT([&] { read_volume(folder.path() / "b.nii"); }, ThrowsMessage<core::InputError>(HasSubstr("is no volume")));
  EXPECT_THAT([&] { read_volume(folder.path() / "none.nii"); }, ThrowsMessage<core::InputError>(HasSubstr("no such file")));
  EXPECT_THAT([&] { read_volume(folder.path()); }, ThrowsMessage<core::InputError>(HasSubstr("regular file")));
  EXPECT_THAT([&] { write_volume(folder.path() / "a.mgz", ramp(oblique_grid())); },
              ThrowsMessage<core::InputError>(HasSubstr("written as")));
  EXPECT_THAT([&] { write_volume(folder.path() / "a.jpg", ramp(oblique_grid())); },
              ThrowsMessage<core::InputError>(HasSubstr("written as")));
  EXPECT_FALSE(is_volume_file(folder.path() / "a.txt"));
  EXPECT_FALSE(is_volume_file(folder.path() / "none"));
}

TEST(LabelMapFile, HoldsWholeNumbersFrom0To65535) {
  core::TemporaryFolder folder;
  const fs::path path = folder.path() / "a.nii";
  auto with = [&](float value) {
    imaging::Volume volume(oblique_grid());
    volume.voxels[7] = value;
    write_volume(path, volume);
    return read_label_map(path).voxels[7];
  };
  EXPECT_EQ(with(65535), 65535);
  EXPECT_THAT([&] { with(1.5f); }, ThrowsMessage<core::InputError>(HasSubstr("1.5")));
  EXPECT_THAT([&] { with(-1); }, ThrowsMessage<core::InputError>(HasSubstr("label -1")));
  EXPECT_THAT([&] { with(65536); }, ThrowsMessage<core::InputError>(HasSubstr("label 65536")));
  EXPECT_THAT([&] { with(NAN); }, ThrowsMessage<core::InputError>(HasSubstr("nan")));
}

TEST(Describe, TellsFormatGeometryAndRange) {
  core::TemporaryFolder folder;
  imaging::Volume volume = ramp(oblique_grid());
  volume.voxels[3] = NAN;
  write_volume(folder.path() / "a.nii.gz", volume);
  const auto description = describe_file(folder.path() / "a.nii.gz");
  EXPECT_EQ(description.header.format, "NIfTI-1");
  EXPECT_EQ(description.orientation, "LPS");
  EXPECT_TRUE(description.orientation_known);
  EXPECT_EQ(description.not_finite, 1);
  EXPECT_FLOAT_EQ(description.minimum, -3.5);
  EXPECT_FLOAT_EQ(description.maximum, 0.25 * 59 - 3.5);
}

TEST(Convert, KeepsGeometryAndValues) {
  core::TemporaryFolder folder;
  const imaging::Volume volume = ramp(oblique_grid(true));
  write_volume(folder.path() / "a.nii", volume);
  convert_volume(folder.path() / "a.nii", folder.path() / "b.nrrd");
  convert_volume(folder.path() / "b.nrrd", folder.path() / "c.mha");
  expect_same_place(read_volume(folder.path() / "c.mha").geometry, volume.geometry);
  EXPECT_EQ(read_volume(folder.path() / "c.mha").voxels, volume.voxels);
  imaging::Volume whole(oblique_grid());
  whole.voxels[5] = 300;
  write_volume(folder.path() / "d.nii", whole);
  convert_volume(folder.path() / "d.nii", folder.path() / "e.nii.gz");
  EXPECT_EQ(read_volume_header(folder.path() / "e.nii.gz").voxel_type, "uint16");
}

}  // namespace
}  // namespace isocenter::formats
