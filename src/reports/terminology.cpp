#include "reports/terminology.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

namespace isocenter::reports {
namespace {

constexpr std::array table = std::to_array<Term>({
    // What was done (CID 100: Quantitative Diagnostic Imaging Procedure)
    {"procedure-mr", "LN", "25056-3", "MRI unspecified body region", 100},
    {"procedure-ct", "LN", "25045-6", "CT unspecified body region", 100},
    {"procedure-other", "SCT", "363679005", "Imaging procedure", 100},

    // Segments (CID 7150: Segmentation Property Category)
    {"anatomical-structure", "SCT", "91723000", "Anatomical Structure", 7150},

    // Sides (CID 244: Laterality)
    {"left", "SCT", "7771000", "Left", 244},
    {"right", "SCT", "24028007", "Right", 244},

    // Quantities: the volume is CID 218's (Quantitative Image Features); the rest has no code of a standard
    {"volume", "SCT", "118565006", "Volume", 218},
    {"share-of-intracranial", "99ISOCENTER", "share-of-icv", "Share of intracranial volume", 0},
    {"asymmetry-index", "99ISOCENTER", "asymmetry-index", "Asymmetry index, 200 (L - R) / (L + R)", 0},
    {"mean-probability", "99ISOCENTER", "mean-probability", "Mean probability of the winning class", 0},
    {"volume-change", "99ISOCENTER", "volume-change", "Change of volume since the prior report", 0},

    // Units (CID 7462: Volume Measurement Unit, CID 7181: model component units)
    {"cubic-centimeter", "UCUM", "cm3", "cubic centimeter", 7462},
    {"percent", "UCUM", "%", "Percent", 7181},
    {"no-units", "UCUM", "1", "no units", 7181},

    // Quality of the study as a whole
    {"image-quality", "DCM", "111101", "Image Quality", 6101},
    {"quality-good", "99ISOCENTER", "no-flag", "No quality flag", 0},
    {"quality-flagged", "99ISOCENTER", "flagged", "Flagged, see comments", 0},

    // The head (CID 7140: Brain Structure for Volumetric Measurement)
    {"amygdala", "SCT", "4958002", "Amygdala", 7140},
    {"brain-stem", "SCT", "119238007", "Brain Stem", 7140},
    {"caudate-nucleus", "SCT", "11000004", "Caudate Nucleus", 7140},
    {"cerebellar-cortex", "SCT", "25991003", "Cerebellar Cortex", 7140},
    {"cerebellar-white-matter", "SCT", "33060004", "Cerebellar White Matter", 7140},
    {"cerebellum", "SCT", "113305005", "Cerebellum", 7140},
    {"cerebral-gray-matter", "SCT", "40146001", "Cerebral Gray Matter", 7140},
    {"cerebral-white-matter", "SCT", "68523003", "Cerebral White Matter", 7140},
    {"cranial-cavity", "SCT", "1101003", "Cranial Cavity", 7140},
    {"fourth-ventricle", "SCT", "35918002", "Fourth Ventricle", 7140},
    {"globus-pallidus", "SCT", "14738005", "Globus Pallidus", 7140},
    {"hippocampus", "SCT", "5366008", "Hippocampus", 7140},
    {"inferior-lateral-ventricle", "SCT", "53118009", "Inferior Horn of Lateral Ventricle", 7140},
    {"intracranial-structure", "SCT", "128319008", "Intracranial structure", 7140},
    {"lateral-ventricle", "SCT", "66720007", "Lateral Ventricle", 7140},
    {"nucleus-accumbens", "SCT", "427667007", "Nucleus Accumbens", 7140},
    {"putamen", "SCT", "89278009", "Putamen", 7140},
    {"thalamus", "SCT", "119406000", "Thalamus", 7140},
    {"third-ventricle", "SCT", "49841001", "Third ventricle", 7140},
    {"ventral-diencephalon", "DCM", "110700", "Ventral Diencephalon", 7140},

    // The brain as a whole (CID 4030: CT, MR and PET Anatomy Imaged)
    {"brain", "SCT", "12738006", "Brain", 4030},
});

}  // namespace

std::span<const Term> terms() { return table; }

const Term& term(std::string_view key) {
  const auto found = std::ranges::find(table, key, &Term::key);
  if (found == table.end()) throw std::logic_error("no term is called " + std::string(key));
  return *found;
}

std::optional<Term> find_code(std::string_view scheme, std::string_view value) {
  for (const Term& entry : table)
    if (entry.scheme == scheme && entry.value == value) return entry;
  return std::nullopt;
}

}  // namespace isocenter::reports
