#include "reports/measure.h"

#include <algorithm>
#include <stdexcept>

#include "measures/structure_volumes.h"
#include "reports/content.h"

namespace isocenter::reports {

double sum_ml(const Findings& findings, const std::string& name) {
  for (const auto& [sum, ml] : findings.sums_ml)
    if (sum == name) return ml;
  return 0;
}

void measure(Findings& findings, const models::Package& package, const models::Segmentation& segmentation) {
  if (segmentation.volume_ml.size() != package.labels.size() || segmentation.cut.size() != package.labels.size())
    throw std::logic_error("a segmentation does not have the channels of its package");
  std::map<std::string, double> ml_of;  // by label name
  for (std::size_t channel = 0; channel < package.labels.size(); ++channel) {
    const models::Label& label = package.labels[channel];
    if (label.value == 0) continue;
    StructureFinding finding;
    finding.label = label;
    finding.volume_ml = segmentation.volume_ml[channel];
    finding.cut = segmentation.cut[channel];
    for (const models::LabelConfidence& confidence : segmentation.confidence)
      if (confidence.label == label.value) finding.confidence = confidence.mean_probability;
    ml_of[label.name] = finding.volume_ml;
    findings.structures.push_back(std::move(finding));
  }
  for (const std::vector<std::string>& sum : package.sums) {
    double total = 0;
    for (std::size_t n = 1; n < sum.size(); ++n) total += ml_of[sum[n]];
    findings.sums_ml.emplace_back(sum[0], total);
  }
  const double intracranial = sum_ml(findings, intracranial_volume);
  if (intracranial > 0)
    for (StructureFinding& finding : findings.structures) finding.share_of_intracranial = finding.volume_ml / intracranial;

  for (const StructureFinding& left : findings.structures) {
    if (left.label.side != models::Side::left || !left.label.measured) continue;
    const auto right = std::ranges::find_if(findings.structures, [&](const StructureFinding& other) {
      return other.label.side == models::Side::right && other.label.structure == left.label.structure && other.label.measured;
    });
    if (right == findings.structures.end()) continue;
    if (const auto index = measures::asymmetry_percent(left.volume_ml, right->volume_ml))
      findings.asymmetries.push_back({left.label.structure, left.volume_ml, right->volume_ml, *index});
  }
}

}  // namespace isocenter::reports
