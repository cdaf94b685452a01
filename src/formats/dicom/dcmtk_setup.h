// DCMTK made ready once a process: its logger silent (its complaints travel in our exceptions), its decoders registered, its data
// dictionary there. Safe from any thread.
#pragma once

namespace isocenter::formats {

// Throws core::ResourceError where the data dictionary cannot be found: without it implicit VR files would be misread silently.
void prepare_dcmtk();

}  // namespace isocenter::formats
