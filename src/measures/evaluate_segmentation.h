// A folder of predicted label maps against a folder of references: Dice and volume error per case and label, and what they are on average.
//
//   auto cases = pair_files(prediction_folder, reference_folder, formats::is_volume_file);
//   auto evaluation = evaluate_segmentation(cases, formats::read_label_map);
//   formats::write_csv(path, {case_table(evaluation).columns, case_table(evaluation).rows});
//
// Files are read by the function the caller gives, so that this room needs no file format. Throws core::InputError for empty folders, names
// without a partner, the same name twice, grids that differ, labels that occur on one side only.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "imaging/image.h"
#include "measures/bootstrap.h"
#include "measures/overlap.h"

namespace isocenter::measures {

struct FilePair {
  std::string name;  // the file name without its extensions
  std::filesystem::path prediction, reference;
};

// Two files are one pair whatever their names; two folders are paired by name, extensions left out. `accepts` says which files count.
std::vector<FilePair> pair_files(const std::filesystem::path& prediction, const std::filesystem::path& reference,
                                 const std::function<bool(const std::filesystem::path&)>& accepts);

struct LabelScore {
  std::uint16_t label = 0;
  LabelCounts counts;
  std::optional<double> dice;  // nothing when absent on both sides
  double prediction_ml = 0, reference_ml = 0;
  std::optional<double> volume_error_percent;  // signed, of the reference; nothing when that is empty
};

struct CaseScore {
  std::string name;
  std::vector<LabelScore> labels;   // every label of the whole set, in ascending order
  std::optional<double> mean_dice;  // over the labels that have one
};

struct LabelSummary {
  std::uint16_t label = 0;
  std::int64_t cases = 0;        // those with a Dice
  std::optional<Interval> dice;  // mean over cases, bootstrap interval over cases
  std::optional<Interval> volume_error_percent;
};

struct SegmentationEvaluation {
  std::vector<CaseScore> cases;
  std::vector<LabelSummary> labels;
  std::optional<Interval> mean_dice;  // mean over cases of each case's mean over labels
};

struct SegmentationEvaluationOptions {
  std::vector<std::uint16_t> labels;      // only these; empty: all that occur
  bool allow_labels_on_one_side = false;  // a label that no reference (or no prediction) holds counts as missed instead of as a mistake
  BootstrapOptions bootstrap;
};

using LabelMapReader = std::function<imaging::LabelMap(const std::filesystem::path&)>;

SegmentationEvaluation evaluate_segmentation(const std::vector<FilePair>& pairs, const LabelMapReader& read,
                                             const SegmentationEvaluationOptions& options = {},
                                             const core::Progress& progress = core::no_progress());

// Plain text cells, for CSV and for the terminal.
struct TextTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};
TextTable case_table(const SegmentationEvaluation& evaluation);   // one row a case and label
TextTable label_table(const SegmentationEvaluation& evaluation);  // one row a label, and "mean"
std::string format_table(const TextTable& table);                 // columns lined up

}  // namespace isocenter::measures
