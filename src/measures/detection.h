// Lesions found, missed and invented: candidates against reference lesions, FROC curves, average precision, and the PI-CAI score.
//
// A candidate has a confidence (above 0); a case has lesions (perhaps none) and candidates (perhaps none). Throws core::InputError for
// different grids, NaN confidences and thresholds out of range.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "imaging/image.h"

namespace isocenter::measures {

// One line of the tally: a lesion that was hit or missed (confidence 0), or a candidate that hits none.
struct LesionResult {
  bool is_lesion = false;
  double confidence = 0, overlap = 0;
};

enum class LesionOverlap { intersection_over_union, dice };

struct DetectionOptions {
  LesionOverlap overlap = LesionOverlap::intersection_over_union;
  double minimum_overlap = 0.1;
  // A candidate that overlaps a lesion enough but is not the one paired with it: counted as false (true), or not at all.
  bool unpaired_candidates_are_false = false;
};

// Candidates are the connected components (26 neighbours) of the map above 0, each with its largest value; lesions the components of the
// reference. Each lesion is paired with one candidate at most, so that the sum of overlaps is largest (as picai_eval 1.4; Saha et al.,
// Lancet Oncology 25 (2024) 879).
std::vector<LesionResult> match_lesions(const imaging::Volume& detection_map, const imaging::LabelMap& reference,
                                        const DetectionOptions& options = {});

struct DetectionCase {
  std::vector<LesionResult> lesions;
  bool has_lesion = false;  // of the reference
  double case_score = 0;    // how likely any lesion is
};
enum class CaseScore { highest_confidence, any_of_them };  // any_of_them: 1 - product of (1 - confidence)
DetectionCase evaluate_case(const imaging::Volume& detection_map, const imaging::LabelMap& reference, const DetectionOptions& options = {},
                            CaseScore score = CaseScore::highest_confidence);

// By falling confidence; a missed lesion is never reached.
struct FrocPoint {
  double threshold = 0, false_positives_per_case = 0, sensitivity = 0;
};
struct DetectionSummary {
  std::int64_t cases = 0, lesions = 0;
  std::vector<FrocPoint> froc;
  double average_precision = 0;       // step sum; recall over all lesions, those never hit included
  std::optional<double> auroc;        // of case scores; nothing with one kind of case only
  std::optional<double> picai_score;  // the mean of both
};
DetectionSummary summarise(const std::vector<DetectionCase>& cases);

// The best sensitivity with at most so many false positives per case; 0 where no point has so few.
double sensitivity_at(const std::vector<FrocPoint>& froc, double false_positives_per_case);

// FROC of point detections on slides, by the rules of CAMELYON16 (Ehteshami Bejnordi et al., JAMA 318 (2017) 2199): a point on a lesion
// hits it, the most probable of several hits counts; points on lesions to be ignored (isolated cells) count as nothing.
struct PointDetection {
  double probability = 0;
  int lesion = 0;  // the lesion it lies on, 0 for none
};
struct PointCase {
  std::vector<PointDetection> detections;
  std::vector<int> lesions, ignored;  // numbers of lesions that count, and that do not
};
std::vector<FrocPoint> point_froc(const std::vector<PointCase>& slides);  // thresholds fall; the last point takes all
// Mean sensitivity at 1/4, 1/2, 1, 2, 4 and 8 false positives a slide, linearly interpolated between points.
double camelyon_score(const std::vector<FrocPoint>& froc);

}  // namespace isocenter::measures
