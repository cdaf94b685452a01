#include "reports/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "reports/content.h"
#include "reports/measure.h"
#include "reports/text.h"

namespace isocenter::reports {
namespace {

using Structures = std::vector<const StructureFinding*>;

Structures those(const Findings& findings, const std::function<bool(const StructureFinding&)>& wanted) {
  Structures found;
  for (const StructureFinding& finding : findings.structures)
    if (finding.label.measured && wanted(finding)) found.push_back(&finding);
  return found;
}

std::string names_of(const Structures& structures) {
  std::string text;
  for (std::size_t n = 0; n < structures.size(); ++n)
    text += (n == 0 ? "" : n + 1 == structures.size() ? " and " : ", ") + structures[n]->label.name;
  return text;
}

// One flag a structure when they are few, one that names them all when they are many: a list of thirty lines is not read.
// `one` says it of a single structure, `many` of all.
void raise(Findings& findings, const Structures& structures, const QualityRules& rules, Severity severity, const std::string& rule,
           const std::function<std::string(const StructureFinding&)>& one, const std::string& many) {
  std::vector<QualityFlag> raised;
  if (structures.size() > rules.named_one_by_one) {
    QualityFlag flag{severity, fmt::format("{} structures {}: {}.", structures.size(), many, names_of(structures)), "", rule};
    for (const StructureFinding* finding : structures) flag.structures.push_back(finding->label.name);
    raised.push_back(std::move(flag));
  } else {
    for (const StructureFinding* finding : structures) raised.push_back({severity, one(*finding), finding->label.name, rule});
  }
  std::ranges::move(raised, std::back_inserter(findings.flags));
}

std::string the(const StructureFinding& finding) { return "The " + finding.label.name; }

bool is_found(const StructureFinding& finding) { return finding.confidence > 0; }

bool is_implausible(const StructureFinding& finding) {
  const models::Label& label = finding.label;
  if (label.volume_ml_high <= 0 || finding.cut || !is_found(finding)) return false;
  return finding.volume_ml < label.volume_ml_low || finding.volume_ml > label.volume_ml_high;
}

void judge_structures(Findings& findings, const QualityRules& rules) {
  raise(
      findings, those(findings, [](const auto& finding) { return !is_found(finding); }), rules, Severity::warning, "not-found",
      [](const auto& finding) { return the(finding) + " was not found; its volume is not to be read as zero."; },
      "were not found; their volumes are not to be read as zero");
  raise(
      findings, those(findings, [](const auto& finding) { return finding.cut && is_found(finding); }), rules, Severity::warning, "cut",
      [](const auto& finding) { return the(finding) + " reaches the edge of the field of view: its volume is a lower bound."; },
      "reach the edge of the field of view, so that their volumes are lower bounds");
  raise(
      findings, those(findings, [&](const auto& finding) { return is_found(finding) && finding.confidence < rules.very_low_confidence; }),
      rules, Severity::serious, "low-confidence",
      [](const auto& finding) {
        return fmt::format("{} was found with very low confidence ({}): do not use its volume.", the(finding),
                           format_percent(100 * finding.confidence, 0));
      },
      "were found with very low confidence, so that their volumes are not to be used");
  raise(
      findings,
      those(findings,
            [&](const auto& finding) {
              return finding.confidence >= rules.very_low_confidence && finding.confidence < rules.low_confidence;
            }),
      rules, Severity::warning, "low-confidence",
      [](const auto& finding) {
        return fmt::format("{} was found with low confidence ({}): check its outline.", the(finding),
                           format_percent(100 * finding.confidence, 0));
      },
      "were found with low confidence, so that their outlines need a look");
  raise(
      findings, those(findings, is_implausible), rules, Severity::warning, "implausible-volume",
      [](const auto& finding) {
        return fmt::format("{} measures {} ml, outside of {} to {} ml: disease, or an error of the segmentation. Check its outline.",
                           the(finding), format_ml(finding.volume_ml), format_ml(finding.label.volume_ml_low),
                           format_ml(finding.label.volume_ml_high));
      },
      "have a volume outside of what is plausible: disease, or an error of the segmentation");
}

void judge_study(Findings& findings, const QualityRules& rules) {
  const double intracranial = sum_ml(findings, intracranial_volume);
  if (intracranial > 0 && (intracranial < rules.intracranial_low_ml || intracranial > rules.intracranial_high_ml))
    findings.flags.push_back(
        {Severity::warning,
         fmt::format("The intracranial volume of {} ml is outside of {:.0f} to {:.0f} ml: part of the head may be missing, or the "
                     "segmentation failed; every share of it is then wrong.",
                     format_ml(intracranial), rules.intracranial_low_ml, rules.intracranial_high_ml),
         "", "intracranial-volume"});
  const auto& spacing = findings.used.geometry.spacing_mm;
  const double thickest = *std::ranges::max_element(spacing), finest = *std::ranges::min_element(spacing);
  if (thickest >= rules.thick_slices_mm && thickest >= rules.anisotropy_worth_a_note * finest) {
    const bool very = thickest >= rules.very_thick_slices_mm;
    findings.flags.push_back({very ? Severity::warning : Severity::note,
                              fmt::format("Slices are {} mm apart: volumes of small structures{} are uncertain.",
                                          format_number(thickest, 1), very ? " and of thin parts" : ""),
                              "", "thick-slices"});
  }
  for (const std::string& warning : findings.used.warnings)
    findings.flags.push_back({Severity::warning, "Geometry of the series: " + warning + ".", "", "geometry"});
}

}  // namespace

void judge_quality(Findings& findings, const QualityRules& rules) {
  judge_study(findings, rules);
  judge_structures(findings, rules);
}

}  // namespace isocenter::reports
