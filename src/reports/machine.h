// The machine a report was made on, for its manifest.
#pragma once

#include <string>

namespace isocenter::reports {

std::string processor_name();  // as the system gives it, or the architecture
double peak_memory_mb();       // of this process so far (resident)
std::string now_utc();         // "2024-01-31T12:00:00Z"; SOURCE_DATE_EPOCH, when set, instead of the clock

}  // namespace isocenter::reports
