#include "formats/dicom/dicom_builder.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <fmt/format.h>

#include <stdexcept>

#include "core/error.h"
#include "core/file.h"
#include "formats/dicom/dcmtk_setup.h"

namespace isocenter::formats {
namespace {

DcmTag full_tag(Tag tag) { return DcmTag(tag.group, tag.element); }

void require(const OFCondition& condition, Tag tag) {
  if (condition.bad()) throw std::logic_error(fmt::format("DICOM element ({:04x},{:04x}): {}", tag.group, tag.element, condition.text()));
}

}  // namespace

std::string limited(const std::string& text, std::size_t most) {
  std::string result;
  std::size_t characters = 0;
  for (const char letter : text) {
    const bool begins = (static_cast<unsigned char>(letter) & 0xC0) != 0x80;
    if (begins && ++characters > most) break;
    result += letter == '\\' ? '/' : letter;
  }
  return result;
}

std::string decimal_string(double value) {
  for (int digits = 17; digits > 5; --digits) {
    const auto text = fmt::format("{:.{}g}", value, digits);
    if (text.size() <= 16 && (digits < 16 || std::stod(text) == value)) {
      const auto shortest = fmt::format("{}", value);
      return shortest.size() < text.size() ? shortest : text;
    }
  }
  throw std::logic_error(fmt::format("{} does not fit a decimal string", value));
}

void ItemBuilder::text(Tag tag, const std::string& value) {
  require(static_cast<DcmItem*>(item_)->putAndInsertOFStringArray(full_tag(tag), OFString(value.c_str(), value.size())), tag);
}

void ItemBuilder::number(Tag tag, double value) { numbers(tag, {&value, 1}); }

void ItemBuilder::numbers(Tag tag, std::span<const double> values) {
  auto& item = *static_cast<DcmItem*>(item_);
  if (full_tag(tag).getEVR() == EVR_FD) {
    require(item.putAndInsertFloat64Array(full_tag(tag), values.data(), static_cast<unsigned long>(values.size())), tag);
    return;
  }
  std::string joined;
  for (const double value : values) joined += (joined.empty() ? "" : "\\") + decimal_string(value);
  text(tag, joined);
}

void ItemBuilder::integer(Tag tag, std::int64_t value) { integers(tag, {&value, 1}); }

void ItemBuilder::integers(Tag tag, std::span<const std::int64_t> values) {
  std::string joined;
  for (const auto value : values) joined += (joined.empty() ? "" : "\\") + std::to_string(value);
  require(static_cast<DcmItem*>(item_)->putAndInsertString(full_tag(tag), joined.c_str()), tag);
}

void ItemBuilder::pointer(Tag tag, Tag value) {
  require(static_cast<DcmItem*>(item_)->putAndInsertTagKey(full_tag(tag), DcmTagKey(value.group, value.element)), tag);
}

void ItemBuilder::bytes(Tag tag, std::span<const std::uint8_t> values) {
  DcmTag with_vr(tag.group, tag.element, EVR_OB);
  require(static_cast<DcmItem*>(item_)->putAndInsertUint8Array(with_vr, values.data(), static_cast<unsigned long>(values.size())), tag);
}

ItemBuilder ItemBuilder::add_item(Tag sequence) {
  DcmItem* added = nullptr;
  require(static_cast<DcmItem*>(item_)->findOrCreateSequenceItem(full_tag(sequence), added, -2), sequence);
  ItemBuilder item;
  item.item_ = added;
  return item;
}

void ItemBuilder::empty_sequence(Tag sequence) { require(static_cast<DcmItem*>(item_)->insertEmptyElement(full_tag(sequence)), sequence); }

void ItemBuilder::code(Tag sequence, const DicomCode& code) {
  auto item = add_item(sequence);
  item.text(tag::code_value, limited(code.value, 16));
  item.text(tag::coding_scheme_designator, limited(code.scheme, 16));
  item.text(tag::code_meaning, limited(code.meaning, 64));
}

struct DicomBuilder::State {
  DcmFileFormat file;
};

DicomBuilder::DicomBuilder(const std::string& sop_class_uid, const std::string& sop_instance_uid) {
  prepare_dcmtk();
  state_ = std::make_unique<State>();
  auto item = root();
  item.text(tag::specific_character_set, "ISO_IR 192");
  item.text(tag::sop_class_uid, sop_class_uid);
  item.text(tag::sop_instance_uid, sop_instance_uid);
}

DicomBuilder::~DicomBuilder() = default;

ItemBuilder DicomBuilder::root() {
  ItemBuilder item;
  item.item_ = static_cast<DcmItem*>(state_->file.getDataset());
  return item;
}

void DicomBuilder::write(const std::filesystem::path& path) {
  // Plain ASCII needs no character set, and some readers stumble over UTF-8.
  auto* dataset = state_->file.getDataset();
  if (!dataset->containsExtendedCharacters()) dataset->findAndDeleteElement(DCM_SpecificCharacterSet);
  core::write_file(path, [&](const std::filesystem::path& temporary) {
    const auto condition =
        state_->file.saveFile(temporary.c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength, EGL_recalcGL, EPD_withoutPadding);
    if (condition.bad()) throw core::ResourceError("{}: cannot be written ({})", path.string(), condition.text());
  });
}

}  // namespace isocenter::formats
