#include <nlohmann/json.hpp>

#include "apps/command_line/program.h"
#include "apps/isocenter/verbs.h"
#include "core/error.h"
#include "formats/dicom/series.h"
#include "formats/volume/describe.h"
#include "graph/graph.h"
#include "graph/onnx.h"
#include "models/package.h"

namespace isocenter::apps {
namespace {

using nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string spacing_text(const imaging::Geometry& geometry) {
  return fmt::format("{} x {} x {} voxels of {:.4g} x {:.4g} x {:.4g} mm", geometry.size[0], geometry.size[1], geometry.size[2],
                     geometry.spacing_mm[0], geometry.spacing_mm[1], geometry.spacing_mm[2]);
}

ordered_json geometry_json(const imaging::Geometry& geometry) {
  return {{"size", geometry.size},
          {"spacing_mm", geometry.spacing_mm},
          {"origin_lps_mm", geometry.origin_lps_mm},
          {"direction", geometry.direction},
          {"orientation", imaging::orientation_code(geometry)}};
}

int describe_volume(const Arguments& arguments, const fs::path& path) {
  const auto found = formats::describe_file(path);
  const auto& header = found.header;
  if (arguments.json()) {
    print_line(ordered_json{{"kind", "volume"},
                            {"format", header.format},
                            {"voxel_type", header.voxel_type},
                            {"channels", header.channels},
                            {"geometry", geometry_json(header.geometry)},
                            {"minimum", found.minimum},
                            {"maximum", found.maximum},
                            {"mean", found.mean},
                            {"not_finite", found.not_finite},
                            {"text", header.text}}
                   .dump(2));
    return 0;
  }
  print_line(fmt::format("{}, {}, {} channel{}", header.format, header.voxel_type, header.channels, header.channels == 1 ? "" : "s"));
  print_line(spacing_text(header.geometry));
  print_line(fmt::format("orientation {}{}, origin {:.4g}, {:.4g}, {:.4g} mm (LPS)", found.orientation,
                         found.orientation_known ? "" : " (not stated)", header.geometry.origin_lps_mm[0], header.geometry.origin_lps_mm[1],
                         header.geometry.origin_lps_mm[2]));
  print_line(fmt::format("values {:.6g} to {:.6g}, mean {:.6g}{}", found.minimum, found.maximum, found.mean,
                         found.not_finite ? fmt::format(", {} not finite", found.not_finite) : ""));
  for (const auto& [key, value] : header.text) print_line(key + ": " + value);
  return 0;
}

int describe_study(const Arguments& arguments, const fs::path& path) {
  const auto folder = formats::find_series({path}, arguments.progress());
  if (folder.series.empty()) {
    if (!folder.damaged.empty()) throw core::InputError("{}: {}", folder.damaged[0].first.string(), folder.damaged[0].second);
    throw core::InputError("{}: nothing that isocenter reads", path.string());
  }
  ordered_json rows = ordered_json::array(), damaged = ordered_json::array();
  for (const auto& series : folder.series) {
    ordered_json row = {{"patient", series.patient.id},   {"study_uid", series.study.uid},    {"uid", series.uid},
                        {"number", series.number},        {"modality", series.modality},      {"description", series.description},
                        {"slices", series.slices.size()}, {"usable", series.refusal.empty()}, {"refusal", series.refusal},
                        {"warnings", series.warnings}};
    if (series.refusal.empty()) row["geometry"] = geometry_json(series.geometry);
    rows.push_back(row);
    if (arguments.json()) continue;
    print_line(fmt::format("{} series {} '{}', patient {}, {} slices", series.modality, series.number, series.description,
                           series.patient.id, series.slices.size()));
    print_line("  " + (series.refusal.empty() ? spacing_text(series.geometry) : "no volume: " + series.refusal));
    for (const auto& warning : series.warnings) print_line("  note: " + warning);
  }
  for (const auto& [file, reason] : folder.damaged) {
    damaged.push_back({{"file", file.string()}, {"reason", reason}});
    if (!arguments.json()) print_line(fmt::format("damaged: {}: {}", file.string(), reason));
  }
  if (arguments.json())
    print_line(ordered_json{{"kind", "study"}, {"series", rows}, {"damaged", damaged}, {"other_files", folder.other_files.size()}}.dump(2));
  else if (!folder.other_files.empty())
    print_line(fmt::format("{} files that are not DICOM", folder.other_files.size()));
  return 0;
}

int describe_network(const Arguments& arguments, const graph::Graph& graph) {
  std::int64_t parameters = 0;
  for (const auto& [name, constant] : graph.constants) parameters += graph::element_count(constant.shape);
  std::map<std::string, int> operators;
  for (const auto& node : graph.nodes) ++operators[node.op];
  const auto values = [](const std::vector<graph::Value>& list) {
    ordered_json rows = ordered_json::array();
    for (const auto& value : list) rows.push_back({{"name", value.name}, {"type", graph::name_of(value.type)}, {"shape", value.shape}});
    return rows;
  };
  if (arguments.json()) {
    print_line(ordered_json{{"kind", "network"},
                            {"name", graph.name},
                            {"inputs", values(graph.inputs)},
                            {"outputs", values(graph.outputs)},
                            {"nodes", graph.nodes.size()},
                            {"parameters", parameters},
                            {"operators", operators}}
                   .dump(2));
    return 0;
  }
  print_line(fmt::format("network '{}': {} nodes, {} parameters", graph.name, graph.nodes.size(), parameters));
  for (const auto& [op, count] : operators) print_line(fmt::format("  {:>5} {}", count, op));
  return 0;
}

int run(const Arguments& arguments) {
  const fs::path path = *arguments.path("PATH");
  if (!fs::exists(path)) throw core::InputError("{}: no such file or folder", path.string());
  if (fs::is_directory(path) && fs::exists(path / "model.toml")) return describe_network(arguments, models::read_package(path).graph);
  if (fs::is_regular_file(path) && path.extension() == ".onnx") return describe_network(arguments, graph::read_onnx(path));
  if (fs::is_regular_file(path) && formats::is_volume_file(path)) return describe_volume(arguments, path);
  return describe_study(arguments, path);
}

}  // namespace

Verb info_verb() {
  return {"info",
          "what is in a file or folder",
          "Describes a volume file (format, grid, values), a DICOM folder (its series, and for each whether a volume can be made of it or "
          "why not), an ONNX "
          "network or a model package.",
          {{"PATH", "file or folder"}},
          {},
          {{"isocenter info study/", "the series of a study"}, {"isocenter info t1.nii.gz", "grid and values of a volume"}},
          run};
}

}  // namespace isocenter::apps
