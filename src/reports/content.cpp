#include "reports/content.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "reports/text.h"

namespace isocenter::reports {
namespace {

constexpr std::size_t most_key_figures = 6;

// The structures that are asked for first when a head is measured; they become key figures when the model measures them.
constexpr std::array key_structures = {"hippocampus", "lateral ventricle", "cerebral cortex", "cerebral white matter", "thalamus"};

void add(std::vector<Fact>& facts, const std::string& label, const std::string& value) {
  if (!value.empty()) facts.push_back({printable(label), printable(value)});
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += between;
    text += part;
  }
  return text;
}

std::optional<double> change_percent(double now, std::optional<double> before) {
  if (!before || *before <= 0) return std::nullopt;
  return 100 * (now - *before) / *before;
}

std::vector<Fact> patient_facts(const Findings& findings) {
  std::vector<Fact> facts;
  const formats::Patient& patient = findings.patient;
  add(facts, "Patient", show_person_name(patient.name));
  add(facts, "Patient ID", patient.id);
  add(facts, "Born", show_date(patient.birth_date));
  add(facts, "Sex", show_sex(patient.sex));
  add(facts, "Age", show_age(patient.age));
  const formats::Study& study = findings.study;
  add(facts, "Examined", joined({show_date(study.date), show_time(study.time)}, ", "));
  add(facts, "Study", study.description);
  add(facts, "Accession", study.accession_number);
  add(facts, "Institution", study.institution);
  add(facts, "Referred by", show_person_name(study.referring_physician));
  return facts;
}

std::vector<Fact> acquisition_facts(const Findings& findings) {
  std::vector<Fact> facts;
  add(facts, "Series", joined({findings.used.modality, findings.used.description}, ", "));
  for (const auto& [label, value] : findings.used.acquisition) add(facts, label, value);
  return facts;
}

const StructureFinding* side_of(const Findings& findings, const std::string& structure, models::Side side) {
  for (const StructureFinding& finding : findings.structures)
    if (finding.label.structure == structure && finding.label.side == side && finding.label.measured) return &finding;
  return nullptr;
}

double sum_called(const Findings& findings, const std::string& name) {
  for (const auto& [sum, ml] : findings.sums_ml)
    if (sum == name) return ml;
  return 0;
}

std::string since(const Findings& findings) {
  return findings.prior_date && !findings.prior_date->empty() ? " since " + printable(show_date(*findings.prior_date))
                                                              : " since the prior report";
}

std::vector<KeyFigure> key_figures(const Findings& findings) {
  std::vector<KeyFigure> figures;
  const double intracranial_ml = sum_called(findings, intracranial_volume);
  for (const auto& [name, ml] : findings.sums_ml) {
    KeyFigure figure{capitalized(printable(name)), format_ml(ml), "ml", "", ""};
    if (intracranial_ml > 0 && name != intracranial_volume)
      figure.detail = format_percent(100 * ml / intracranial_ml) + " of intracranial volume";
    const auto before = findings.prior_sums_ml.find(name);
    if (before != findings.prior_sums_ml.end())
      if (const auto change = change_percent(ml, before->second)) figure.change = format_signed_percent(*change) + since(findings);
    figures.push_back(std::move(figure));
  }
  for (const char* structure : key_structures) {
    const StructureFinding* left = side_of(findings, structure, models::Side::left);
    const StructureFinding* right = side_of(findings, structure, models::Side::right);
    if (!left || !right || figures.size() >= most_key_figures) continue;
    const double both = left->volume_ml + right->volume_ml;
    KeyFigure figure{capitalized(structure) + ", both sides", format_ml(both), "ml", "", ""};
    figure.detail = fmt::format("left {}, right {}", format_ml(left->volume_ml), format_ml(right->volume_ml));
    if (left->prior_volume_ml && right->prior_volume_ml)
      if (const auto change = change_percent(both, *left->prior_volume_ml + *right->prior_volume_ml))
        figure.change = format_signed_percent(*change) + since(findings);
    figures.push_back(std::move(figure));
  }
  for (const StructureFinding& finding : findings.structures) {  // of a model that measures none of these: its first structures
    if (!figures.empty() && figures.size() >= 4) break;
    if (!finding.label.measured) continue;
    const bool shown = std::ranges::any_of(key_structures, [&](const char* name) { return finding.label.structure == name; });
    if (!shown) figures.push_back({capitalized(printable(finding.label.name)), format_ml(finding.volume_ml), "ml", "", ""});
  }
  if (figures.size() > most_key_figures) figures.resize(most_key_figures);
  return figures;
}

VolumeCell cell(const StructureFinding& finding) {
  VolumeCell shown{format_ml(finding.volume_ml), "", ""};
  if (finding.share_of_intracranial) {
    const double percent = 100 * *finding.share_of_intracranial;
    shown.share = format_percent(percent, percent < 9.995 ? 2 : 1);
  }
  if (const auto change = change_percent(finding.volume_ml, finding.prior_volume_ml)) shown.change = format_signed_percent(*change);
  return shown;
}

// What the short mark under a structure's name says for a rule; the whole sentence stands in the list of flags.
std::string mark_of(const std::string& rule) {
  if (rule == "cut") return "cut by the field of view";
  if (rule == "low-confidence") return "low confidence";
  if (rule == "implausible-volume") return "implausible volume";
  if (rule == "not-found") return "not found";
  return "flagged";
}

// "left: cut" and "right: cut" to "both sides: cut".
void merge_sides(std::vector<std::string>& marks) {
  const std::string left = "left: ", right = "right: ";
  for (std::string& mark : marks) {
    if (!mark.starts_with(left)) continue;
    const std::string what = mark.substr(left.size());
    const auto partner = std::ranges::find(marks, right + what);
    if (partner == marks.end()) continue;
    mark = "both sides: " + what;
    marks.erase(partner);
    return merge_sides(marks);
  }
}

std::vector<StructureRow> structure_rows(const Findings& findings) {
  std::vector<StructureRow> rows;
  std::map<std::string, std::size_t> row_of;  // by structure
  for (const StructureFinding& finding : findings.structures) {
    const models::Label& label = finding.label;
    if (!label.measured) continue;
    const bool sided = label.side != models::Side::none;
    const std::string key = sided ? label.structure : label.name;
    const auto [place, is_new] = row_of.try_emplace(key, rows.size());
    if (is_new) {
      StructureRow row;
      row.structure = capitalized(printable(key));
      row.color = label.color;
      row.confidence = 1;
      rows.push_back(std::move(row));
    }
    StructureRow& row = rows[place->second];
    (label.side == models::Side::left ? row.left : label.side == models::Side::right ? row.right : row.middle) = cell(finding);
    row.confidence = std::min(row.confidence, finding.confidence);
    for (const QualityFlag& flag : findings.flags) {
      const bool concerned = flag.structure == label.name || std::ranges::find(flag.structures, label.name) != flag.structures.end();
      if (!concerned || flag.severity == Severity::note) continue;
      const char* side = label.side == models::Side::left ? "left: " : label.side == models::Side::right ? "right: " : "";
      row.marks.push_back(side + mark_of(flag.rule));
    }
  }
  for (StructureRow& row : rows) merge_sides(row.marks);
  for (StructureRow& row : rows) row.confidence_text = format_percent(100 * row.confidence, 0);
  for (const Asymmetry& asymmetry : findings.asymmetries) {
    const auto found = row_of.find(asymmetry.structure);
    if (found != row_of.end()) rows[found->second].asymmetry = format_signed_percent(asymmetry.index_percent);
  }
  std::ranges::stable_partition(rows, [](const StructureRow& row) { return row.left || row.right; });
  return rows;
}

std::vector<FlagLine> flag_lines(const Findings& findings) {
  std::vector<FlagLine> lines;
  for (const Severity severity : {Severity::serious, Severity::warning, Severity::note})
    for (const QualityFlag& flag : findings.flags)
      if (flag.severity == severity)
        lines.push_back({severity,
                         severity == Severity::serious   ? "Serious"
                         : severity == Severity::warning ? "Warning"
                                                         : "Note",
                         printable(flag.what)});
  return lines;
}

std::string flag_summary(const Findings& findings) {
  std::array<int, 3> counts{};
  for (const QualityFlag& flag : findings.flags) ++counts[static_cast<int>(flag.severity)];
  if (counts[0] + counts[1] + counts[2] == 0) return "No quality flag was raised.";
  const auto counted = [](int count, const char* word) {
    return count == 0 ? std::string() : fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
  };
  const std::string serious = counts[2] == 0 ? "" : fmt::format("{} serious", counts[2]);
  return joined({serious, counted(counts[1], "warning"), counted(counts[0], "note")}, ", ");
}

std::vector<Fact> manifest_facts(const Manifest& manifest) {
  std::vector<Fact> facts;
  add(facts, "Made", manifest.created);
  add(facts, "Program", manifest.program_version.empty() ? "" : "isocenter " + manifest.program_version);
  add(facts, "Model", joined({manifest.model_name, manifest.model_version}, " "));
  add(facts, "Model licence", manifest.model_license);
  add(facts, "Weights (SHA-256)", manifest.model_sha256);
  add(facts, "Precision", manifest.precision);
  add(facts, "Processor", manifest.processor);
  add(facts, "Threads", std::to_string(manifest.threads));
  if (manifest.peak_memory_mb > 0) add(facts, "Peak memory", fmt::format("{:.0f} MB", manifest.peak_memory_mb));
  std::vector<std::string> steps;
  double total = 0;
  for (const auto& [step, seconds] : manifest.seconds) {
    steps.push_back(fmt::format("{} {:.1f} s", step, seconds));
    total += seconds;
  }
  if (!steps.empty()) add(facts, "Time", fmt::format("{:.1f} s: {}", total, joined(steps, ", ")));
  for (const auto& [setting, value] : manifest.settings) add(facts, capitalized(setting), value);
  return facts;
}

std::string table_note(const Findings& findings, bool has_share) {
  std::string note = "Volumes in ml";
  if (has_share) note += "; % is the share of the intracranial volume";
  note +=
      ". Asymmetry is 200 (L \u2212 R) / (L + R): positive when the left side is larger. Confidence is the mean probability of the winning "
      "class over the structure, of the less certain side; it is not a measured accuracy.";
  if (findings.prior_source)
    note += " Change" + since(findings) + ", in percent; what repeated scans of one person differ by is not taken off.";
  return note;
}

}  // namespace

Content content(const Findings& findings) {
  Content shown;
  shown.title = printable(findings.title);
  const std::string name = show_person_name(findings.patient.name);
  shown.subject = printable(joined({name, findings.patient.id}, ", "));
  if (shown.subject.empty()) shown.subject = printable(findings.used.description);
  shown.examined = printable(show_date(findings.study.date));
  shown.notice = "Research software, not a medical device. Not for clinical use: no diagnosis or treatment may rest on this report.";
  shown.patient = patient_facts(findings);
  shown.acquisition = acquisition_facts(findings);
  shown.key_figures = key_figures(findings);
  const bool has_share =
      std::ranges::any_of(findings.structures, [](const auto& finding) { return finding.share_of_intracranial.has_value(); });
  if (has_share) shown.share_of = intracranial_volume;
  shown.rows = structure_rows(findings);
  if (findings.prior_source) shown.prior_title = printable("Change" + since(findings));
  shown.table_note = table_note(findings, has_share);
  shown.flags = flag_lines(findings);
  shown.flag_summary = flag_summary(findings);
  for (const SeriesLeftAside& series : findings.left_aside)
    shown.left_aside.push_back({printable(joined({series.modality, series.description}, ", ")), printable(series.reason)});
  if (!findings.method.empty()) shown.method.push_back(printable(findings.method));
  for (const std::string& limit : findings.limits) shown.limits.push_back(printable(limit));
  shown.manifest = manifest_facts(findings.manifest);
  for (const auto& [file, what] : findings.files) shown.files.push_back({printable(file), printable(what)});
  return shown;
}

std::vector<LegendEntry> legend_of(const std::vector<Figure>& figures, std::size_t first, std::size_t last) {
  std::vector<LegendEntry> legend;
  for (std::size_t n = first; n < last; ++n)
    for (const LegendEntry& entry : figures[n].legend)
      if (std::ranges::find(legend, entry.name, &LegendEntry::name) == legend.end()) legend.push_back(entry);
  return legend;
}

}  // namespace isocenter::reports
