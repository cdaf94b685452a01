#include "measures/detection.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.h"
#include "imaging/components.h"
#include "measures/assignment.h"
#include "measures/grid_check.h"
#include "measures/roc.h"

namespace isocenter::measures {
using core::InputError;
namespace {

// Which lesions share voxels with which candidates, and how large both are.
struct Contacts {
  std::vector<std::int64_t> lesion_sizes, candidate_sizes;
  std::vector<double> confidences;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> shared;
};

Contacts contacts_of(const imaging::Volume& detection_map, const imaging::LabelMap& reference) {
  require_same_grid(detection_map.geometry, reference.geometry, "detection map", "reference");
  imaging::Mask found(detection_map.geometry), wanted(reference.geometry);
  for (std::size_t i = 0; i < found.voxels.size(); ++i) {
    if (std::isnan(detection_map.voxels[i])) throw InputError("the detection map holds NaN at voxel {}", i);
    found.voxels[i] = detection_map.voxels[i] > 0;
    wanted.voxels[i] = reference.voxels[i] != 0;
  }
  const auto candidates = imaging::connected_components(found, imaging::Connectivity::corners);
  const auto lesions = imaging::connected_components(wanted, imaging::Connectivity::corners);
  Contacts contacts{lesions.sizes, candidates.sizes, std::vector<double>(candidates.sizes.size(), 0.0), {}};
  for (std::size_t i = 0; i < found.voxels.size(); ++i) {
    const std::uint32_t candidate = candidates.numbers.voxels[i], lesion = lesions.numbers.voxels[i];
    if (candidate == 0) continue;
    double& confidence = contacts.confidences[candidate - 1];
    confidence = std::max<double>(confidence, detection_map.voxels[i]);
    if (lesion != 0) ++contacts.shared[{lesion - 1, candidate - 1}];
  }
  return contacts;
}

double overlap_of(LesionOverlap kind, std::int64_t shared, std::int64_t lesion, std::int64_t candidate) {
  const double both = static_cast<double>(shared), sum = static_cast<double>(lesion + candidate);
  return kind == LesionOverlap::dice ? 2 * both / sum : both / (sum - both);
}

}  // namespace

std::vector<LesionResult> match_lesions(const imaging::Volume& detection_map, const imaging::LabelMap& reference,
                                        const DetectionOptions& options) {
  if (!(options.minimum_overlap > 0 && options.minimum_overlap <= 1))
    throw InputError("a minimum overlap of {}; it lies in (0, 1]", options.minimum_overlap);
  const Contacts contacts = contacts_of(detection_map, reference);
  const std::size_t lesions = contacts.lesion_sizes.size(), candidates = contacts.candidate_sizes.size();
  std::vector<std::vector<double>> overlaps(lesions, std::vector<double>(candidates, 0.0));
  for (const auto& [pair, shared] : contacts.shared) {
    const double overlap = overlap_of(options.overlap, shared, contacts.lesion_sizes[pair.first], contacts.candidate_sizes[pair.second]);
    if (overlap >= options.minimum_overlap) overlaps[pair.first][pair.second] = overlap;
  }
  std::vector<LesionResult> results;
  std::vector<bool> paired(candidates, false);
  const auto assignment = best_assignment(overlaps);
  for (std::size_t lesion = 0; lesion < lesions; ++lesion) {
    const auto candidate = assignment[lesion];
    if (candidate && overlaps[lesion][*candidate] > 0) {
      paired[*candidate] = true;
      results.push_back({true, contacts.confidences[*candidate], overlaps[lesion][*candidate]});
    } else {
      results.push_back({true, 0, 0});
    }
  }
  for (std::size_t candidate = 0; candidate < candidates; ++candidate) {
    if (paired[candidate]) continue;
    bool touches = false;
    for (std::size_t lesion = 0; lesion < lesions; ++lesion) touches = touches || overlaps[lesion][candidate] > 0;
    if (!touches || options.unpaired_candidates_are_false) results.push_back({false, contacts.confidences[candidate], 0});
  }
  return results;
}

DetectionCase evaluate_case(const imaging::Volume& detection_map, const imaging::LabelMap& reference, const DetectionOptions& options,
                            CaseScore score) {
  DetectionCase result{match_lesions(detection_map, reference, options), false, 0};
  result.has_lesion = std::any_of(reference.voxels.begin(), reference.voxels.end(), [](std::uint16_t label) { return label != 0; });
  if (score == CaseScore::highest_confidence) {
    for (float value : detection_map.voxels) result.case_score = std::max<double>(result.case_score, value);
  } else {
    double none = 1;
    for (double confidence : contacts_of(detection_map, reference).confidences) none *= 1 - confidence;
    result.case_score = 1 - none;
  }
  return result;
}

DetectionSummary summarise(const std::vector<DetectionCase>& cases) {
  if (cases.empty()) throw InputError("there are no cases");
  DetectionSummary summary;
  summary.cases = static_cast<std::int64_t>(cases.size());
  std::vector<LesionResult> all;
  std::vector<std::uint8_t> labels;
  std::vector<double> scores;
  for (const DetectionCase& one : cases) {
    all.insert(all.end(), one.lesions.begin(), one.lesions.end());
    labels.push_back(one.has_lesion);
    scores.push_back(one.case_score);
  }
  summary.lesions = std::count_if(all.begin(), all.end(), [](const LesionResult& result) { return result.is_lesion; });
  std::erase_if(all, [](const LesionResult& result) { return result.confidence <= 0; });  // misses: they count among the lesions only
  std::stable_sort(all.begin(), all.end(), [](const LesionResult& a, const LesionResult& b) { return a.confidence > b.confidence; });
  double hits = 0, false_positives = 0, recall = 0;
  const double lesions = static_cast<double>(summary.lesions);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ++(all[i].is_lesion ? hits : false_positives);
    if (i + 1 < all.size() && all[i + 1].confidence == all[i].confidence) continue;
    const double reached = lesions > 0 ? hits / lesions : 0;
    summary.froc.push_back({all[i].confidence, false_positives / static_cast<double>(cases.size()), reached});
    summary.average_precision += (reached - recall) * hits / (hits + false_positives);
    recall = reached;
  }
  const auto positives = std::count(labels.begin(), labels.end(), 1);
  if (positives > 0 && positives < summary.cases) {
    summary.auroc = auroc(labels, scores);
    summary.picai_score = (*summary.auroc + summary.average_precision) / 2;
  }
  return summary;
}

double sensitivity_at(const std::vector<FrocPoint>& froc, double false_positives_per_case) {
  double best = 0;
  for (const FrocPoint& point : froc)
    if (point.false_positives_per_case <= false_positives_per_case + 1e-12) best = std::max(best, point.sensitivity);
  return best;
}

std::vector<FrocPoint> point_froc(const std::vector<PointCase>& slides) {
  if (slides.empty()) throw InputError("there are no slides");
  struct Mark {
    double probability;
    bool hit;
  };
  std::vector<Mark> marks;
  double lesions = 0;
  for (const PointCase& slide : slides) {
    lesions += static_cast<double>(slide.lesions.size());
    std::map<int, double> best;
    for (const PointDetection& detection : slide.detections) {
      if (std::isnan(detection.probability)) throw InputError("a detection's probability is NaN");
      if (detection.lesion == 0)
        marks.push_back({detection.probability, false});
      else if (std::find(slide.ignored.begin(), slide.ignored.end(), detection.lesion) == slide.ignored.end())
        best[detection.lesion] = std::max(best[detection.lesion], detection.probability);
    }
    for (const auto& [lesion, probability] : best)
      if (probability > 0) marks.push_back({probability, true});
  }
  std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.probability > b.probability; });
  std::vector<FrocPoint> curve;
  double hits = 0, false_positives = 0;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    ++(marks[i].hit ? hits : false_positives);
    if (i + 1 < marks.size() && marks[i + 1].probability == marks[i].probability) continue;
    curve.push_back({marks[i].probability, false_positives / static_cast<double>(slides.size()), lesions > 0 ? hits / lesions : 0});
  }
  return curve;
}

double camelyon_score(const std::vector<FrocPoint>& froc) {
  double sum = 0;
  for (double wanted : {0.25, 0.5, 1.0, 2.0, 4.0, 8.0}) {
    // Between the last point with fewer false positives and the first with more; from (0, 0) before all, the last point behind all.
    FrocPoint before{0, 0, 0};
    double value = froc.empty() ? 0 : froc.back().sensitivity;
    for (const FrocPoint& point : froc) {
      if (point.false_positives_per_case <= wanted) {
        before = point;
        continue;
      }
      const double share = (wanted - before.false_positives_per_case) / (point.false_positives_per_case - before.false_positives_per_case);
      value = before.sensitivity + share * (point.sensitivity - before.sensitivity);
      break;
    }
    sum += value / 6;
  }
  return sum;
}

}  // namespace isocenter::measures
