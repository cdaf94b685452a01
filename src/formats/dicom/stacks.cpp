#include "formats/dicom/stacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "formats/dicom/vectors.h"

namespace isocenter::formats {
namespace {

// Images nearer than this along the normal stand at the same position.
constexpr double same_position_mm = 0.01;

bool close(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

// Why two slices cannot share a grid, or an empty string.
std::string difference(const SliceHeader& a, const SliceHeader& b) {
  if (a.patient_id != b.patient_id || a.patient_name != b.patient_name) return "patient";
  if (a.frame_of_reference_uid != b.frame_of_reference_uid) return "frame of reference";
  if (a.rows != b.rows || a.columns != b.columns) return "image size";
  if (a.orientation.has_value() != b.orientation.has_value() || a.position_lps_mm.has_value() != b.position_lps_mm.has_value())
    return "position or orientation (one has none)";
  if (a.orientation) {
    for (std::size_t at = 0; at < 6; ++at)
      if (!close((*a.orientation)[at], (*b.orientation)[at], 1e-3)) return "orientation";
  }
  if (a.pixel_spacing_mm.has_value() != b.pixel_spacing_mm.has_value()) return "pixel spacing";
  if (a.pixel_spacing_mm) {
    for (std::size_t at = 0; at < 2; ++at)
      if (!close((*a.pixel_spacing_mm)[at], (*b.pixel_spacing_mm)[at], 1e-3 * (*a.pixel_spacing_mm)[at])) return "pixel spacing";
  }
  return "";
}

using Slices = std::vector<SliceHeader>;

// Slices by position along the normal.
std::vector<std::vector<std::size_t>> positions_of(const Slices& slices) {
  const auto& cosines = *slices.front().orientation;
  const auto normal = cross({cosines[0], cosines[1], cosines[2]}, {cosines[3], cosines[4], cosines[5]});
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t at = 0; at < slices.size(); ++at) order.emplace_back(dot(*slices[at].position_lps_mm, normal), at);
  std::sort(order.begin(), order.end());
  std::vector<std::vector<std::size_t>> positions;
  double last = 0;
  for (const auto& [position, at] : order) {
    if (positions.empty() || position - last > same_position_mm) positions.emplace_back();
    positions.back().push_back(at);
    last = position;
  }
  return positions;
}

struct Part {
  Slices slices;
  std::vector<std::string> told_apart;
  std::string refusal;
  std::vector<std::string> warnings;
};

std::size_t most_at_one_position(const std::vector<std::vector<std::size_t>>& positions) {
  std::size_t most = 0;
  for (const auto& at : positions) most = std::max(most, at.size());
  return most;
}

// Divided by one distinction, when that explains why positions repeat: no more values than images at a position, and each value covers at
// least half of the positions. (Times that differ from slice to slice, and a single stray image, explain nothing.)
std::vector<Part> divided_by(const Slices& slices, std::size_t distinction, std::size_t repeats, std::size_t position_count) {
  std::map<std::string, Slices> values;
  for (const auto& slice : slices) values[slice.distinction[distinction]].push_back(slice);
  if (values.size() < 2 || values.size() > repeats) return {};
  std::vector<Part> parts;
  for (auto& [value, members] : values) {
    const auto positions = positions_of(members);
    if (2 * positions.size() < position_count || most_at_one_position(positions) >= repeats) return {};
    parts.push_back({std::move(members), {fmt::format("{} {}", distinctions[distinction], value.empty() ? "not stated" : value)}, "", {}});
  }
  return parts;
}

std::string name_of(const SliceHeader& slice) { return slice.source.file.filename().string(); }

// Until each position occurs once in each part.
std::vector<Part> divide(Slices slices) {
  const auto positions = positions_of(slices);
  const std::size_t repeats = most_at_one_position(positions);
  if (repeats == 1) return {{std::move(slices), {}, "", {}}};
  for (std::size_t distinction = 0; distinction < distinctions.size(); ++distinction) {
    auto parts = divided_by(slices, distinction, repeats, positions.size());
    if (parts.empty()) continue;
    std::vector<Part> all;
    std::size_t fullest = 0;
    for (auto& part : parts) {
      for (auto& smaller : divide(std::move(part.slices))) {
        smaller.told_apart.insert(smaller.told_apart.begin(), part.told_apart.begin(), part.told_apart.end());
        fullest = std::max(fullest, positions_of(smaller.slices).size());
        all.push_back(std::move(smaller));
      }
    }
    for (auto& part : all) {
      const auto covered = positions_of(part.slices).size();
      if (covered < fullest && part.refusal.empty())
        part.refusal = fmt::format("incomplete: {} of the {} positions that its siblings cover", covered, fullest);
    }
    return all;
  }

  // Nothing in the headers tells them apart; when every position occurs equally often, the instance numbers do.
  const bool evenly = std::all_of(positions.begin(), positions.end(), [&](const auto& at) { return at.size() == repeats; });
  std::set<std::int64_t> numbers;
  for (const auto& slice : slices)
    if (slice.instance_number) numbers.insert(*slice.instance_number);
  if (evenly && positions.size() > 1 && numbers.size() == slices.size()) {
    std::vector<Part> parts(repeats);
    for (auto at : positions) {
      std::sort(at.begin(), at.end(), [&](auto a, auto b) { return slices[a].instance_number < slices[b].instance_number; });
      for (std::size_t rank = 0; rank < repeats; ++rank) parts[rank].slices.push_back(slices[at[rank]]);
    }
    for (std::size_t rank = 0; rank < repeats; ++rank) {
      parts[rank].told_apart = {fmt::format("volume {} of {}", rank + 1, repeats)};
      parts[rank].warnings = {fmt::format("{} images at each position, told apart by their instance numbers alone", repeats)};
    }
    return parts;
  }
  const auto twice = std::find_if(positions.begin(), positions.end(), [](const auto& at) { return at.size() > 1; });
  Part part{std::move(slices), {}, "", {}};
  if (evenly) {
    part.refusal = fmt::format("{} images at each position, and nothing in their headers tells them apart", repeats);
  } else {
    const auto least =
        std::min_element(positions.begin(), positions.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    part.refusal = fmt::format("{} images at one position ({} and {}), {} at another: which belong together is not clear", twice->size(),
                               name_of(part.slices[(*twice)[0]]), name_of(part.slices[(*twice)[1]]), least->size());
  }
  return {part};
}

}  // namespace

std::vector<Stack> build_stacks(Slices slices) {
  std::sort(slices.begin(), slices.end(),
            [](const auto& a, const auto& b) { return std::tie(a.source.file, a.source.frame) < std::tie(b.source.file, b.source.frame); });
  std::vector<Slices> grids;
  for (auto& slice : slices) {
    const auto home = std::find_if(grids.begin(), grids.end(), [&](const auto& grid) { return difference(grid.front(), slice).empty(); });
    if (home == grids.end())
      grids.push_back({std::move(slice)});
    else
      home->push_back(std::move(slice));
  }
  std::stable_sort(grids.begin(), grids.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });

  if (grids.empty()) return {};
  const SliceHeader main = grids.front().front();
  const std::size_t largest = grids.front().size();
  std::string refusal_of_all;
  std::size_t orientations = 1;
  for (const auto& grid : grids) {
    const auto apart = difference(main, grid.front());
    if (apart == "patient")
      refusal_of_all = fmt::format("images of more than one patient in one series ({} and {})", name_of(main), name_of(grid.front()));
    if (apart == "orientation") ++orientations;
  }
  if (refusal_of_all.empty() && orientations > 1 && largest < 4)
    refusal_of_all = fmt::format("localizer: {} orientations in one series", orientations);

  std::vector<Stack> stacks;
  std::vector<std::string> set_aside;
  for (auto& grid : grids) {
    std::string refusal = refusal_of_all;
    if (refusal.empty() && &grid != &grids.front() && grid.size() < 3 && largest >= 4) {
      const auto apart = difference(main, grid.front());
      refusal = fmt::format("set aside: another {} than the {} other images of its series", apart, largest);
      set_aside.push_back(
          fmt::format("{} image{} set aside: another {} ({})", grid.size(), grid.size() > 1 ? "s" : "", apart, name_of(grid.front())));
    }
    const bool placed = grid.front().orientation && grid.front().position_lps_mm;
    std::vector<Part> parts;
    if (placed && refusal.empty())
      parts = divide(std::move(grid));
    else
      parts.push_back({std::move(grid), {}, refusal, {}});
    for (auto& part : parts) {
      auto stack = judge_stack(std::move(part.slices));
      if (!part.refusal.empty()) stack.refusal = part.refusal;
      stack.warnings.insert(stack.warnings.end(), part.warnings.begin(), part.warnings.end());
      stack.told_apart = part.told_apart;
      stacks.push_back(std::move(stack));
    }
  }
  for (auto& stack : stacks) {
    if (stack.slices.size() < 4) continue;
    if (stack.refusal.empty())
      stack.warnings.insert(stack.warnings.end(), set_aside.begin(), set_aside.end());
    else if (refusal_of_all.empty())
      for (const auto& apart : set_aside) stack.refusal += "; " + apart;
  }
  return stacks;
}

}  // namespace isocenter::formats
