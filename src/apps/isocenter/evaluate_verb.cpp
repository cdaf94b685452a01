#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/command_line/program.h"
#include "apps/isocenter/verbs.h"
#include "core/error.h"
#include "core/file.h"
#include "formats/volume/table.h"
#include "formats/volume/volume_file.h"
#include "imaging/resample.h"
#include "measures/evaluate_segmentation.h"
#include "measures/relabel.h"

namespace isocenter::apps {
namespace {

using nlohmann::ordered_json;
namespace fs = std::filesystem;

std::optional<measures::Relabelling> relabelling(const Arguments& arguments, const std::string& option) {
  const auto path = arguments.path(option);
  if (!path) return std::nullopt;
  const auto table = formats::read_csv(*path);
  const auto from = table.column("from"), to = table.column("to");
  measures::Relabelling map;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const double a = table.number(row, from), b = table.number(row, to);
    if (a < 0 || b < 0 || a > 65535 || b > 65535 || a != std::floor(a) || b != std::floor(b))
      throw core::InputError("{}: row {}: labels are whole numbers from 0 to 65535", path->string(), row + 2);
    map[static_cast<std::uint16_t>(a)] = static_cast<std::uint16_t>(b);
  }
  return map;
}

ordered_json interval_json(const std::optional<measures::Interval>& interval) {
  if (!interval) return nullptr;
  return {{"estimate", interval->estimate}, {"low", interval->low}, {"high", interval->high}};
}

ordered_json evaluation_json(const measures::SegmentationEvaluation& evaluation) {
  ordered_json labels = ordered_json::array(), cases = ordered_json::array();
  for (const auto& label : evaluation.labels)
    labels.push_back({{"label", label.label},
                      {"cases", label.cases},
                      {"dice", interval_json(label.dice)},
                      {"volume_error_percent", interval_json(label.volume_error_percent)}});
  for (const auto& one : evaluation.cases) {
    ordered_json scores = ordered_json::array();
    for (const auto& score : one.labels)
      scores.push_back({{"label", score.label},
                        {"dice", score.dice ? ordered_json(*score.dice) : ordered_json(nullptr)},
                        {"prediction_ml", score.prediction_ml},
                        {"reference_ml", score.reference_ml}});
    cases.push_back(
        {{"name", one.name}, {"mean_dice", one.mean_dice ? ordered_json(*one.mean_dice) : ordered_json(nullptr)}, {"labels", scores}});
  }
  return {{"mean_dice", interval_json(evaluation.mean_dice)}, {"labels", labels}, {"cases", cases}};
}

int run(const Arguments& arguments) {
  const fs::path prediction = *arguments.path("--prediction"), reference = *arguments.path("--reference");
  for (const auto& path : {prediction, reference})
    if (!fs::exists(path)) throw core::InputError("{}: no such file or folder", path.string());
  const auto pairs = measures::pair_files(prediction, reference, formats::is_volume_file);
  const auto prediction_map = relabelling(arguments, "--prediction-labels"), reference_map = relabelling(arguments, "--reference-labels");
  std::map<fs::path, fs::path> prediction_of, reference_of;
  for (const auto& pair : pairs) {
    prediction_of[pair.reference] = pair.prediction;
    reference_of[pair.prediction] = pair.reference;
  }

  const auto read = [&](const fs::path& file) {
    auto labels = formats::read_label_map(file);
    const auto partner = prediction_of.find(file);
    const bool is_reference = partner != prediction_of.end();
    if (is_reference && (arguments.flag("--resample") || arguments.flag("--unnamed-regions"))) {
      auto predicted = formats::read_label_map(partner->second);
      if (arguments.flag("--resample")) labels = imaging::resample_labels(labels, predicted.geometry);
      if (arguments.flag("--unnamed-regions")) {
        if (prediction_map) measures::relabel(predicted, *prediction_map, true);
        measures::relabel(labels, measures::assign_regions(predicted, labels), true);
      }
    }
    const auto& map = is_reference ? reference_map : prediction_map;
    if (map) measures::relabel(labels, *map, true);
    return labels;
  };
  measures::SegmentationEvaluationOptions options;
  options.allow_labels_on_one_side = arguments.flag("--allow-missing");
  options.bootstrap.resamples = static_cast<int>(arguments.integer("--resamples", 100, 1'000'000));
  options.bootstrap.seed = static_cast<std::uint64_t>(arguments.integer("--seed", 0, 1'000'000'000));
  const auto evaluation = measures::evaluate_segmentation(pairs, read, options, arguments.progress());
  const auto by_label = measures::label_table(evaluation);

  if (const auto output = arguments.path("--output")) {
    const auto by_case = measures::case_table(evaluation);
    core::write_folder(*output, [&](const fs::path& folder) {
      formats::write_csv(folder / "cases.csv", {by_case.columns, by_case.rows});
      formats::write_csv(folder / "labels.csv", {by_label.columns, by_label.rows});
      core::write_text(folder / "evaluation.json", evaluation_json(evaluation).dump(2) + "\n");
    });
  }
  print_line(arguments.json() ? evaluation_json(evaluation).dump(2) : measures::format_table(by_label));
  return 0;
}

}  // namespace

Verb evaluate_verb() {
  return {"evaluate",
          "label maps against references: Dice and volume errors with intervals",
          "Pairs the label maps of two folders by name (or two files), and gives Dice and volume error for each label: the mean over cases "
          "with a bootstrap "
          "interval. --output also writes cases.csv, labels.csv and evaluation.json.",
          {},
          {{"--prediction", "DIR", "label maps to judge, a folder or a file", "", {}, true},
           {"--reference", "DIR", "label maps to judge them by", "", {}, true},
           {"--output", "DIR", "folder for the tables", "", {}, false, "-o"},
           {"--prediction-labels", "CSV", "columns from, to: the predictions' labels in other numbers; labels not named become background"},
           {"--reference-labels", "CSV", "the same for the references"},
           {"--resample", "", "bring each reference to its prediction's grid (nearest) when they differ"},
           {"--unnamed-regions", "",
            "the reference is a partition without names: each of its regions counts as the label that covers most of it (optimistic)"},
           {"--allow-missing", "", "a label that occurs on one side only counts as missed instead of being refused"},
           {"--resamples", "N", "bootstrap resamples", "10000"},
           {"--seed", "N", "of the bootstrap", "1"}},
          {{"isocenter evaluate --prediction predicted/ --reference labels/ --output evaluation/", "two folders with the same file names"}},
          run};
}

}  // namespace isocenter::apps
