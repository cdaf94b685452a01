#include "formats/dicom/dcmtk_setup.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcobject.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

#include <filesystem>

#include "core/error.h"

namespace isocenter::formats {
namespace {

bool setup() {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  DcmRLEDecoderRegistration::registerCodecs();
  // Colour is never converted: what is stored is what is returned.
  DJDecoderRegistration::registerCodecs(EDC_never, EUC_never);
  DJLSDecoderRegistration::registerCodecs();
  // Values that lie about their length end the file instead of being searched for the next plausible element.
  dcmIgnoreParsingErrors.set(OFFalse);
  return true;
}

bool load_dictionary() {
  if (dcmDataDict.isDictionaryLoaded()) return true;
  // A program started with DCMDICTPATH pointing nowhere still finds the file that its package installed.
  const char* installed = "/usr/share/libdcmtk17/dicom.dic";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(installed, ignored)) return false;
  const bool loaded = dcmDataDict.wrlock().loadDictionary(installed, OFFalse);
  dcmDataDict.wrunlock();
  return loaded;
}

}  // namespace

void prepare_dcmtk() {
  static const bool ready = setup();
  static const bool dictionary = load_dictionary();
  if (!ready || !dictionary)
    throw core::ResourceError(
        "the DICOM data dictionary (dicom.dic) was not found: install the package libdcmtk17, or let DCMDICTPATH name the file");
}

}  // namespace isocenter::formats
