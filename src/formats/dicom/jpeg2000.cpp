#include "formats/dicom/jpeg2000.h"

#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "core/error.h"

namespace isocenter::formats {
namespace {

struct Reader {
  std::span<const std::uint8_t> bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T read_bytes(void* buffer, OPJ_SIZE_T wanted, void* user) {
  auto& reader = *static_cast<Reader*>(user);
  const std::size_t count = std::min<std::size_t>(wanted, reader.bytes.size() - reader.at);
  if (count == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(buffer, reader.bytes.data() + reader.at, count);
  reader.at += count;
  return count;
}

OPJ_OFF_T skip_bytes(OPJ_OFF_T count, void* user) {
  auto& reader = *static_cast<Reader*>(user);
  if (count < 0) return -1;
  const auto step = std::min<std::size_t>(static_cast<std::size_t>(count), reader.bytes.size() - reader.at);
  reader.at += step;
  return static_cast<OPJ_OFF_T>(step);
}

OPJ_BOOL seek_to(OPJ_OFF_T position, void* user) {
  auto& reader = *static_cast<Reader*>(user);
  if (position < 0 || static_cast<std::size_t>(position) > reader.bytes.size()) return OPJ_FALSE;
  reader.at = static_cast<std::size_t>(position);
  return OPJ_TRUE;
}

void keep_message(const char* message, void* user) {
  auto& text = *static_cast<std::string*>(user);
  if (text.empty()) text = message;
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
}

void ignore_message(const char*, void*) {}

}  // namespace

bool is_jpeg2000(std::string_view uid) {
  static constexpr std::array<std::string_view, 5> uids{"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.201",
                                                        "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203"};
  return std::find(uids.begin(), uids.end(), uid) != uids.end();
}

DecodedImage decode_jpeg2000(std::span<const std::uint8_t> codestream, std::int64_t most_pixels, const std::string& where) {
  // A JP2 file begins with a box of 12 bytes and the name "jP  "; DICOM wants bare codestreams, and scanners have written both.
  const bool boxed = codestream.size() > 12 && std::memcmp(codestream.data() + 4, "jP  ", 4) == 0;
  Reader reader{codestream};
  const std::unique_ptr<opj_stream_t, void (*)(opj_stream_t*)> stream(opj_stream_create(1 << 16, OPJ_TRUE), opj_stream_destroy);
  const std::unique_ptr<opj_codec_t, void (*)(opj_codec_t*)> codec(opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K),
                                                                   opj_destroy_codec);
  if (!stream || !codec) throw core::ResourceError("no memory for a JPEG 2000 decoder");
  opj_stream_set_user_data(stream.get(), &reader, nullptr);
  opj_stream_set_user_data_length(stream.get(), codestream.size());
  opj_stream_set_read_function(stream.get(), read_bytes);
  opj_stream_set_skip_function(stream.get(), skip_bytes);
  opj_stream_set_seek_function(stream.get(), seek_to);

  std::string fault;
  opj_set_error_handler(codec.get(), keep_message, &fault);
  opj_set_warning_handler(codec.get(), ignore_message, nullptr);
  opj_set_info_handler(codec.get(), ignore_message, nullptr);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* opened = nullptr;
  const bool begun = opj_setup_decoder(codec.get(), &parameters) && opj_read_header(stream.get(), codec.get(), &opened);
  const std::unique_ptr<opj_image_t, void (*)(opj_image_t*)> image(opened, opj_image_destroy);
  if (!begun || !image || image->numcomps < 1) throw core::InputError("{}: JPEG 2000 header unreadable ({})", where, fault);
  const std::int64_t columns = std::int64_t{image->x1} - image->x0, rows = std::int64_t{image->y1} - image->y0;
  if (columns < 1 || rows < 1 || columns > most_pixels || rows > most_pixels / columns)
    throw core::InputError("{}: the JPEG 2000 image has {} x {} pixels, more than its DICOM header says", where, columns, rows);
  // In strict mode a codestream that breaks off is a fault, not a picture with a grey end.
  opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE);
  if (!opj_decode(codec.get(), stream.get(), image.get()) || !opj_end_decompress(codec.get(), stream.get()))
    throw core::InputError("{}: JPEG 2000 picture cannot be decoded ({})", where, fault.empty() ? "broken codestream" : fault);

  DecodedImage decoded;
  decoded.columns = static_cast<int>(columns);
  decoded.rows = static_cast<int>(rows);
  decoded.samples = static_cast<int>(image->numcomps);
  decoded.precision = static_cast<int>(image->comps[0].prec);
  decoded.is_signed = image->comps[0].sgnd != 0;
  const std::int64_t pixels = columns * rows;
  decoded.values.resize(static_cast<std::size_t>(pixels * decoded.samples));
  for (int sample = 0; sample < decoded.samples; ++sample) {
    const auto& component = image->comps[sample];
    if (component.w != image->comps[0].w || std::int64_t{component.w} * component.h != pixels || component.data == nullptr)
      throw core::InputError("{}: subsampled JPEG 2000 components are not read", where);
    for (std::int64_t at = 0; at < pixels; ++at) decoded.values[at * decoded.samples + sample] = component.data[at];
  }
  return decoded;
}

}  // namespace isocenter::formats
