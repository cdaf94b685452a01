#include "measures/evaluate_segmentation.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "measures/grid_check.h"

namespace isocenter::measures {
namespace fs = std::filesystem;
using core::InputError;
namespace {

std::string bare_name(const fs::path& path) {
  std::string name = path.filename().string();
  for (const char* extension : {".nii.gz", ".hdr.gz", ".seg.nrrd"})
    if (name.size() > std::string(extension).size() && name.ends_with(extension))
      return name.substr(0, name.size() - std::string(extension).size());
  return path.stem().string();
}

std::map<std::string, fs::path> files_by_name(const fs::path& folder, const std::function<bool(const fs::path&)>& accepts) {
  std::map<std::string, fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().filename().string().starts_with('.') || !accepts(entry.path())) continue;
    // The two halves of a pair are one file.
    if (entry.path().extension() == ".img" && fs::exists(fs::path(entry.path()).replace_extension(".hdr"))) continue;
    const auto [found, is_new] = files.emplace(bare_name(entry.path()), entry.path());
    if (!is_new)
      throw InputError("{}: '{}' and '{}' bear the same name; keep one of them", folder.string(), found->second.filename().string(),
                       entry.path().filename().string());
  }
  if (files.empty()) throw InputError("{}: holds no label maps", folder.string());
  return files;
}

// "a, b, c and 4 more"
std::string some_of(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < 3; ++i) list += (i == 0 ? "" : ", ") + names[i];
  return names.size() > 3 ? fmt::format("{} and {} more", list, names.size() - 3) : list;
}

void check_sides(const std::map<std::uint16_t, LabelCounts>& totals) {
  std::vector<std::string> predicted, referenced;
  for (const auto& [label, counts] : totals) {
    if (counts.reference == 0) predicted.push_back(std::to_string(label));
    if (counts.prediction == 0) referenced.push_back(std::to_string(label));
  }
  if (!predicted.empty())
    throw InputError("labels occur in the predictions only: {}; give the labels to compare, or allow labels on one side",
                     some_of(predicted));
  if (!referenced.empty())
    throw InputError("labels occur in the references only: {}; give the labels to compare, or allow labels on one side",
                     some_of(referenced));
}

std::optional<Interval> interval_of(const std::vector<double>& values, const BootstrapOptions& options) {
  if (values.empty()) return std::nullopt;
  return bootstrap_mean(values, options);
}

std::string cell(const std::optional<double>& value, const char* format) { return value ? fmt::format(fmt::runtime(format), *value) : ""; }

}  // namespace

std::vector<FilePair> pair_files(const fs::path& prediction, const fs::path& reference,
                                 const std::function<bool(const fs::path&)>& accepts) {
  for (const fs::path& path : {prediction, reference})
    if (!fs::exists(path)) throw InputError("{}: no such file or folder", path.string());
  const bool folders = fs::is_directory(prediction);
  if (folders != fs::is_directory(reference))
    throw InputError("{} is a {} and {} is a {}; give two files or two folders", prediction.string(), folders ? "folder" : "file",
                     reference.string(), folders ? "file" : "folder");
  if (!folders) return {{bare_name(reference), prediction, reference}};

  const auto predictions = files_by_name(prediction, accepts), references = files_by_name(reference, accepts);
  std::vector<FilePair> pairs;
  std::vector<std::string> alone;
  for (const auto& [name, path] : references) {
    if (const auto found = predictions.find(name); found != predictions.end())
      pairs.push_back({name, found->second, path});
    else
      alone.push_back(name);
  }
  if (!alone.empty())
    throw InputError("{}: no prediction for {} of {} references: {}", prediction.string(), alone.size(), references.size(), some_of(alone));
  for (const auto& [name, path] : predictions)
    if (!references.contains(name)) alone.push_back(name);
  if (!alone.empty())
    throw InputError("{}: no reference for {} of {} predictions: {}", reference.string(), alone.size(), predictions.size(), some_of(alone));
  return pairs;
}

SegmentationEvaluation evaluate_segmentation(const std::vector<FilePair>& pairs, const LabelMapReader& read,
                                             const SegmentationEvaluationOptions& options, const core::Progress& progress) {
  if (pairs.empty()) throw InputError("there is nothing to evaluate");
  struct Counted {
    std::map<std::uint16_t, LabelCounts> counts;
    double voxel_ml = 0;
  };
  std::vector<Counted> counted;
  std::map<std::uint16_t, LabelCounts> totals;
  for (const FilePair& pair : pairs) {
    const std::string what = "comparing " + pair.name;
    progress({what, static_cast<double>(counted.size()) / static_cast<double>(pairs.size())});
    const imaging::LabelMap prediction = read(pair.prediction), reference = read(pair.reference);
    require_same_grid(prediction.geometry, reference.geometry, pair.prediction.string(), pair.reference.string());
    Counted item{count_labels(prediction, reference), reference.geometry.voxel_volume_mm3() / 1000};
    if (!options.labels.empty())
      std::erase_if(item.counts, [&](const auto& entry) {
        return std::find(options.labels.begin(), options.labels.end(), entry.first) == options.labels.end();
      });
    for (const auto& [label, counts] : item.counts) {
      totals[label].prediction += counts.prediction;
      totals[label].reference += counts.reference;
    }
    counted.push_back(std::move(item));
  }
  if (totals.empty()) throw InputError("no label occurs in any of the {} cases; all maps are empty", pairs.size());
  if (!options.allow_labels_on_one_side && options.labels.empty()) check_sides(totals);

  SegmentationEvaluation evaluation;
  std::map<std::uint16_t, std::vector<double>> dices, errors;
  std::vector<double> means;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    CaseScore score{pairs[i].name, {}, std::nullopt};
    double sum = 0;
    std::int64_t count = 0;
    for (const auto& [label, total] : totals) {
      LabelScore one;
      one.label = label;
      if (const auto found = counted[i].counts.find(label); found != counted[i].counts.end()) one.counts = found->second;
      one.dice = dice(one.counts);
      one.prediction_ml = static_cast<double>(one.counts.prediction) * counted[i].voxel_ml;
      one.reference_ml = static_cast<double>(one.counts.reference) * counted[i].voxel_ml;
      if (const auto error = relative_volume_error(one.counts)) {
        one.volume_error_percent = 100 * *error;
        errors[label].push_back(100 * *error);
      }
      if (one.dice) {
        dices[label].push_back(*one.dice);
        sum += *one.dice;
        ++count;
      }
      score.labels.push_back(one);
    }
    if (count > 0) {
      score.mean_dice = sum / static_cast<double>(count);
      means.push_back(*score.mean_dice);
    }
    evaluation.cases.push_back(std::move(score));
  }
  for (const auto& [label, total] : totals)
    evaluation.labels.push_back({label, static_cast<std::int64_t>(dices[label].size()), interval_of(dices[label], options.bootstrap),
                                 interval_of(errors[label], options.bootstrap)});
  evaluation.mean_dice = interval_of(means, options.bootstrap);
  return evaluation;
}

TextTable case_table(const SegmentationEvaluation& evaluation) {
  TextTable table{{"case", "label", "dice", "prediction_ml", "reference_ml", "volume_error_percent"}, {}};
  for (const CaseScore& item : evaluation.cases)
    for (const LabelScore& score : item.labels)
      table.rows.push_back({item.name, std::to_string(score.label), cell(score.dice, "{:.6f}"), fmt::format("{:.4f}", score.prediction_ml),
                            fmt::format("{:.4f}", score.reference_ml), cell(score.volume_error_percent, "{:.3f}")});
  return table;
}

TextTable label_table(const SegmentationEvaluation& evaluation) {
  TextTable table{{"label", "cases", "dice", "dice_low", "dice_high", "volume_error_percent", "volume_error_low", "volume_error_high"}, {}};
  auto add = [&](std::vector<std::string> row, const std::optional<Interval>& interval, const char* format) {
    for (double value : interval ? std::vector<double>{interval->estimate, interval->low, interval->high} : std::vector<double>{})
      row.push_back(cell(value, format));
    if (!interval) row.insert(row.end(), 3, "");
    return row;
  };
  for (const LabelSummary& label : evaluation.labels)
    table.rows.push_back(
        add(add({std::to_string(label.label), std::to_string(label.cases)}, label.dice, "{:.4f}"), label.volume_error_percent, "{:.2f}"));
  table.rows.push_back(add(add({"mean", std::to_string(evaluation.cases.size())}, evaluation.mean_dice, "{:.4f}"), std::nullopt, ""));
  return table;
}

std::string format_table(const TextTable& table) {
  std::vector<std::size_t> widths;
  for (const std::string& name : table.columns) widths.push_back(name.size());
  for (const auto& row : table.rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += (i == 0 ? fmt::format("{:<{}}", row[i], widths[i]) : fmt::format("  {:>{}}", row[i], widths[i]));
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  };
  add(table.columns);
  for (const auto& row : table.rows) add(row);
  return text;
}

}  // namespace isocenter::measures
