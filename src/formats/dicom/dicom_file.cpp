#include "formats/dicom/dicom_file.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>

#include "core/error.h"
#include "formats/dicom/dcmtk_setup.h"
#include "formats/dicom/japanese_text.h"
#include "formats/dicom/jpeg2000.h"
#include "formats/dicom/rle.h"
#include "formats/dicom/structure.h"

namespace isocenter::formats {
namespace {

// Longer values stay on disk until they are asked for.
constexpr Uint32 kept_in_memory = 4096;

DcmItem& as_item(void* item) { return *static_cast<DcmItem*>(item); }
DcmTagKey key(Tag tag) { return DcmTagKey(tag.group, tag.element); }

DcmElement* find(void* item, Tag tag) {
  DcmElement* element = nullptr;
  if (item == nullptr || as_item(item).findAndGetElement(key(tag), element).bad()) return nullptr;
  return element;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0' || text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const auto start = text.find_first_not_of(' ');
  return start == std::string::npos ? std::string() : text.substr(start);
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char letter) { return static_cast<unsigned char>(letter) < 128 && letter != '\x1b'; });
}

// What no character set explains is shown as Latin-1, so that the result is UTF-8 whatever the file holds.
std::string from_latin1(const std::string& text) {
  std::string utf8;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 128) {
      utf8 += letter;
    } else {
      utf8 += static_cast<char>(0xC0 | (byte >> 6));
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return utf8;
}

// The character set is the nearest one up the tree of items; a dataset without one is ASCII.
std::string character_set_of(DcmItem& item) {
  for (DcmObject* at = &item; at != nullptr; at = at->getParent()) {
    const auto ident = at->ident();
    if (ident != EVR_item && ident != EVR_dataset) continue;
    OFString set;
    if (static_cast<DcmItem*>(at)->findAndGetOFStringArray(DCM_SpecificCharacterSet, set).good() && !set.empty()) return set.c_str();
  }
  return "";
}

bool in_character_set(DcmEVR vr) {
  switch (vr) {
    case EVR_LO:
    case EVR_LT:
    case EVR_PN:
    case EVR_SH:
    case EVR_ST:
    case EVR_UC:
    case EVR_UT:
    case EVR_UN:
      return true;
    default:
      return false;
  }
}

std::string to_utf8(DcmItem& item, DcmEVR vr, const std::string& text) {
  if (is_ascii(text)) return text;
  const std::string set = in_character_set(vr) ? character_set_of(item) : "";
  if (is_japanese(set)) {
    if (auto converted = japanese_to_utf8(text)) return *converted;
  } else if (!set.empty()) {
    DcmSpecificCharacterSet converter;
    OFString converted;
    // In ISO 2022 text the initial set is back after each of these delimiters (PS3.5 6.1.2.5.3).
    const char* delimiters = vr == EVR_PN ? "\\^=" : vr == EVR_LT || vr == EVR_ST || vr == EVR_UT ? "" : "\\";
    if (converter.selectCharacterSet(OFString(set.c_str())).good() &&
        converter.convertString(OFString(text.c_str(), text.size()), converted, delimiters).good())
      return std::string(converted.c_str(), converted.length());
  }
  return from_latin1(text);
}

// One value (or all of them) as the file has it; the bytes of an element of unknown VR are taken for text.
std::string raw_text(DcmElement& element, std::optional<unsigned> index) {
  const auto vr = element.ident();
  if (vr == EVR_SQ || vr == EVR_pixelSQ || vr == EVR_PixelData || vr == EVR_OB || vr == EVR_OW) return "";
  if (vr == EVR_UN) {
    Uint8* bytes = nullptr;
    if (element.getLength() > 65536 || element.getUint8Array(bytes).bad() || bytes == nullptr) return "";
    std::string text(reinterpret_cast<const char*>(bytes), element.getLength());
    if (!index) return trimmed(text);
    for (unsigned at = 0; at < *index; ++at) {
      const auto next = text.find('\\');
      if (next == std::string::npos) return "";
      text.erase(0, next + 1);
    }
    return trimmed(text.substr(0, text.find('\\')));
  }
  OFString value;
  const auto condition = index ? element.getOFString(value, *index) : element.getOFStringArray(value);
  return condition.good() ? trimmed(std::string(value.c_str(), value.length())) : "";
}

// DCMTK's conditions in the words of someone who looks at a file.
std::string in_words(const OFCondition& condition) {
  if (condition == EC_StreamNotifyClient || condition == EC_EndOfStream || condition == EC_InvalidStream)
    return "it ends before its data does, or a length in it is wrong";
  if (condition == EC_SequDelimitationItemMissing || condition == EC_ItemEnd || condition == EC_SequEnd)
    return "a sequence in it is not closed";
  if (condition == EC_InvalidTag || condition == EC_CorruptedData || condition == EC_TagNotFound)
    return "an element in it is no DICOM element";
  return condition.text();
}

template <class Number>
std::optional<Number> parsed(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  Number number{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(number)) return std::nullopt;
  }
  return number;
}

}  // namespace

bool Dataset::has(Tag tag) const {
  DcmElement* element = find(item_, tag);
  // The length of compressed pixel data is not known before it is decoded.
  return element != nullptr && (element->getLength() > 0 || element->ident() == EVR_PixelData);
}

std::string Dataset::text(Tag tag) const {
  DcmElement* element = find(item_, tag);
  if (element == nullptr) return "";
  auto text = to_utf8(as_item(item_), element->ident(), raw_text(*element, std::nullopt));
  // Empty component groups at the end of a name say nothing (PS3.5 6.2.1).
  if (element->ident() == EVR_PN)
    while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

std::string Dataset::text(Tag tag, unsigned index) const {
  DcmElement* element = find(item_, tag);
  return element == nullptr ? "" : to_utf8(as_item(item_), element->ident(), raw_text(*element, index));
}

std::optional<double> Dataset::number(Tag tag, unsigned index) const {
  DcmElement* element = find(item_, tag);
  return element == nullptr ? std::nullopt : parsed<double>(raw_text(*element, index));
}

std::optional<std::int64_t> Dataset::integer(Tag tag, unsigned index) const {
  DcmElement* element = find(item_, tag);
  return element == nullptr ? std::nullopt : parsed<std::int64_t>(raw_text(*element, index));
}

std::vector<double> Dataset::numbers(Tag tag) const {
  DcmElement* element = find(item_, tag);
  std::vector<double> values;
  if (element == nullptr) return values;
  const std::string all = raw_text(*element, std::nullopt);
  for (std::size_t start = 0; start <= all.size();) {
    const auto end = std::min(all.find('\\', start), all.size());
    const auto value = parsed<double>(trimmed(all.substr(start, end - start)));
    if (!value) return {};
    values.push_back(*value);
    start = end + 1;
  }
  return values;
}

std::vector<std::uint8_t> Dataset::bytes(Tag tag) const {
  DcmElement* element = find(item_, tag);
  if (element == nullptr || element->getLength() == 0) return {};
  if (element->ident() == EVR_OW || element->ident() == EVR_US || element->ident() == EVR_SS) {
    Uint16* words = nullptr;
    if (element->getUint16Array(words).bad() || words == nullptr) return {};
    const auto* start = reinterpret_cast<const std::uint8_t*>(words);
    return {start, start + element->getLength() / 2 * 2};
  }
  Uint8* values = nullptr;
  if (element->getUint8Array(values).bad() || values == nullptr) return {};
  return {values, values + element->getLength()};
}

std::vector<Dataset> Dataset::items(Tag tag) const {
  DcmElement* element = find(item_, tag);
  std::vector<Dataset> all;
  if (element == nullptr || element->ident() != EVR_SQ) return all;
  auto* sequence = static_cast<DcmSequenceOfItems*>(element);
  for (DcmObject* at = sequence->nextInContainer(nullptr); at != nullptr; at = sequence->nextInContainer(at)) {
    if (at->ident() != EVR_item) continue;
    Dataset item;
    item.item_ = static_cast<DcmItem*>(at);
    all.push_back(item);
  }
  return all;
}

Dataset Dataset::item(Tag tag) const {
  const auto all = items(tag);
  return all.empty() ? Dataset() : all.front();
}

std::map<std::string, std::string> Dataset::by_keyword(std::size_t longest) const {
  std::map<std::string, std::string> values;
  if (item_ == nullptr) return values;
  for (DcmObject* at = as_item(item_).nextInContainer(nullptr); at != nullptr; at = as_item(item_).nextInContainer(at)) {
    DcmTag tag(at->getTag());
    if (tag.isPrivate() || !at->isLeaf() || at->getLength() == 0 || at->getLength() > longest) continue;
    const std::string name = tag.getTagName();
    if (name.empty() || name.find(' ') != std::string::npos) continue;  // "Unknown Tag & Data"
    const std::string value = text(Tag{at->getGTag(), at->getETag()});
    if (!value.empty()) values[name] = value;
  }
  return values;
}

struct DicomFile::State {
  DcmFileFormat file;
};

DicomFile::~DicomFile() = default;
DicomFile::DicomFile(DicomFile&&) noexcept = default;
DicomFile& DicomFile::operator=(DicomFile&&) noexcept = default;

void DicomFile::load(const std::filesystem::path& path) {
  prepare_dcmtk();
  path_ = path;
  if (!is_dicom_file(path)) throw core::InputError("{}: not a DICOM file", path.string());
  const auto fault = structural_fault(path);
  state_ = std::make_unique<State>();
  if (!fault.empty()) {
    damage_ = fault;
    return;
  }
  const auto condition = state_->file.loadFile(path.c_str(), EXS_Unknown, EGL_noChange, kept_in_memory, ERM_autoDetect);
  if (condition.bad()) damage_ = in_words(condition);
  DcmDataset* dataset = state_->file.getDataset();
  data_.item_ = static_cast<DcmItem*>(dataset);
  OFString syntax;
  if (state_->file.getMetaInfo()->findAndGetOFString(DCM_TransferSyntaxUID, syntax).good()) transfer_syntax_ = trimmed(syntax.c_str());
  if (transfer_syntax_.empty()) transfer_syntax_ = DcmXfer(dataset->getOriginalXfer()).getXferID();
}

DicomFile::DicomFile(const std::filesystem::path& path) {
  load(path);
  if (!damage_.empty()) throw core::InputError("{}: a damaged DICOM file ({})", path.string(), damage_);
}

DicomFile DicomFile::open_damaged(const std::filesystem::path& path) {
  DicomFile file;
  file.load(path);
  return file;
}

bool DicomFile::encapsulated() const { return DcmXfer(state_->file.getDataset()->getOriginalXfer()).isEncapsulated(); }

bool DicomFile::is_media_directory() const {
  OFString media_class;
  state_->file.getMetaInfo()->findAndGetOFString(DCM_MediaStorageSOPClassUID, media_class);
  return media_class == UID_MediaStorageDirectoryStorage;
}

std::int64_t DicomFile::pixel_data_length() const {
  DcmElement* element = nullptr;
  for (const Tag name : {tag::pixel_data, tag::float_pixel_data, tag::double_float_pixel_data})
    if (element == nullptr) element = find(data_.item_, name);
  if (element == nullptr || encapsulated()) return 0;
  return element->getLength();
}

std::vector<std::uint8_t> DicomFile::native_pixel_bytes() const {
  DcmElement* element = find(data_.item_, tag::pixel_data);
  if (element == nullptr) throw core::InputError("{}: no pixel data", path_.string());
  if (encapsulated()) throw core::InputError("{}: its pixel data is compressed and cannot be read as bits", path_.string());
  const std::size_t length = element->getLength();
  Uint8* bytes = nullptr;
  if (element->getUint8Array(bytes).good() && bytes != nullptr) return {bytes, bytes + length};
  Uint16* words = nullptr;
  const auto condition = element->getUint16Array(words);
  if (condition.bad() || words == nullptr) throw core::InputError("{}: pixel data unreadable ({})", path_.string(), condition.text());
  std::vector<std::uint8_t> copy(length);
  for (std::size_t at = 0; at < length; ++at) copy[at] = static_cast<std::uint8_t>(words[at / 2] >> (8 * (at % 2)));
  return copy;
}

std::vector<std::uint8_t> DicomFile::frame_bytes(int frame, const PixelFormat& format) const {
  DcmDataset* dataset = state_->file.getDataset();
  if (format.is_floating) return floating_frame(frame, format);
  DcmElement* element = find(data_.item_, tag::pixel_data);
  if (element == nullptr) throw core::InputError("{}: no pixel data", path_.string());
  if (frame < 0 || frame >= format.frames) throw core::InputError("{}: frame {} of {}", path_.string(), frame + 1, format.frames);
  if (is_jpeg2000(transfer_syntax_)) return jpeg2000_frame(frame, format);
  if (transfer_syntax_ == rle_lossless) return decode_rle(codestream(frame, format), format, path_.string());

  if (encapsulated()) return jpeg_frame(frame, format);

  auto* pixels = dynamic_cast<DcmPixelData*>(element);
  if (pixels == nullptr) throw core::InputError("{}: its pixel data is not of the kind its transfer syntax asks for", path_.string());
  const auto expected = format.frame_bytes() * format.frames;
  if (std::int64_t{element->getLength()} < expected)
    throw core::InputError("{}: the pixel data has {} bytes and {} x {} pixels x {} frames of {} bits need {}", path_.string(),
                           element->getLength(), format.columns, format.rows, format.frames, format.bits_allocated, expected);
  // Writers disagree on whether words or whole values are swapped here.
  if (format.bits_allocated == 32 && dataset->getOriginalXfer() == EXS_BigEndianExplicit)
    throw core::InputError("{}: big-endian pixels of 32 bits are ambiguous and not read", path_.string());
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(format.frame_bytes() + 1) / 2 * 2);
  Uint32 fragment = 0;
  OFString color_model;
  const auto condition = pixels->getUncompressedFrame(dataset, static_cast<Uint32>(frame), fragment, bytes.data(),
                                                      static_cast<Uint32>(bytes.size()), color_model);
  if (condition.bad()) throw core::InputError("{}: frame {} cannot be read ({})", path_.string(), frame + 1, in_words(condition));
  bytes.resize(static_cast<std::size_t>(format.frame_bytes()));
  return bytes;
}

namespace {

// JPEG 2000 begins with SOC and SIZ, JPEG and JPEG-LS with SOI and another marker.
bool begins_codestream(const std::vector<std::uint8_t>& bytes) {
  if (bytes.size() < 4 || bytes[0] != 0xFF) return false;
  return (bytes[1] == 0x4F && bytes[2] == 0xFF && bytes[3] == 0x51) || (bytes[1] == 0xD8 && bytes[2] == 0xFF);
}

// The fragments of one frame (PS3.5 A.4): by the offset table, one a frame, all of them for a single frame, or from one start of codestream
// to the next.
std::vector<std::uint8_t> codestream_of_frame(DcmPixelSequence& sequence, int frame, int frames, const std::string& where) {
  const unsigned long count = sequence.card();
  std::vector<std::pair<std::int64_t, std::vector<std::uint8_t>>> fragments;  // offset in the sequence, bytes
  std::vector<std::int64_t> starts;
  std::int64_t offset = 0;
  for (unsigned long at = 0; at < count; ++at) {
    DcmPixelItem* item = nullptr;
    if (sequence.getItem(item, at).bad() || item == nullptr) throw core::InputError("{}: fragment {} is unreadable", where, at);
    const std::size_t length = item->getLength();
    Uint8* bytes = nullptr;
    if (length > 0 && (item->getUint8Array(bytes).bad() || bytes == nullptr))
      throw core::InputError("{}: fragment {} is unreadable", where, at);
    if (at == 0) {  // the basic offset table
      for (std::size_t byte = 0; byte + 4 <= length; byte += 4)
        starts.push_back(bytes[byte] | bytes[byte + 1] << 8 | bytes[byte + 2] << 16 | std::int64_t{bytes[byte + 3]} << 24);
      continue;
    }
    fragments.emplace_back(offset, std::vector<std::uint8_t>(bytes, bytes + length));
    offset += 8 + static_cast<std::int64_t>(length);
  }
  if (static_cast<int>(starts.size()) != frames) {
    starts.clear();
    for (const auto& [at, bytes] : fragments) {
      const bool begins = static_cast<int>(fragments.size()) == frames || begins_codestream(bytes);
      if (begins) starts.push_back(at);
    }
    if (frames == 1) starts.assign(1, 0);
  }
  if (static_cast<int>(starts.size()) != frames) throw core::InputError("{}: {} codestreams for {} frames", where, starts.size(), frames);
  const std::int64_t begin = starts[frame], end = frame + 1 < frames ? starts[frame + 1] : offset;
  std::vector<std::uint8_t> codestream;
  for (const auto& [at, bytes] : fragments)
    if (at >= begin && at < end) codestream.insert(codestream.end(), bytes.begin(), bytes.end());
  if (codestream.empty()) throw core::InputError("{}: no fragment holds frame {}", where, frame + 1);
  return codestream;
}

}  // namespace

std::vector<std::uint8_t> DicomFile::codestream(int frame, const PixelFormat& format) const {
  auto* pixels = dynamic_cast<DcmPixelData*>(find(data_.item_, tag::pixel_data));
  DcmPixelSequence* sequence = nullptr;
  E_TransferSyntax stored = EXS_Unknown;
  const DcmRepresentationParameter* parameter = nullptr;
  if (pixels != nullptr) pixels->getOriginalRepresentationKey(stored, parameter);
  if (pixels == nullptr || pixels->getEncapsulatedRepresentation(stored, parameter, sequence).bad() || sequence == nullptr)
    throw core::InputError("{}: its pixel data is not compressed as its transfer syntax says", path_.string());
  return codestream_of_frame(*sequence, frame, format.frames, path_.string());
}

// DCMTK's decoders take a dataset; it gets one that holds this frame alone, whatever the fragments of the file were.
std::vector<std::uint8_t> DicomFile::jpeg_frame(int frame, const PixelFormat& format) const {
  const auto bytes = codestream(frame, format);
  DcmDataset single;
  const DcmTagKey copied[] = {
      DCM_SamplesPerPixel, DCM_PhotometricInterpretation, DCM_PlanarConfiguration, DCM_Rows, DCM_Columns, DCM_BitsAllocated, DCM_BitsStored,
      DCM_HighBit,         DCM_PixelRepresentation};
  for (const auto& name : copied) {
    DcmElement* element = nullptr;
    if (state_->file.getDataset()->findAndGetElement(name, element).good() && element != nullptr)
      single.insert(static_cast<DcmElement*>(element->clone()), OFTrue);
  }
  auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelSequenceTag));
  auto fragment = std::make_unique<DcmPixelItem>(DcmTag(DCM_PixelItemTag));
  std::vector<std::uint8_t> even = bytes;
  if (even.size() % 2 != 0) even.push_back(0);
  sequence->insert(new DcmPixelItem(DcmTag(DCM_PixelItemTag)));  // an empty offset table
  fragment->putUint8Array(even.data(), static_cast<unsigned long>(even.size()));
  sequence->insert(fragment.release());
  auto* pixels = new DcmPixelData(DCM_PixelData);
  pixels->putOriginalRepresentation(state_->file.getDataset()->getOriginalXfer(), nullptr, sequence.release());
  single.insert(pixels, OFTrue);

  std::vector<std::uint8_t> decoded(static_cast<std::size_t>(format.frame_bytes() + 1) / 2 * 2);
  Uint32 first = 0;
  OFString color_model;
  const auto condition = pixels->getUncompressedFrame(&single, 0, first, decoded.data(), static_cast<Uint32>(decoded.size()), color_model);
  if (condition.bad())
    throw core::InputError("{}: frame {} cannot be decoded ({}; transfer syntax {})", path_.string(), frame + 1, condition.text(),
                           transfer_syntax_);
  decoded.resize(static_cast<std::size_t>(format.frame_bytes()));
  return decoded;
}

// Pixels that are numbers as they stand (PS3.3 C.7.6.24).
std::vector<std::uint8_t> DicomFile::floating_frame(int frame, const PixelFormat& format) const {
  const bool wide = format.bits_allocated == 64;
  DcmElement* element = find(data_.item_, wide ? tag::double_float_pixel_data : tag::float_pixel_data);
  const auto length = static_cast<std::size_t>(format.frame_bytes());
  if (element == nullptr || element->getLength() / length < static_cast<std::size_t>(format.frames))
    throw core::InputError("{}: fewer pixels than {} frames need", path_.string(), format.frames);
  Float32* narrow_values = nullptr;
  Float64* wide_values = nullptr;
  const auto condition = wide ? element->getFloat64Array(wide_values) : element->getFloat32Array(narrow_values);
  const auto* start = wide ? reinterpret_cast<const std::uint8_t*>(wide_values) : reinterpret_cast<const std::uint8_t*>(narrow_values);
  if (condition.bad() || start == nullptr)
    throw core::InputError("{}: its pixels cannot be read ({})", path_.string(), in_words(condition));
  start += length * static_cast<std::size_t>(frame);
  return {start, start + length};
}

std::vector<std::uint8_t> DicomFile::jpeg2000_frame(int frame, const PixelFormat& format) const {
  const std::string where = path_.string();
  const auto picture = decode_jpeg2000(codestream(frame, format), format.pixels(), where);
  if (picture.columns != format.columns || picture.rows != format.rows || picture.samples != format.samples)
    throw core::InputError("{}: the JPEG 2000 image has {} x {} pixels of {} samples and its DICOM header says {} x {} of {}", where,
                           picture.columns, picture.rows, picture.samples, format.columns, format.rows, format.samples);
  if (picture.precision > format.bits_allocated)
    throw core::InputError("{}: JPEG 2000 samples of {} bits in pixels of {}", where, picture.precision, format.bits_allocated);
  std::vector<std::uint8_t> bytes(picture.values.size() * static_cast<std::size_t>(format.bits_allocated / 8));
  const std::size_t width = static_cast<std::size_t>(format.bits_allocated / 8);
  for (std::size_t at = 0; at < picture.values.size(); ++at) {
    const auto value = static_cast<std::uint32_t>(picture.values[at]);
    for (std::size_t byte = 0; byte < width; ++byte) bytes[at * width + byte] = static_cast<std::uint8_t>(value >> (8 * byte));
  }
  return bytes;
}

bool is_dicom_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::array<unsigned char, 132> head{};
  stream.read(reinterpret_cast<char*>(head.data()), head.size());
  const auto length = stream.gcount();
  if (length == 132 && std::equal(head.begin() + 128, head.end(), "DICM")) return true;
  if (length < 12) return false;
  // Without preamble: group 0002 or 0008, a small element number, then a VR or a length that the file can hold.
  const int group = head[0] | head[1] << 8, number = head[2] | head[3] << 8;
  if ((group != 0x0002 && group != 0x0008) || number > 0x0100) return false;
  const std::string vr(head.begin() + 4, head.begin() + 6);
  if (vr == "UL" || vr == "UI" || vr == "CS" || vr == "OB" || vr == "DA" || vr == "SH" || vr == "LO") return true;
  std::error_code fault;
  const auto size = std::filesystem::file_size(path, fault);
  const std::uint64_t value_length = head[4] | head[5] << 8 | head[6] << 16 | std::uint64_t{head[7]} << 24;
  return !fault && value_length > 0 && value_length % 2 == 0 && value_length + 8 < std::min<std::uint64_t>(size, 4096);
}

}  // namespace isocenter::formats
